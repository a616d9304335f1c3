//! Texture check: whether two pictures laid on each other agree in fine detail.
//!
//! The faces of two people lie on each other as well as two pictures of one
//! face do, when looked at in small copies: eyes on eyes, mouth on mouth. What
//! two photographs never share is the texture: pores, single hairs, the grain
//! of a wall. So the overlay is first corrected until the texture lies on itself
//! as well as it can, from coarse bands of detail to fine ones, and then each
//! band says how well the two correlate.

mod blocks;
#[cfg(test)]
mod tests;

use blocks::{BLOCK, BandPair, TextureBlock};

use super::area::{bounds, clip_to_picture};
use super::plane::Plane;
use super::transform::{PointPair, Transform, fit_affine, fit_similarity};

/// Fewest samples along the longer side of the common part from which a coarser
/// band is looked at.
const MIN_COARSE_SIDE: f64 = 3.0 * BLOCK as f64;

/// Fewest along the shorter side that say something.
const MIN_SIDE: f64 = 1.5 * BLOCK as f64;

/// More samples than two working copies can have in common.
const MAX_SAMPLES: f64 = 2e6;

/// Most bands, each of detail twice as coarse as the one before.
const MAX_BANDS: usize = 4;

/// Samples by which the blocks are moved to find where they fit: in the
/// coarsest band, and in the others.
const COARSEST_SHIFT: usize = 3;
const FINER_SHIFT: usize = 2;

/// Fewest blocks with detail by which a band is judged, and least share of the
/// detail of one picture that the other must have in it.
const MIN_BLOCKS: usize = 3;
const MIN_DETAIL_RATIO: f32 = 0.6;

/// Correlation from which a moved block is believed to fit.
const MIN_FIT_CORRELATION: f32 = 0.5;

/// How far, in samples, a block may move off what most blocks agree on.
const SHIFT_TOLERANCES: [f64; 3] = [3.0, 2.0, 1.5];

/// Fewest blocks for an affine correction, and for any.
const MIN_AFFINE: usize = 9;
const MIN_SIMILARITY: usize = 3;

/// Spread from which a block counts no more than others.
const FULL_SPREAD: f32 = 8.0;

/// Grey level from which a sample may have been cut off.
const MAX_UNCLIPPED_GREY: f32 = 250.0;

/// Blurs between which a band of detail lies, in samples.
const BAND_SIGMAS: [f32; 2] = [0.6, 1.8];

/// Blur before every second sample is taken.
const HALVING_SIGMA: f32 = 0.9;

/// A working copy and the sides of the picture it was made from.
#[derive(Clone, Copy)]
pub(crate) struct TextureInput<'a> {
    pub(crate) plane: &'a Plane,
    pub(crate) size: [f64; 2],
}

/// How well the finest detail that both pictures have correlates, from none (0)
/// to the same (1); `None` when the common part is too small or too plain.
pub(super) fn correlate_texture(
    query: TextureInput<'_>,
    candidate: TextureInput<'_>,
    transform: &Transform,
    part: Option<[f64; 4]>,
) -> Option<f64> {
    let sheet = CommonPart::new(query, candidate, transform, part)?;
    let mut transform = *transform;
    for band in (0..sheet.bands).rev() {
        let is_coarsest = band + 1 == sheet.bands;
        let (farthest, rounds) = if is_coarsest {
            (COARSEST_SHIFT, 2)
        } else {
            (FINER_SHIFT, 1)
        };
        for _ in 0..rounds {
            let blocks = sheet.sample_band(&transform, band).blocks(farthest);
            transform = sheet
                .correct(&transform, &blocks, band)
                .unwrap_or(transform);
        }
    }
    let mut coarser = None;
    for band in 0..sheet.bands {
        let detail = BandDetail::of(&sheet.sample_band(&transform, band).blocks(0));
        if detail.blocks >= MIN_BLOCKS {
            if detail.is_balanced() {
                return Some(detail.correlation.max(0.0));
            }
            // One of the two is blurred: the next band may be left in both.
            coarser = Some(detail.correlation.max(0.0));
        }
    }
    coarser
}

