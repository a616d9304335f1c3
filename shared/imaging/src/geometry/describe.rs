//! SIFT descriptors: what a blob looks like, turned by its strongest direction and
//! scaled by its size, as 128 numbers (Lowe 2004, with the square root of
//! Arandjelovic and Zisserman 2012).
//!
//! A mirrored picture has the same numbers in another order, so mirroring costs
//! no second look at the pixels; see [`mirror_descriptor`].

use std::f32::consts::{PI, TAU};

use super::detect::{Blob, Octave};
use super::plane::Plane;

/// Numbers in a descriptor: 4 x 4 cells of 8 directions.
pub(crate) const LENGTH: usize = 128;

/// A descriptor; the squares of its numbers sum to about [`UNIT`] squared.
pub(crate) type Descriptor = [u8; LENGTH];

/// Length of every descriptor as a vector.
pub(crate) const UNIT: f32 = 400.0;

const CELLS: usize = 4;
const DIRECTIONS: usize = 8;

/// Samples per side of a descriptor; they reach half a cell beyond the cells.
const SAMPLES_PER_SIDE: usize = 20;
const SAMPLES_PER_CELL: f32 = SAMPLES_PER_SIDE as f32 / (CELLS as f32 + 1.0);

/// Blurs per cell.
const SIGMAS_PER_CELL: f32 = 3.0;

/// Bins of the circle when looking for the strongest direction.
const BINS: usize = 36;

/// Directions nearly as strong as the strongest are taken too.
const MIN_PEAK_RATIO: f32 = 0.8;

/// Most descriptors one blob gets.
const MAX_DIRECTIONS: usize = 2;

/// The strongest directions of a blob, in radians.
#[inline(always)]
pub(crate) fn find_directions(octave: &Octave, blob: &Blob) -> Vec<f32> {
    let circle = direction_histogram(&octave.gaussians[blob.layer], blob);
    let highest = circle.iter().copied().fold(0.0, f32::max);
    let mut peaks: Vec<(f32, f32)> = (0..BINS)
        .filter_map(|bin| {
            let before = circle[(bin + BINS - 1) % BINS];
            let (here, behind) = (circle[bin], circle[(bin + 1) % BINS]);
            let is_peak = here > before && here >= behind && here >= MIN_PEAK_RATIO * highest;
            let top = 0.5 * (before - behind) / (before - 2.0 * here + behind);
            is_peak.then_some((here, (bin as f32 + 0.5 + top) * TAU / BINS as f32))
        })
        .collect();
    peaks.sort_by(|a, b| b.0.total_cmp(&a.0));
    peaks.truncate(MAX_DIRECTIONS);
    peaks.into_iter().map(|(_, angle)| angle).collect()
}

/// How much slope there is in each direction around a blob.
#[inline(always)]
fn direction_histogram(plane: &Plane, blob: &Blob) -> [f32; BINS] {
    let sigma = 1.5 * blob.sigma;
    let radius = (2.5 * sigma).round() as isize;
    let (column, row) = (blob.x.round() as isize, blob.y.round() as isize);
    let mut circle = [0.0; BINS];
    let weight = |apart: f32| (-apart * apart / (2.0 * sigma * sigma)).exp();
    let columns = (column - radius).max(1)..=(column + radius).min(plane.width as isize - 2);
    let across: Vec<f32> = columns.clone().map(|x| weight(x as f32 - blob.x)).collect();
    let around = (*columns.start() - 1) as usize..(*columns.end() + 2).max(0) as usize;
    let mut slopes = vec![Slope::default(); across.len()];
    for y in (row - radius).max(1)..=(row + radius).min(plane.height as isize - 2) {
        let (above, here, below) = (y as usize - 1, y as usize, y as usize + 1);
        let rows = [above, here, below].map(|y| &plane.row(y)[around.clone()]);
        measure_slopes(rows, &mut slopes);
        let down = weight(y as f32 - blob.y);
        for (slope, across) in slopes.iter().zip(&across) {
            let bin = (slope.angle * (BINS as f32 / TAU)) as u32 as usize % BINS;
            circle[bin] += across * down * slope.strength;
        }
    }
    smooth(&smooth(&circle))
}

