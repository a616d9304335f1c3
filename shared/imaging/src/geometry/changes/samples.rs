//! Samples of two pictures laid on each other, equally sharp and equally bright.

use super::super::area::{bounds, clip_to_picture};
use super::super::plane::Plane;
use super::super::texture::{TextureInput, interpolate_at, make_copies};
use super::super::transform::Transform;
use super::range::{CELL, CellRange};

/// Most samples along the longer side, and fewest along either that say something.
const MAX_SIDE: f64 = 256.0;
const MIN_SIDE: f64 = 3.0 * CELL as f64;

/// Samples at the edge of a part that belong to neither side of it for sure: the part is known to
/// half a square of the agreement check.
const PART_MARGIN_SHARE: f64 = 3.0 / 48.0;

/// Blur below which detail lies, in samples.
const DETAIL_SIGMA: f32 = 1.5;

/// Blurs that are tried until both pictures are equally sharp, in samples, and the ratio of their
/// detail from which they are.
const SHARPNESS_SIGMAS: [f32; 6] = [0.5, 0.8, 1.2, 1.8, 2.7, 4.0];
const EQUALLY_SHARP_RATIO: f32 = 0.8;

/// Spread of detail from which a cell says how sharp a picture is, and how well the detail of both
/// must correlate for it to be the same detail.
const MIN_DETAIL: f32 = 3.0;
const MIN_DETAIL_CORRELATION: f32 = 0.6;

/// Fewest such cells.
const MIN_SHARP_CELLS: usize = 6;

/// Grey levels by which samples of two equally bright pictures differ, and the share of the samples
/// that must differ by no more for all of it to be equally bright.
const EQUAL_GREY_LEVELS: f32 = 8.0;
const MIN_EQUAL_SHARE: f64 = 0.4;

/// Share of a shade that must have the difference, and share of the samples in such shades.
const MIN_EQUAL_SHADE_SHARE: f64 = 0.2;
const MIN_EQUAL_SHADES: f64 = 0.7;

/// Grey levels of a step of the tone curve.
const TONE_STEP: f32 = 8.0;
const TONE_STEPS: usize = 32;

/// Shares of the samples of a shade between which what it has become is usual.
const USUAL_SHARES: [f32; 3] = [0.1, 0.5, 0.9];

/// Samples of both.
pub(super) struct PairedSamples {
    planes: [Plane; 2],
    /// Whether the sample lies in both pictures.
    pub(super) inside: Vec<bool>,
    corner: [f64; 2],
    step: f64,
}

impl PairedSamples {
    pub(super) fn new(
        both: [TextureInput<'_>; 2],
        transform: &Transform,
        part: Option<[f64; 4]>,
    ) -> Option<Self> {
        let mut samples = Self::take(both, transform, part)?;
        samples.sharpen_equally();
        Some(samples)
    }

    /// One of the two as the original, the other as its copy.
    pub(super) fn view(&self, original: usize) -> CopyView<'_> {
        let copy = &self.planes[1 - original];
        let original = &self.planes[original];
        let (tones, is_recoloured) = self.tones(original, copy);
        CopyView {
            detail: [&tones[1], copy].map(detail_of),
            tones,
            copy,
            inside: &self.inside,
            is_recoloured,
        }
    }

