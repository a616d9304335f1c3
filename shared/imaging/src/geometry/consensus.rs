//! Robust fit: the one transform on which most matches agree.
//!
//! A blob has a size and a direction, so a single match already proposes where
//! everything else must lie. Every match makes a proposal, none is drawn at random: the
//! same pictures always give the same answer. The best proposals are refined to
//! affine maps, and to a homography where the view is tilted.

use std::f32::consts::PI;

use super::matching::{Keypoint, KeypointMatch};
use super::transform::{
    PointPair, Transform, fit_affine, fit_homography, fit_similarity, singular_values,
};

/// Fewest places that must agree; chance brings four together now and then.
const MIN_INLIERS: usize = 5;

/// Side of a place, in working pixels.
const PLACE_SIDE: f64 = 4.0;

/// Fewest places that make a fit of six numbers better than one of four.
const MIN_AFFINE: usize = 7;

/// Fewest places, and share of them gained, that make a homography believable.
const MIN_HOMOGRAPHY: usize = 20;
const HOMOGRAPHY_GAIN: f64 = 1.1;

/// How many proposals are refined.
const MAX_PROPOSALS: usize = 12;

/// Most refined transforms whose pixel agreement is measured.
const MAX_ANSWERS: usize = 3;

/// Error in working pixels that a proposal may make beside its match, and per
/// pixel away from it.
const NEAR_TOLERANCE: f32 = 6.0;
const FAR_TOLERANCE: f32 = 0.25;

/// Tolerances while refining, in working pixels of the coarser picture.
const REFINEMENT_TOLERANCES: [f64; 4] = [16.0, 10.0, 7.0, 5.0];
const FINAL_TOLERANCE: f64 = 4.0;

/// Sizes may differ from the proposal by this factor, directions by this angle.
const SIZE_SLACK: f32 = 1.7;
const ANGLE_SLACK: f32 = 0.6;

/// Largest factor between the two stretches of a believable map, and between
/// the sizes of the two pictures.
const MAX_SQUASH: f64 = 2.3;
const MAX_SCALE: f64 = 12.0;

/// A transform and the matches that agree on it.
#[derive(Clone, Debug)]
pub(crate) struct Consensus {
    pub(crate) transform: Transform,
    pub(crate) inliers: usize,
    /// Where they lie in both working copies; several may lie in one place.
    pub(crate) pairs: Vec<PointPair>,
}

/// The matched pictures' points and which way they are seen.
pub(crate) struct MatchedKeypoints<'a> {
    pub(crate) query: &'a [Keypoint],
    pub(crate) candidate: &'a [Keypoint],
    pub(crate) matches: &'a [KeypointMatch],
    pub(crate) mirrored: bool,
}

/// The best few transforms, the best first.
pub(crate) fn find_consensus(matched: &MatchedKeypoints<'_>, sizes: [f64; 2]) -> Vec<Consensus> {
    let mut proposals: Vec<(usize, usize)> = (0..matched.matches.len())
        .map(|index| (matched.supporters(index).count(), index))
        .filter(|&(count, _)| count >= MIN_INLIERS)
        .collect();
    proposals.sort_by_key(|&(count, index)| (std::cmp::Reverse(count), index));
    let mut agreed: Vec<Consensus> = Vec::new();
    let mut refined = 0;
    for (_, index) in proposals {
        let pair = matched.pair(index);
        let known = agreed
            .iter()
            .any(|known| error(&known.transform, &pair) < REFINEMENT_TOLERANCES[0]);
        if refined >= MAX_PROPOSALS {
            break;
        }
        if known {
            continue;
        }
        refined += 1;
        agreed.extend(matched.refine(index, sizes));
    }
    agreed.sort_by_key(|found| std::cmp::Reverse(found.inliers));
    agreed.truncate(MAX_ANSWERS);
    agreed
}