#[inline(always)]
fn smooth(circle: &[f32; BINS]) -> [f32; BINS] {
    std::array::from_fn(|bin| {
        (circle[(bin + BINS - 1) % BINS] + circle[bin] + circle[(bin + 1) % BINS]) / 3.0
    })
}

/// The descriptor of a blob seen in a direction.
#[inline(always)]
pub(crate) fn describe(octave: &Octave, blob: &Blob, direction: f32) -> Descriptor {
    let patch = sample_patch(&octave.gaussians[blob.layer], blob, direction);
    let mut cells = [[[0.0f32; DIRECTIONS]; CELLS]; CELLS];
    // A sample lies alike across and down, so one line of shares suffices.
    let shares: [_; SAMPLES_PER_SIDE] = std::array::from_fn(cell_shares);
    let mut slopes = [Slope::default(); SAMPLES_PER_SIDE];
    for (row, down) in shares.iter().enumerate() {
        measure_slopes([&patch[row], &patch[row + 1], &patch[row + 2]], &mut slopes);
        let line = spread_row(&slopes, &shares);
        for (row, share) in down {
            let row = cells[row % CELLS].as_flattened_mut();
            for (cell, value) in row.iter_mut().zip(line.as_flattened()) {
                *cell += value * share;
            }
        }
    }
    quantise(cells.as_flattened().as_flattened())
}

/// What one row of samples gives to the cells it passes through.
#[inline(always)]
fn spread_row(
    slopes: &[Slope; SAMPLES_PER_SIDE],
    shares: &[[(usize, f32); 2]; SAMPLES_PER_SIDE],
) -> [[f32; DIRECTIONS]; CELLS] {
    let mut line = [[0.0; DIRECTIONS]; CELLS];
    for (slope, across) in slopes.iter().zip(shares) {
        let turn = slope.angle * (DIRECTIONS as f32 / TAU);
        let whole = turn as u32;
        let part = turn - whole as f32;
        let first = whole as usize % DIRECTIONS;
        let second = (first + 1) % DIRECTIONS;
        for (column, across) in across {
            let cell = &mut line[column % CELLS];
            let share = slope.strength * across;
            cell[first] += share * (1.0 - part);
            cell[second] += share * part;
        }
    }
    line
}

/// How steep a picture is at a place, and in which direction it rises.
#[derive(Clone, Copy, Default)]
struct Slope {
    strength: f32,
    angle: f32,
}

/// The slopes of the middle one of three rows, which have one pixel more at each end.
#[inline(always)]
fn measure_slopes([above, here, below]: [&[f32]; 3], slopes: &mut [Slope]) {
    let beside = here.iter().zip(&here[2..]);
    let across = above[1..].iter().zip(&below[1..]);
    for (slope, ((left, right), (upper, lower))) in slopes.iter_mut().zip(beside.zip(across)) {
        let (gx, gy) = (right - left, lower - upper);
        slope.strength = (gx * gx + gy * gy).sqrt();
        slope.angle = slope_angle(gy, gx);
    }
}

/// Cells from the middle of the descriptor.
#[inline(always)]
fn cell_offset(sample: usize) -> f32 {
    (sample as f32 + 0.5) / SAMPLES_PER_CELL - (CELLS as f32 + 1.0) / 2.0
}

/// The two cells a sample lies between, each with its share; what is far from the middle counts less.
#[inline(always)]
fn cell_shares(sample: usize) -> [(usize, f32); 2] {
    let weight = (-cell_offset(sample) * cell_offset(sample) / 8.0).exp();
    let place = cell_offset(sample) + 1.5;
    let first = place.floor();
    let share = |cell: f32, part: f32| match (0.0..CELLS as f32).contains(&cell) {
        true => (cell as usize, weight * part),
        false => (0, 0.0),
    };
    [
        share(first, 1.0 - (place - first)),
        share(first + 1.0, place - first),
    ]
}