    fn take(
        both: [TextureInput<'_>; 2],
        transform: &Transform,
        part: Option<[f64; 4]>,
    ) -> Option<Self> {
        let [from, to] = both.map(|it| it.size);
        let common = bounds(&clip_to_picture(&transform.inverse()?, to, from));
        let [left, top, right, bottom] = within_part(common, part);
        let [a, b, c, d] = transform.linear_at([(left + right) / 2.0, (top + bottom) / 2.0]);
        let scale = (a * d - b * c).abs().sqrt();
        let pixel = |input: TextureInput<'_>| input.size[0] / input.plane.width as f64;
        let steps = [pixel(both[0]), pixel(both[1]) / scale];
        let sides = [right - left, bottom - top];
        let step = steps[0]
            .max(steps[1])
            .max(sides[0].max(sides[1]) / MAX_SIDE);
        let counts = sides.map(|side| side / step);
        if !counts.iter().all(|it| it.is_finite() && *it >= MIN_SIDE) {
            return None;
        }
        let [width, height] = counts.map(|it| it as usize);
        let copies = [0, 1].map(|n| make_copies(both[n].plane, step / steps[n], 1));
        let mut planes = [0, 1].map(|_| Plane {
            width,
            height,
            values: Vec::with_capacity(width * height),
        });
        let mut inside = Vec::with_capacity(width * height);
        for n in 0..width * height {
            let [x, y] = [n % width, n / width].map(|it| (it as f64 + 0.5) * step);
            let here = [left + x, top + y];
            let there = transform.apply(here);
            let margins = [[here, from], [there, to]].map(|[place, size]| {
                let near = |axis: usize| place[axis].min(size[axis] - place[axis]);
                near(0).min(near(1))
            });
            inside.push(margins[0] > step && margins[1] > step * scale);
            planes[0]
                .values
                .push(interpolate_at(&copies[0], 0, here, from));
            planes[1]
                .values
                .push(interpolate_at(&copies[1], 0, there, to));
        }
        Some(Self {
            planes,
            inside,
            corner: [left, top],
            step,
        })
    }

    /// Blurs the sharper of the two until it is no sharper: a copy that was scaled down or saved
    /// again lost detail everywhere.
    fn sharpen_equally(&mut self) {
        let ratio = |planes: [&Plane; 2]| sharpness_ratio(&planes.map(detail_of), &self.inside);
        let first = ratio(self.planes.each_ref());
        let sharper = usize::from(first > 1.0);
        let lacking = |ratio: f32| if sharper == 0 { ratio } else { 1.0 / ratio };
        if lacking(first) >= EQUALLY_SHARP_RATIO {
            return;
        }
        let mut blurred = None;
        for sigma in SHARPNESS_SIGMAS {
            let plane = self.planes[sharper].blurred(sigma);
            let mut planes = self.planes.each_ref();
            planes[sharper] = &plane;
            let is_equal = lacking(ratio(planes)) >= EQUALLY_SHARP_RATIO;
            blurred = Some(plane);
            if is_equal {
                break;
            }
        }
        if let Some(plane) = blurred {
            self.planes[sharper] = plane;
        }
    }

    /// The original with the brightness of the copy: moved by one difference if most of it has that,
    /// else by the curves that the shades of it follow, and whether by these.
    fn tones(&self, original: &Plane, copy: &Plane) -> ([Plane; 3], bool) {
        let pairs: Vec<[f32; 2]> = (original.values.iter().zip(&copy.values))
            .zip(&self.inside)
            .filter(|(_, inside)| **inside)
            .map(|((one, other), _)| [*one, *other])
            .collect();
        let change = |to: &dyn Fn(f32) -> f32| Plane {
            values: original.values.iter().map(|value| to(*value)).collect(),
            ..*original
        };
        if let Some(shift) = commonest_shift(&pairs) {
            let moved = change(&|value| value + shift);
            return ([moved.clone(), moved.clone(), moved], false);
        }
        let tones = tone_curves(&pairs).map(|curve| {
            change(&|value| {
                let place = (value / TONE_STEP - 0.5).clamp(0.0, (TONE_STEPS - 1) as f32);
                let first = (place as usize).min(TONE_STEPS - 2);
                curve[first] + (curve[first + 1] - curve[first]) * (place - first as f32)
            })
        });
        (tones, true)
    }

    /// The part of the query in which cells lie.
    pub(super) fn region(&self, cells: CellRange) -> [f64; 4] {
        let at = |cell: usize, most: usize, axis: usize| {
            self.corner[axis] + (cell * CELL).min(most) as f64 * self.step
        };
        let Plane { width, height, .. } = self.planes[0];
        [
            at(cells.left, width, 0),
            at(cells.top, height, 1),
            at(cells.right, width, 0),
            at(cells.bottom, height, 1),
        ]
    }
}

/// One picture as the original, the other as its copy.
pub(super) struct CopyView<'a> {
    /// The original with the brightness of the copy: the darkest that is usual for each shade, the
    /// middle, the brightest.
    pub(super) tones: [Plane; 3],
    pub(super) copy: &'a Plane,
    /// The detail of the original and of the copy.
    pub(super) detail: [Plane; 2],
    /// Whether the sample lies in both pictures.
    pub(super) inside: &'a [bool],
    /// Whether the shades changed otherwise than by one difference.
    pub(super) is_recoloured: bool,
}

/// The common area within a part, less what is not known to be of it.
fn within_part(common: [f64; 4], part: Option<[f64; 4]>) -> [f64; 4] {
    let Some(part) = part else { return common };
    let longest = (common[2] - common[0]).max(common[3] - common[1]);
    let margin = longest * PART_MARGIN_SHARE;
    let [left, top, right, bottom] = common;
    let after = |start: f64, part: f64| {
        if part > start + 1.0 {
            part + margin
        } else {
            start
        }
    };
    let before = |end: f64, part: f64| if part < end - 1.0 { part - margin } else { end };
    [
        after(left, part[0]),
        after(top, part[1]),
        before(right, part[2]),
        before(bottom, part[3]),
    ]
}

fn detail_of(plane: &Plane) -> Plane {
    plane.minus(&plane.blurred(DETAIL_SIGMA))
}