/// The common part and the copies from which it is sampled.
struct CommonPart {
    copies: [Vec<Plane>; 2],
    sizes: [[f64; 2]; 2],
    corner: [f64; 2],
    sides: [f64; 2],
    /// Pixels of the query per sample of the finest band.
    step: f64,
    bands: usize,
}

impl CommonPart {
    fn new(
        query: TextureInput<'_>,
        candidate: TextureInput<'_>,
        transform: &Transform,
        part: Option<[f64; 4]>,
    ) -> Option<Self> {
        let sizes = [query.size, candidate.size];
        let [mut left, mut top, mut right, mut bottom] =
            bounds(&clip_to_picture(&transform.inverse()?, sizes[1], sizes[0]));
        if let Some([west, north, east, south]) = part {
            (left, top) = (left.max(west), top.max(north));
            (right, bottom) = (right.min(east), bottom.min(south));
        }
        let [a, b, c, d] = transform.linear_at([(left + right) / 2.0, (top + bottom) / 2.0]);
        let scale = (a * d - b * c).abs().sqrt();
        let pixels = |side: TextureInput<'_>| side.size[0] / side.plane.width as f64;
        let steps = [pixels(query), pixels(candidate) / scale];
        let step = steps[0].max(steps[1]);
        let sides = [(right - left) / step, (bottom - top) / step];
        let is_usable = step.is_finite()
            && sides
                .iter()
                .all(|side| side.is_finite() && *side >= MIN_SIDE)
            && sides[0] * sides[1] <= MAX_SAMPLES;
        if !is_usable {
            return None;
        }
        let longest = sides[0].max(sides[1]);
        let bands = (1..MAX_BANDS)
            .take_while(|band| longest / (1 << band) as f64 >= MIN_COARSE_SIDE)
            .count()
            + 1;
        Some(Self {
            copies: [
                make_copies(query.plane, step / steps[0], bands),
                make_copies(candidate.plane, step / steps[1], bands),
            ],
            sizes,
            corner: [left, top],
            sides,
            step,
            bands,
        })
    }

    /// The place in the query of a place in a band.
    fn place(&self, [x, y]: [f64; 2], band: usize) -> [f64; 2] {
        let step = self.step * (1 << band) as f64;
        [self.corner[0] + x * step, self.corner[1] + y * step]
    }

    fn sample_band(&self, transform: &Transform, band: usize) -> BandPair {
        let [width, height] = self.sides.map(|side| side as usize >> band);
        let mut planes = [0, 1].map(|_| Plane {
            width,
            height,
            values: Vec::with_capacity(width * height),
        });
        let mut usable = Vec::with_capacity(width * height);
        let [from, to] = self.sizes;
        for row in 0..height {
            for column in 0..width {
                let here = self.place([column as f64 + 0.5, row as f64 + 0.5], band);
                let there = transform.apply(here);
                let values = [
                    interpolate_at(&self.copies[0], band, here, from),
                    interpolate_at(&self.copies[1], band, there, to),
                ];
                let inside = (0.0..to[0]).contains(&there[0]) && (0.0..to[1]).contains(&there[1]);
                usable.push(inside && values[0].max(values[1]) < MAX_UNCLIPPED_GREY);
                planes[0].values.push(values[0]);
                planes[1].values.push(values[1]);
            }
        }
        let planes = planes.map(|plane| {
            plane
                .blurred(BAND_SIGMAS[0])
                .minus(&plane.blurred(BAND_SIGMAS[1]))
        });
        BandPair { planes, usable }
    }