/// The pixels around a blob in its own frame, with one more at each side.
#[inline(always)]
fn sample_patch(
    plane: &Plane,
    blob: &Blob,
    direction: f32,
) -> [[f32; SAMPLES_PER_SIDE + 2]; SAMPLES_PER_SIDE + 2] {
    let step = SIGMAS_PER_CELL * blob.sigma / SAMPLES_PER_CELL;
    let (sin, cos) = direction.sin_cos();
    let middle = (SAMPLES_PER_SIDE as f32 + 1.0) / 2.0;
    let mut patch = [[0.0; SAMPLES_PER_SIDE + 2]; SAMPLES_PER_SIDE + 2];
    let [mut xs, mut ys] = [[0.0; SAMPLES_PER_SIDE + 2]; 2];
    for (row, line) in patch.iter_mut().enumerate() {
        let y = step * (row as f32 - middle);
        for (column, (across, down)) in xs.iter_mut().zip(&mut ys).enumerate() {
            let x = step * (column as f32 - middle);
            *across = blob.x + cos * x - sin * y;
            *down = blob.y + sin * x + cos * y;
        }
        plane.samples(&xs, &ys, line);
    }
    patch
}

/// Flattens peaks, takes roots, and fits the numbers into bytes.
#[inline(always)]
fn quantise(values: &[f32]) -> Descriptor {
    let length = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
    let capped = |value: f32| (value / length).min(0.2);
    let sum = values.iter().map(|&v| capped(v)).sum::<f32>().max(1e-6);
    let mut packed = [0; LENGTH];
    for (byte, &value) in packed.iter_mut().zip(values) {
        // Halves go up, as `round` has it, which is a call of its own on older processors.
        *byte = (UNIT * (capped(value) / sum).sqrt() + 0.5).min(255.0) as u8;
    }
    packed
}

/// The descriptor that the mirrored picture has at the mirrored place, when
/// its direction is mirrored as well: rows of cells exchanged, directions
/// counted the other way round.
pub(crate) fn mirror_descriptor(descriptor: &Descriptor) -> Descriptor {
    std::array::from_fn(|index| {
        let (cell, direction) = (index / DIRECTIONS, index % DIRECTIONS);
        let (row, column) = (cell / CELLS, cell % CELLS);
        let opposite = (DIRECTIONS - direction) % DIRECTIONS;
        descriptor[((CELLS - 1 - row) * CELLS + column) * DIRECTIONS + opposite]
    })
}

/// The angle of a slope, 0 to a full turn, within half a thousandth.
#[inline]
fn slope_angle(y: f32, x: f32) -> f32 {
    let (large, small) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
    let ratio = small / large.max(1e-20);
    let square = ratio * ratio;
    let mut angle =
        ratio * (0.999_97 + square * (-0.331_7 + square * (0.185_2 - 0.067_95 * square)));
    if y.abs() > x.abs() {
        angle = PI / 2.0 - angle;
    }
    if x < 0.0 {
        angle = PI - angle;
    }
    if y < 0.0 {
        (TAU - angle).min(TAU - 1e-6)
    } else {
        angle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_near_enough() {
        for step in 0..720 {
            let exact = (step as f32 + 0.25) * TAU / 720.0;
            let (sin, cos) = exact.sin_cos();
            assert!(
                (slope_angle(3.0 * sin, 3.0 * cos) - exact).abs() < 4e-3,
                "{exact}"
            );
        }
        assert!(slope_angle(-1e-9, 1.0) < TAU);
    }

    #[test]
    fn mirroring_twice_changes_nothing() {
        let descriptor: Descriptor = std::array::from_fn(|n| n as u8);
        assert_ne!(mirror_descriptor(&descriptor), descriptor);
        assert_eq!(
            mirror_descriptor(&mirror_descriptor(&descriptor)),
            descriptor
        );
    }

    #[test]
    fn packed_numbers_have_one_length() {
        let values: Vec<f32> = (0..LENGTH).map(|n| ((n * 37) % 101) as f32).collect();
        let sum: f32 = quantise(&values)
            .iter()
            .map(|&v| f32::from(v).powi(2))
            .sum();
        assert!((sum.sqrt() - UNIT).abs() < 8.0, "{sum}");
        assert_eq!(quantise(&[0.0; LENGTH]), [0; LENGTH]);
    }
}