/// The middle ratio of the candidate's detail to the query's, over cells in which it is the same
/// detail; 1 when there are too few.
fn sharpness_ratio(detail: &[Plane; 2], inside: &[bool]) -> f32 {
    let Plane { width, height, .. } = detail[0];
    let mut ratios = Vec::new();
    for n in 0..(width / CELL) * (height / CELL) {
        let (column, row) = (n % (width / CELL), n / (width / CELL));
        let mut sums = [0.0f32; 3];
        let mut count = 0.0f32;
        for place in
            (0..CELL * CELL).map(|k| (row * CELL + k / CELL) * width + column * CELL + k % CELL)
        {
            if inside[place] {
                let [one, other] = [detail[0].values[place], detail[1].values[place]];
                count += 1.0;
                sums = [
                    sums[0] + one * one,
                    sums[1] + other * other,
                    sums[2] + one * other,
                ];
            }
        }
        let [one, other] = [sums[0], sums[1]].map(|sum| (sum / count.max(1.0)).sqrt());
        let correlation = sums[2].abs() / (sums[0] * sums[1]).sqrt().max(1e-6);
        if one.max(other) >= MIN_DETAIL && correlation >= MIN_DETAIL_CORRELATION {
            ratios.push(other / one.max(1e-3));
        }
    }
    if ratios.len() < MIN_SHARP_CELLS {
        return 1.0;
    }
    let middle = ratios.len() / 2;
    *ratios.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// The difference in brightness that most samples have, if one has.
fn commonest_shift(pairs: &[[f32; 2]]) -> Option<f32> {
    let mut counts = [0usize; 512];
    for [one, other] in pairs {
        counts[(other - one + 256.0).clamp(0.0, 511.0) as usize] += 1;
    }
    let reach = EQUAL_GREY_LEVELS as usize;
    let near = |shift: usize| counts[shift - reach..=shift + reach].iter().sum::<usize>();
    // Of equal counts the one nearest to no change.
    let best =
        (reach..512 - reach).max_by_key(|shift| (near(*shift), 512 - shift.abs_diff(256)))?;
    let values: Vec<f32> = pairs
        .iter()
        .map(|[one, other]| other - one)
        .filter(|it| (it - (best as f32 - 255.5)).abs() <= EQUAL_GREY_LEVELS + 0.5)
        .collect();
    let shift = values.iter().sum::<f32>() / values.len().max(1) as f32;
    (values.len() as f64 >= MIN_EQUAL_SHARE * pairs.len() as f64 && all_shades_have(shift, pairs))
        .then_some(shift)
}

/// Whether some of nearly every shade has the difference: of a picture that was made brighter only
/// the dark shades stay.
fn all_shades_have(shift: f32, pairs: &[[f32; 2]]) -> bool {
    let mut shades = [[0usize; 2]; TONE_STEPS];
    for [one, other] in pairs {
        let step = (one / TONE_STEP).clamp(0.0, (TONE_STEPS - 1) as f32);
        let is_equal = (other - one - shift).abs() <= EQUAL_GREY_LEVELS;
        shades[step as usize][0] += 1;
        shades[step as usize][1] += usize::from(is_equal);
    }
    let has = |shade: &&[usize; 2]| shade[1] as f64 >= MIN_EQUAL_SHADE_SHARE * shade[0] as f64;
    let equal: usize = shades.iter().filter(has).map(|shade| shade[0]).sum();
    equal as f64 >= MIN_EQUAL_SHADES * pairs.len() as f64
}

/// What each shade of the original has become in the copy: what is usually the darkest, the middle,
/// and what is usually the brightest. Where colours were cut off, one grey becomes many.
fn tone_curves(pairs: &[[f32; 2]]) -> [[f32; TONE_STEPS]; 3] {
    let mut shades = vec![Vec::new(); TONE_STEPS];
    for [one, other] in pairs {
        let step = (one / TONE_STEP).clamp(0.0, (TONE_STEPS - 1) as f32);
        shades[step as usize].push(*other);
    }
    let least = (pairs.len() / 200).max(8);
    let known: Vec<(usize, [f32; 3])> = shades
        .iter_mut()
        .enumerate()
        .filter(|(_, values)| values.len() >= least)
        .map(|(step, values)| {
            values.sort_unstable_by(f32::total_cmp);
            let at = |share: f32| values[(share * (values.len() - 1) as f32) as usize];
            (step, USUAL_SHARES.map(at))
        })
        .collect();
    [0, 1, 2].map(|curve| {
        std::array::from_fn(|step| {
            let below = known.iter().rev().find(|it| it.0 <= step);
            let above = known.iter().find(|it| it.0 >= step);
            match (below, above) {
                (Some(below), Some(above)) if above.0 > below.0 => {
                    let share = (step - below.0) as f32 / (above.0 - below.0) as f32;
                    below.1[curve] + (above.1[curve] - below.1[curve]) * share
                }
                (Some(near), _) | (None, Some(near)) => near.1[curve],
                (None, None) => (step as f32 + 0.5) * TONE_STEP,
            }
        })
    })
}