    /// The transform moved as most blocks ask for.
    fn correct(
        &self,
        transform: &Transform,
        blocks: &[TextureBlock],
        band: usize,
    ) -> Option<Transform> {
        let mut pairs: Vec<PointPair> = blocks
            .iter()
            .filter(|it| it.is_textured() && it.best >= MIN_FIT_CORRELATION)
            .map(|it| {
                let to = [it.middle[0] + it.shift[0], it.middle[1] + it.shift[1]];
                PointPair {
                    from: self.place(it.middle, band),
                    to: self.place(to, band),
                }
            })
            .collect();
        let mut moved = None;
        for tolerance in SHIFT_TOLERANCES {
            let fitted = match pairs.len() {
                MIN_AFFINE.. => fit_affine(&pairs),
                MIN_SIMILARITY.. => fit_similarity(&pairs, false),
                _ => None,
            };
            let Some(fitted) = fitted else { break };
            let tolerance = tolerance * self.step * (1 << band) as f64;
            pairs.retain(|pair| {
                let [x, y] = fitted.apply(pair.from);
                (x - pair.to[0]).hypot(y - pair.to[1]) <= tolerance
            });
            moved = Some(transform.after(&fitted));
        }
        moved
    }
}

/// The copy softened to this many of its pixels per sample, and its halves.
pub(super) fn make_copies(plane: &Plane, pixels: f64, bands: usize) -> Vec<Plane> {
    let first = if pixels > 1.2 {
        plane.blurred((0.5 * (pixels * pixels - 1.0).sqrt()) as f32)
    } else {
        plane.clone()
    };
    let mut copies = vec![first];
    while copies.len() < bands {
        let last = &copies[copies.len() - 1];
        if last.width.min(last.height) < 4 {
            break;
        }
        copies.push(last.blurred(HALVING_SIGMA).halved());
    }
    copies
}

/// The grey at a place of the picture, from its copy for a band.
pub(super) fn interpolate_at(
    copies: &[Plane],
    band: usize,
    [x, y]: [f64; 2],
    size: [f64; 2],
) -> f32 {
    let band = band.min(copies.len() - 1);
    let plane = &copies[band];
    // Halving keeps the first pixel of two, so places are counted from its centre.
    let at = |place: f64, of: f64, full: usize, side: usize| {
        let place = (place / of * full as f64 - 0.5) / (1 << band) as f64;
        let place = place.clamp(0.0, (side - 1) as f64) as f32;
        let first = (place as usize).min(side.saturating_sub(2));
        (first, (first + 1).min(side - 1), place - first as f32)
    };
    let (left, right, fx) = at(x, size[0], copies[0].width, plane.width);
    let (upper, lower, fy) = at(y, size[1], copies[0].height, plane.height);
    let (above, below) = (plane.row(upper), plane.row(lower));
    let top = above[left] + (above[right] - above[left]) * fx;
    let bottom = below[left] + (below[right] - below[left]) * fx;
    top + (bottom - top) * fy
}

/// What the blocks of one band say together.
#[derive(Default)]
struct BandDetail {
    /// Blocks with detail in both pictures.
    blocks: usize,
    /// Their mean correlation.
    correlation: f64,
    /// Sum of the spreads of all blocks in each picture.
    spread: [f32; 2],
}

impl BandDetail {
    fn of(blocks: &[TextureBlock]) -> Self {
        let mut detail = Self::default();
        let mut weights = 0.0;
        for block in blocks {
            for (sum, spread) in detail.spread.iter_mut().zip(block.spread) {
                *sum += spread;
            }
            if block.is_textured() {
                let [one, other] = block.spread.map(|spread| spread.min(FULL_SPREAD));
                let weight = f64::from((one * other).sqrt());
                weights += weight;
                detail.correlation += weight * f64::from(block.correlation);
                detail.blocks += 1;
            }
        }
        detail.correlation /= f64::max(weights, 1e-9);
        detail
    }

    /// Whether both pictures have about as much detail.
    fn is_balanced(&self) -> bool {
        let [one, other] = self.spread;
        one.min(other) >= MIN_DETAIL_RATIO * one.max(other)
    }
}