impl MatchedKeypoints<'_> {
    fn points(&self, index: usize) -> (&Keypoint, &Keypoint) {
        let found = self.matches[index];
        (&self.query[found.query], &self.candidate[found.candidate])
    }

    fn pair(&self, index: usize) -> PointPair {
        let (query, candidate) = self.points(index);
        PointPair {
            from: [f64::from(query.x), f64::from(query.y)],
            to: [f64::from(candidate.x), f64::from(candidate.y)],
        }
    }

    /// The turn and the scale that one match proposes.
    fn proposal(&self, index: usize) -> (f32, f32) {
        let (query, candidate) = self.points(index);
        let seen = if self.mirrored {
            PI - query.angle
        } else {
            query.angle
        };
        (candidate.angle - seen, candidate.size / query.size)
    }

    /// The matches that fit what one match proposes.
    fn supporters(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let (turn, scale) = self.proposal(index);
        let (sin, cos) = (turn.sin() * scale, turn.cos() * scale);
        let (query, candidate) = self.points(index);
        let flip = if self.mirrored { -1.0 } else { 1.0 };
        (0..self.matches.len()).filter(move |&other| {
            let (from, to) = self.points(other);
            let (x, y) = (flip * (from.x - query.x), from.y - query.y);
            let (u, v) = (to.x - candidate.x, to.y - candidate.y);
            let error = (cos * x - sin * y - u).hypot(sin * x + cos * y - v);
            let (other_turn, other_scale) = self.proposal(other);
            let sizes = size_ratio(other_scale, scale);
            error <= NEAR_TOLERANCE * scale.max(1.0) + FAR_TOLERANCE * u.hypot(v)
                && sizes <= SIZE_SLACK
                && angle_between(other_turn, turn) <= ANGLE_SLACK
        })
    }

    /// Fits and collects in turn, each time more narrowly.
    fn refine(&self, index: usize, sizes: [f64; 2]) -> Option<Consensus> {
        let supporters: Vec<PointPair> = self.supporters(index).map(|n| self.pair(n)).collect();
        let seen_alike = self.seen_alike(index);
        let mut transform = self.fit(&supporters)?;
        for tolerance in REFINEMENT_TOLERANCES {
            let pairs = collect_inliers(&seen_alike, &transform, tolerance);
            if count_places(&pairs) < MIN_INLIERS {
                return None;
            }
            transform = self.fit(&pairs)?;
        }
        let kept = collect_inliers(&seen_alike, &transform, FINAL_TOLERANCE);
        let affine = Consensus {
            inliers: count_places(&kept),
            transform,
            pairs: kept,
        };
        if affine.inliers < MIN_INLIERS {
            return None;
        }
        Some(fit_tilted(&affine, &seen_alike, sizes).unwrap_or(affine))
    }

    /// The pairs that turn and scale about as one match does, wherever they are:
    /// a squashed picture does not turn and scale alike everywhere.
    fn seen_alike(&self, index: usize) -> Vec<PointPair> {
        let (turn, scale) = self.proposal(index);
        (0..self.matches.len())
            .filter(|&other| {
                let (other_turn, other_scale) = self.proposal(other);
                angle_between(other_turn, turn) <= 1.5 * ANGLE_SLACK
                    && size_ratio(other_scale, scale) <= 1.5 * SIZE_SLACK
            })
            .map(|other| self.pair(other))
            .collect()
    }

    fn fit(&self, pairs: &[PointPair]) -> Option<Transform> {
        let affine = || fit_affine(pairs).filter(|it| is_plausible(it, self.mirrored));
        let fitted = if count_places(pairs) >= MIN_AFFINE {
            affine()
        } else {
            None
        };
        fitted
            .or_else(|| fit_similarity(pairs, self.mirrored))
            .filter(|it| is_plausible(it, self.mirrored))
    }
}

/// The homography through the pairs, when clearly more agree on it than on the
/// affine map.
fn fit_tilted(affine: &Consensus, all: &[PointPair], sizes: [f64; 2]) -> Option<Consensus> {
    if affine.inliers < MIN_HOMOGRAPHY {
        return None;
    }
    let transform = fit_homography(&affine.pairs, sizes[0], sizes[1])?;
    let pairs = collect_inliers(all, &transform, FINAL_TOLERANCE);
    let found = Consensus {
        inliers: count_places(&pairs),
        transform,
        pairs,
    };
    let gained = found.inliers as f64 >= HOMOGRAPHY_GAIN * affine.inliers as f64;
    (gained && is_believable(&transform, sizes[0])).then_some(found)
}

/// By how much one of two sizes is the larger.
fn size_ratio(a: f32, b: f32) -> f32 {
    (a / b).max(b / a)
}

/// The angle between two directions.
fn angle_between(a: f32, b: f32) -> f32 {
    let difference = (a - b).rem_euclid(2.0 * PI);
    difference.min(2.0 * PI - difference)
}

/// Error of a pair in working pixels of the coarser picture.
fn error(transform: &Transform, pair: &PointPair) -> f64 {
    let [x, y] = transform.apply(pair.from);
    let [a, b, c, d] = transform.linear_at(pair.from);
    let scale = (a * d - b * c).abs().sqrt();
    (x - pair.to[0]).hypot(y - pair.to[1]) / scale.max(1.0)
}

fn collect_inliers(pairs: &[PointPair], transform: &Transform, tolerance: f64) -> Vec<PointPair> {
    let near = |pair: &&PointPair| error(transform, pair) <= tolerance;
    pairs.iter().filter(near).copied().collect()
}

/// Pairs at different places; blobs of several sizes or directions often sit
/// at one, and are no independent evidence.
fn count_places(pairs: &[PointPair]) -> usize {
    count_cells(pairs.iter().map(|pair| pair.from), PLACE_SIDE)
}

