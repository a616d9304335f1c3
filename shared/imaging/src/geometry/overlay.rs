//! Overlays: finds one picture in another, and lays it on the other by a known transform.

use std::sync::{Arc, OnceLock};

use super::agreement::{PicturedSquares, count_pictured, measure_agreement};
use super::area::{area, bounds, clip_to_picture, corners};
use super::consensus::{MatchedKeypoints, count_undoubled_places, find_consensus};
use super::keypoints::{
    Keypoints, MAX_BLOBS, MAX_FINE_BLOBS, MIN_UNDOUBLED_PIXELS, make_fine_copy, make_working_copy,
};
use super::matching::match_keypoints;
use super::plane::Plane;
use super::squares::Agreement;
use super::texture::{TextureInput, correlate_texture};
use super::thumbs::Thumbnails;
use super::transform::{PointPair, Transform};
use crate::picture::Picture;

/// Pictures longer than this times their width are also matched as squares:
/// squashing is then more than the descriptors bear.
const MIN_LONG_RATIO: f64 = 1.25;

/// Longest side of the square: what is squashed is found by its larger shapes.
const SQUARE_SIDE: usize = 320;

/// An overlay whose pixels agree less than this, or in fewer squares, is none.
const MIN_CORRELATION: f64 = 0.5;
const MIN_SAME_SQUARES: u32 = 4;

/// From this correlation and with this many places, no other overlay need be
/// looked for.
const SURE_CORRELATION: f64 = 0.75;
const SURE_INLIERS: u32 = 15;

/// The features by which a picture is found in others: a bounded number of
/// keypoints with their descriptors, and small copies.
#[derive(Clone, Debug)]
pub struct Features {
    points: Keypoints,
    /// The working copy, and the keypoints of that copy squeezed to a square, extracted when needed.
    working: Arc<Plane>,
    square: Arc<OnceLock<Keypoints>>,
    thumbs: Arc<Thumbnails>,
}

/// How a query lies in a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// From pixels of the query to pixels of the candidate, row by row, the
    /// upper left corner of a picture being 0, 0.
    pub matrix: [f64; 9],
    /// Whether the matrix is affine; a homography otherwise.
    pub affine: bool,
    /// Whether the query is seen in a mirror.
    pub mirrored: bool,
    /// Places that agree on the matrix; 0 when a hash proposed it.
    pub inliers: u32,
    /// Matches among which they were found.
    pub matched: u32,
    /// Share of the query seen in the candidate.
    pub overlap: f64,
    /// Share of the candidate covered by the query.
    pub covered: f64,
    /// The query's four corners in the candidate, x and y, clockwise from the
    /// upper left.
    pub region: [f64; 8],
    /// How well the pixels agree in the common part, 0 to 1.
    pub agreement: f64,
    /// Squares of the common part in which there was something to compare.
    pub squares: u32,
    /// Squares of the common part that show the same.
    pub same: u32,
    /// How well the finest detail that both pictures have correlates, 0 to 1:
    /// near 1 in copies, not in two photographs of one thing. `None` when it
    /// was not measured or there is no detail.
    pub texture: Option<f64>,
    /// Around what was done to a part of the query alone, in its pixels: left, top,
    /// right, bottom. Something on it, or a part made unclear.
    pub altered: Option<[f64; 4]>,
    /// Share of the places that agree which are not on the ground of both.
    pub(crate) pictured: f64,
    /// Whether either picture was doubled, which gives more places to agree.
    pub(crate) is_doubled: bool,
    pub(crate) detail: Agreement,
}

/// The features of a picture.
pub fn extract_features(picture: &Picture) -> Features {
    let working = Arc::new(make_working_copy(picture));
    features_from_copies(working, Arc::new(Thumbnails::of(picture)))
}

/// The features of a picture whose copies are there already.
pub(crate) fn features_from_copies(working: Arc<Plane>, thumbs: Arc<Thumbnails>) -> Features {
    Features {
        points: Keypoints::of(&working, [thumbs.width, thumbs.height], MAX_BLOBS),
        working,
        square: Arc::new(OnceLock::new()),
        thumbs,
    }
}

/// The features of a copy four times as large as the working copy, of a picture
/// that is larger or very small; `None` of others.
pub(crate) fn extract_fine_features(picture: &Picture) -> Option<Features> {
    let is_small = picture.pixels().len() < MIN_UNDOUBLED_PIXELS;
    let (working, thumbs) = if is_small {
        (make_working_copy(picture), Thumbnails::of(picture))
    } else {
        (make_fine_copy(picture)?, Thumbnails::fine(picture))
    };
    let size = [thumbs.width, thumbs.height];
    let points = if is_small {
        Keypoints::doubled(&working, size, MAX_BLOBS)
    } else {
        Keypoints::of(&working, size, MAX_FINE_BLOBS)
    };
    Some(Features {
        points,
        working: Arc::new(working),
        square: Arc::new(OnceLock::new()),
        thumbs: Arc::new(thumbs),
    })
}

