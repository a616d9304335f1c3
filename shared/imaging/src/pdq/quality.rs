//! The quality of PDQ: how much detail there is in a picture.

use super::tent::{SIDE, Samples};

/// Sum of the visible steps between neighbouring samples, scaled to 0..=100.
///
/// Each step is cut to a whole percentage before it is added, so faint
/// gradients count as nothing; the reference does the same.
pub(super) fn measure_quality(samples: &Samples) -> u8 {
    let step = |a: f32, b: f32| ((a - b) * 100.0 / 255.0) as i32;
    let mut sum = 0;
    for row in 0..SIDE {
        for column in 0..SIDE {
            let here = samples[row][column];
            if row + 1 < SIDE {
                sum += step(here, samples[row + 1][column]).abs();
            }
            if column + 1 < SIDE {
                sum += step(here, samples[row][column + 1]).abs();
            }
        }
    }
    (sum / 90).min(100) as u8
}