/// Pairs at different places of pictures of which some were doubled: what is
/// between two pixels is no place of its own.
pub(crate) fn count_undoubled_places(pairs: &[PointPair], are_doubled: [bool; 2]) -> usize {
    let [query, candidate] = are_doubled;
    let from = pairs.iter().map(|pair| pair.from);
    let in_query = count_cells(from, if query { 2.0 * PLACE_SIDE } else { PLACE_SIDE });
    if candidate {
        in_query.min(count_cells(
            pairs.iter().map(|pair| pair.to),
            2.0 * PLACE_SIDE,
        ))
    } else {
        in_query
    }
}

/// How many squares of this side have a point in them.
fn count_cells(points: impl Iterator<Item = [f64; 2]>, side: f64) -> usize {
    let mut seen: Vec<[i32; 2]> = points
        .map(|point| point.map(|v| (v / side) as i32))
        .collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// Whether a map mirrors as it should and neither squashes nor scales beyond
/// what an edit does.
fn is_plausible(transform: &Transform, mirrored: bool) -> bool {
    let linear = transform.linear_at([0.0, 0.0]);
    let determinant = linear[0] * linear[3] - linear[1] * linear[2];
    let (large, small) = singular_values(linear);
    (determinant < 0.0) == mirrored
        && large <= MAX_SQUASH * small
        && large <= MAX_SCALE
        && small >= 1.0 / MAX_SCALE
}

/// Whether a homography keeps the picture in front of the eye and does not
/// enlarge one end of it much more than the other.
fn is_believable(transform: &Transform, size: f64) -> bool {
    let corners = [[0.0, 0.0], [size, 0.0], [size, size], [0.0, size]];
    let areas = corners.map(|corner| {
        let [a, b, c, d] = transform.linear_at(corner);
        a * d - b * c
    });
    let (low, high) = areas
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), &area| {
            (low.min(area), high.max(area))
        });
    (low > 0.0 && high < 6.0 * low) || (high < 0.0 && low > 6.0 * high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Points on a crooked grid, and where a turned, enlarged picture has them.
    fn scene(mirror: bool, strangers: usize) -> (Vec<Keypoint>, Vec<Keypoint>, Vec<KeypointMatch>) {
        let point = |x: f32, y: f32, size: f32, angle: f32| Keypoint {
            x,
            y,
            size,
            angle,
            bright: true,
            descriptor: [0; 128],
        };
        let (turn, scale) = (0.5f32, 1.4f32);
        let flip = if mirror { -1.0 } else { 1.0 };
        let mut query = Vec::new();
        let mut candidate = Vec::new();
        for n in 0..30 + strangers {
            let (x, y) = ((n * 37 % 211) as f32, (n * 53 % 173) as f32);
            let angle = (n * 29 % 60) as f32 / 10.0;
            query.push(point(x, y, 3.0, angle));
            let seen = if mirror { PI - angle } else { angle };
            let (x, y) = (flip * x * scale, y * scale);
            let (x, y) = (
                x * turn.cos() - y * turn.sin(),
                x * turn.sin() + y * turn.cos(),
            );
            candidate.push(if n < 30 {
                point(x + 50.0, y + 20.0, 3.0 * scale, seen + turn)
            } else {
                point((n * 71 % 300) as f32, (n * 43 % 300) as f32, 3.0, 1.0)
            });
        }
        let matches = (0..query.len()).map(|n| KeypointMatch {
            query: n,
            candidate: n,
            ratio: 0.5,
        });
        let matches = matches.collect();
        (query, candidate, matches)
    }

    fn agreed(mirror: bool, asked: bool, strangers: usize) -> Option<Consensus> {
        let (query, candidate, matches) = scene(mirror, strangers);
        let matched = MatchedKeypoints {
            query: &query,
            candidate: &candidate,
            matches: &matches,
            mirrored: asked,
        };
        find_consensus(&matched, [300.0, 300.0]).into_iter().next()
    }

    #[test]
    fn found_among_strangers() {
        for mirror in [false, true] {
            let found = agreed(mirror, mirror, 60).unwrap();
            assert!(found.inliers >= 28, "{}", found.inliers);
            let [x, y] = found.transform.apply([0.0, 0.0]);
            assert!((x - 50.0).abs() < 1.0 && (y - 20.0).abs() < 1.0);
        }
    }

    #[test]
    fn doubling_a_picture_makes_no_new_places() {
        let pairs: Vec<PointPair> = (0..40)
            .map(|n| {
                let at = [f64::from(n % 8) * 3.0, f64::from(n / 8) * 3.0];
                PointPair { from: at, to: at }
            })
            .collect();
        let doubled: Vec<PointPair> = pairs
            .iter()
            .map(|pair| PointPair {
                to: pair.to.map(|v| 2.0 * v),
                ..*pair
            })
            .collect();
        let count = count_undoubled_places(&pairs, [false, false]);
        assert_eq!(count, count_undoubled_places(&doubled, [false, true]));
        assert!(count > count_undoubled_places(&pairs, [false, true]));
    }

    #[test]
    fn a_mirrored_picture_has_no_plain_transform() {
        assert!(agreed(true, false, 0).is_none());
        assert!(agreed(false, true, 0).is_none());
    }
}
