//! Descriptor matching: which keypoint of one picture looks like which of the other.

use fearless_simd::{Level, dispatch};

use super::describe::{Descriptor, LENGTH, mirror_descriptor};

/// A match must be nearer than the next best blob elsewhere by this factor.
const MAX_RATIO: f32 = 0.88;

/// Places this near to each other, in working pixels, are one place: the
/// second best there does not count against the best.
const SAME_PLACE_PIXELS: f32 = 4.0;

/// A blob as it is matched: where, how large, seen from which direction.
#[derive(Clone, Debug)]
pub(crate) struct Keypoint {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) angle: f32,
    /// Whether it is brighter than what is around it.
    pub(crate) bright: bool,
    pub(crate) descriptor: Descriptor,
}

/// Two blobs that look alike, by their places in the lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeypointMatch {
    pub(crate) query: usize,
    pub(crate) candidate: usize,
    /// Distance over that of the next best; small is distinct.
    pub(crate) ratio: f32,
}

/// The matches that are each other's nearest and clearly nearer than others;
/// with `mirror` as if the query were seen in a mirror. A bright blob stays
/// bright in any copy, so bright and dark are matched apart; both lists must
/// have the bright ones first.
pub(crate) fn match_keypoints(
    query: &[Keypoint],
    candidate: &[Keypoint],
    mirror: bool,
) -> Vec<KeypointMatch> {
    let bright = [query, candidate].map(|points| points.partition_point(|point| point.bright));
    let (first, second) = (query.split_at(bright[0]), candidate.split_at(bright[1]));
    let mut found = match_one_kind(first.0, second.0, mirror);
    let dark = match_one_kind(first.1, second.1, mirror);
    found.extend(dark.into_iter().map(|dark| KeypointMatch {
        query: dark.query + bright[0],
        candidate: dark.candidate + bright[1],
        ..dark
    }));
    found.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    found
}

fn match_one_kind(query: &[Keypoint], candidate: &[Keypoint], mirror: bool) -> Vec<KeypointMatch> {
    let level = Level::new();
    dispatch!(level, _simd => match_mutually(query, candidate, mirror))
}

// This and what it calls are inlined into the code for each kind of processor.
#[inline(always)]
fn match_mutually(query: &[Keypoint], candidate: &[Keypoint], mirror: bool) -> Vec<KeypointMatch> {
    let mut back: Vec<(u32, usize)> = vec![(0, usize::MAX); candidate.len()];
    let mut forth = Vec::with_capacity(query.len());
    let mut products = vec![0; candidate.len()];
    for (index, point) in query.iter().enumerate() {
        let descriptor = if mirror {
            mirror_descriptor(&point.descriptor)
        } else {
            point.descriptor
        };
        for (product, other) in products.iter_mut().zip(candidate) {
            *product = dot_product(&descriptor, &other.descriptor);
        }
        for (best, &product) in back.iter_mut().zip(&products) {
            if product > best.0 {
                *best = (product, index);
            }
        }
        forth.extend(
            find_nearest(&products, candidate).map(|(found, ratio)| KeypointMatch {
                query: index,
                candidate: found,
                ratio,
            }),
        );
    }
    forth.retain(|found| found.ratio < MAX_RATIO && back[found.candidate].1 == found.query);
    forth
}

/// The nearest of the candidate's blobs and how much nearer it is.
fn find_nearest(products: &[u32], candidate: &[Keypoint]) -> Option<(usize, f32)> {
    let (best, &top) = products
        .iter()
        .enumerate()
        .max_by_key(|&(_, product)| product)?;
    let place = &candidate[best];
    let elsewhere = |other: &Keypoint| {
        (other.x - place.x).abs() > SAME_PLACE_PIXELS
            || (other.y - place.y).abs() > SAME_PLACE_PIXELS
    };
    let second = products
        .iter()
        .zip(candidate)
        .filter(|(_, other)| elsewhere(other))
        .map(|(&product, _)| product)
        .max()
        .unwrap_or(0);
    Some((
        best,
        (squared_distance(top) / squared_distance(second).max(1.0)).sqrt(),
    ))
}

/// The squared distance of two descriptors of one length from their product.
fn squared_distance(product: u32) -> f32 {
    const SQUARE: f32 = super::describe::UNIT * super::describe::UNIT;
    (2.0 * (SQUARE - product as f32)).max(0.0)
}

#[inline(always)]
fn dot_product(a: &Descriptor, b: &Descriptor) -> u32 {
    let mut sum = 0;
    for n in 0..LENGTH {
        sum += u32::from(a[n]) * u32::from(b[n]);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(seed: usize) -> Keypoint {
        let descriptor =
            std::array::from_fn(|n| ((n * 31 + seed * seed * 17 + seed * n) % 67) as u8);
        Keypoint {
            x: 10.0 * seed as f32,
            y: 0.0,
            size: 1.0,
            angle: 0.0,
            bright: seed < 9,
            descriptor,
        }
    }

    #[test]
    fn each_finds_itself() {
        let points: Vec<Keypoint> = (1..20).map(point).collect();
        let found = match_keypoints(&points, &points, false);
        assert!(found.len() > 10);
        assert!(found.iter().all(|found| found.query == found.candidate));
    }

    #[test]
    fn in_a_mirror_each_finds_its_mirrored_self() {
        let points: Vec<Keypoint> = (1..20).map(point).collect();
        let mut reflected = points.clone();
        for point in &mut reflected {
            point.descriptor = mirror_descriptor(&point.descriptor);
        }
        let found = match_keypoints(&points, &reflected, true);
        assert!(found.len() > 10);
        assert!(found.iter().all(|found| found.query == found.candidate));
    }

    #[test]
    fn nothing_matches_nothing() {
        assert!(match_keypoints(&[], &[point(1)], false).is_empty());
        assert!(match_keypoints(&[point(1)], &[], true).is_empty());
    }
}