impl Features {
    pub(crate) fn thumbs(&self) -> &Thumbnails {
        &self.thumbs
    }

    /// The working copy and the sides of the picture.
    pub(crate) fn working(&self) -> (&Plane, [f64; 2]) {
        (&self.working, [self.thumbs.width, self.thumbs.height])
    }

    /// Whether there is nothing to match.
    pub fn is_empty(&self) -> bool {
        self.points.list.is_empty()
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.list.len()
    }

    /// The points of the picture squeezed to a square, if it is long.
    fn squared(&self) -> Option<&Keypoints> {
        let (width, height) = (self.working.width as f64, self.working.height as f64);
        let long = (width / height).max(height / width);
        let size = [self.thumbs.width, self.thumbs.height];
        let points = || Keypoints::of(&self.working.squared(SQUARE_SIDE), size, MAX_BLOBS / 2);
        (long >= MIN_LONG_RATIO).then(|| self.square.get_or_init(points))
    }
}

/// Works the square twins of both out at once; one of the two may not have any.
fn prepare_squares(one: &Features, other: &Features) {
    std::thread::scope(|scope| {
        scope.spawn(|| one.squared());
        other.squared();
    });
}

/// Finds the query in the candidate; `None` when it is not there.
pub fn find_overlay(query: &Features, candidate: &Features) -> Option<Overlay> {
    let mut best: Option<Overlay> = None;
    let points = |squared: [bool; 2]| {
        let of = |features, squared| {
            if squared {
                Features::squared(features)
            } else {
                Some(&features.points)
            }
        };
        Some((of(query, squared[0])?, of(candidate, squared[1])?))
    };
    for squared in [[false, false], [true, false], [false, true]] {
        if squared[0] {
            prepare_squares(query, candidate);
        }
        let Some(points) = points(squared) else {
            continue;
        };
        for mirrored in [false, true] {
            let found = best_overlay(points, [&query.thumbs, &candidate.thumbs], mirrored);
            best = found
                .into_iter()
                .chain(best)
                .max_by(|a, b| a.weight().total_cmp(&b.weight()));
            if best.as_ref().is_some_and(Overlay::is_sure) {
                return best;
            }
        }
        if best.is_some() {
            break;
        }
    }
    best
}

/// Finds the query in the candidate, neither of them squeezed.
pub(crate) fn find_overlay_unsqueezed(query: &Features, candidate: &Features) -> Option<Overlay> {
    let thumbs = [&*query.thumbs, &*candidate.thumbs];
    [false, true]
        .into_iter()
        .filter_map(|mirrored| best_overlay((&query.points, &candidate.points), thumbs, mirrored))
        .max_by(|a, b| a.weight().total_cmp(&b.weight()))
}

/// The best overlay of one handedness.
fn best_overlay(
    points: (&Keypoints, &Keypoints),
    thumbs: [&Thumbnails; 2],
    mirrored: bool,
) -> Option<Overlay> {
    let (query, candidate) = points;
    let matches = match_keypoints(&query.list, &candidate.list, mirrored);
    let matched = MatchedKeypoints {
        query: &query.list,
        candidate: &candidate.list,
        matches: &matches,
        mirrored,
    };
    let back = candidate.from_picture.inverse()?;
    let query_back = query.from_picture.inverse()?;
    find_consensus(&matched, [query.longest, candidate.longest])
        .into_iter()
        .filter_map(|agreed| {
            let transform = back.after(&agreed.transform.after(&query.from_picture));
            let mut laid = overlay_by_transform(thumbs[0], thumbs[1], &transform)?;
            let are_doubled = [query.is_doubled, candidate.is_doubled];
            laid.is_doubled = are_doubled.contains(&true);
            laid.inliers = count_undoubled_places(&agreed.pairs, are_doubled) as u32;
            laid.matched = matches.len() as u32;
            let on_ground = |pair: &&PointPair| {
                thumbs[0].on_ground(query_back.apply(pair.from))
                    && thumbs[1].on_ground(back.apply(pair.to))
            };
            let furniture = agreed.pairs.iter().filter(on_ground).count();
            laid.pictured = 1.0 - furniture as f64 / agreed.pairs.len().max(1) as f64;
            Some(laid)
        })
        .filter(|found| found.agreement >= MIN_CORRELATION && found.same >= MIN_SAME_SQUARES)
        .max_by(|a, b| a.weight().total_cmp(&b.weight()))
}

/// Lays one picture on another by a known transform and measures how the pixels agree.
pub(crate) fn overlay_by_transform(
    query: &Thumbnails,
    candidate: &Thumbnails,
    transform: &Transform,
) -> Option<Overlay> {
    let (from, to) = (
        [query.width, query.height],
        [candidate.width, candidate.height],
    );
    let detail = measure_agreement(query, candidate, transform)?;
    let [a, b, c, d] = transform.linear_at([from[0] / 2.0, from[1] / 2.0]);
    let (overlap, covered) = covered_shares(transform, from, to, detail.part)?;
    Some(Overlay {
        matrix: transform.0,
        affine: transform.is_affine(),
        mirrored: a * d - b * c < 0.0,
        inliers: 0,
        matched: 0,
        overlap,
        covered,
        region: map_corners(transform, from),
        agreement: detail.correlation,
        squares: detail.squares,
        same: detail.same,
        texture: None,
        altered: detail.altered,
        pictured: 1.0,
        is_doubled: false,
        detail,
    })
}

/// What is furniture and what is not where an overlay lays the query on the candidate.
pub(crate) fn count_pictured_squares(
    overlay: &Overlay,
    query: &Thumbnails,
    candidate: &Thumbnails,
) -> PicturedSquares {
    count_pictured(query, candidate, &Transform(overlay.matrix))
}

/// How well the finest detail agrees where an overlay lays the query on the
/// candidate; of each the working copy and the sides of the picture.
pub(crate) fn measure_texture(
    overlay: &Overlay,
    query: (&Plane, [f64; 2]),
    candidate: (&Plane, [f64; 2]),
) -> Option<f64> {
    let [query, candidate] = [query, candidate].map(|(plane, size)| TextureInput { plane, size });
    correlate_texture(
        query,
        candidate,
        &Transform(overlay.matrix),
        overlay.detail.part,
    )
}

/// Which share of each picture the common part is.
fn covered_shares(
    transform: &Transform,
    from: [f64; 2],
    to: [f64; 2],
    part: Option<[f64; 4]>,
) -> Option<(f64, f64)> {
    let back = transform.inverse()?;
    let (here, there) = match part {
        None => (
            area(&clip_to_picture(&back, to, from)),
            area(&clip_to_picture(transform, from, to)),
        ),
        Some([left, top, right, bottom]) => {
            let shift = Transform::affine(1.0, 0.0, left, 0.0, 1.0, top);
            let size = [right - left, bottom - top];
            let polygon = clip_to_picture(&transform.after(&shift), size, to);
            let seen: Vec<_> = polygon.iter().map(|&corner| back.apply(corner)).collect();
            (area(&seen), area(&polygon))
        }
    };
    let share = |area: f64, size: [f64; 2]| (area / (size[0] * size[1])).min(1.0);
    Some((share(here, from), share(there, to)))
}

fn map_corners(transform: &Transform, size: [f64; 2]) -> [f64; 8] {
    let corners = corners(size[0], size[1]).map(|corner| transform.apply(corner));
    let mut flat = [0.0; 8];
    flat.copy_from_slice(corners.as_flattened());
    flat
}

impl Overlay {
    /// Rank among the overlays of two pictures; the highest is taken.
    fn weight(&self) -> f64 {
        self.agreement
            * self.agreement
            * f64::from(1 + self.inliers).ln()
            * f64::from(1 + self.same).ln()
    }

    fn is_sure(&self) -> bool {
        self.agreement >= SURE_CORRELATION && self.inliers >= SURE_INLIERS
    }

    /// The same with the pictures exchanged; the sides are those of the new
    /// query.
    pub(crate) fn reversed(&self, query: [f64; 2]) -> Option<Self> {
        let there = Transform(self.matrix);
        let back = there.inverse()?;
        let mut reversed = self.clone();
        reversed.matrix = back.0;
        (reversed.overlap, reversed.covered) = (self.covered, self.overlap);
        reversed.region = map_corners(&back, query);
        reversed.detail.colours.brightness = -self.detail.colours.brightness;
        let there_too = |[left, top, right, bottom]: [f64; 4]| {
            let shift = Transform::affine(1.0, 0.0, left, 0.0, 1.0, top);
            let size = [right - left, bottom - top];
            // In the old candidate, which is the new query.
            bounds(&clip_to_picture(&there.after(&shift), size, query))
        };
        reversed.detail.part = self.detail.part.map(there_too);
        reversed.altered = self.altered.map(there_too);
        Some(reversed)
    }
}
