//! The discrete cosine transform of PDQ: from samples to coefficients, and from coefficients to bits.

use std::f64::consts::PI;
use std::sync::LazyLock;

use fearless_simd::{Level, dispatch};

use super::hash::Pdq;
use super::tent::{SIDE, Samples};
use crate::turn::Turn;

/// Frequencies kept in each direction: 1 to 16, without the mean.
const KEPT: usize = 16;

/// The cosine basis, transposed: `BASIS[k][i]` is frequency `i + 1` at sample `k`.
static BASIS: LazyLock<[[f32; KEPT]; SIDE]> = LazyLock::new(|| {
    // The scale is rounded to single precision first, as the reference does.
    let scale = f64::from((2.0 / SIDE as f64).sqrt() as f32);
    let mut basis = [[0.0; KEPT]; SIDE];
    for (k, row) in basis.iter_mut().enumerate() {
        for (i, value) in row.iter_mut().enumerate() {
            let angle = (PI / 2.0 / SIDE as f64) * (i + 1) as f64 * (2 * k + 1) as f64;
            *value = (scale * angle.cos()) as f32;
        }
    }
    basis
});

/// The low frequencies of a picture, row by row.
#[derive(Clone, Copy)]
pub(super) struct Coefficients([[f32; KEPT]; KEPT]);

impl Coefficients {
    /// Basis x samples x transposed basis. Each sum runs over ascending `k` in
    /// single precision: the order decides the last bit, and with it the hash.
    pub(super) fn of(samples: &Samples) -> Self {
        let level = Level::new();
        dispatch!(level, _simd => Self::summed(samples))
    }

    // Inlined into the code for each kind of processor.
    #[inline(always)]
    fn summed(samples: &Samples) -> Self {
        let basis = &*BASIS;
        let mut half = [[0.0_f32; SIDE]; KEPT];
        for (weights, samples) in basis.iter().zip(samples) {
            for (sums, weight) in half.iter_mut().zip(weights) {
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum += weight * sample;
                }
            }
        }
        let mut kept = [[0.0_f32; KEPT]; KEPT];
        for (sums, values) in kept.iter_mut().zip(&half) {
            for (weights, value) in basis.iter().zip(values) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += value * weight;
                }
            }
        }
        Self(kept)
    }

    /// The coefficients of the turned picture. Mirroring changes the sign of
    /// the odd frequencies, which have even indices.
    pub(super) fn turned(&self, turn: Turn) -> Self {
        let sign = |negative: bool, value: f32| if negative { -value } else { value };
        let mut turned = [[0.0; KEPT]; KEPT];
        for (i, row) in self.0.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                let (down, across, mixed) = (i % 2 == 0, j % 2 == 0, (i + j) % 2 == 1);
                match turn {
                    Turn::Keep => turned[i][j] = value,
                    Turn::Rotate90 => turned[j][i] = sign(across, value),
                    Turn::Rotate180 => turned[i][j] = sign(mixed, value),
                    Turn::Rotate270 => turned[j][i] = sign(down, value),
                    Turn::FlipX => turned[i][j] = sign(down, value),
                    Turn::FlipY => turned[i][j] = sign(across, value),
                    Turn::Transpose => turned[j][i] = value,
                    Turn::AntiTranspose => turned[j][i] = sign(mixed, value),
                }
            }
        }
        Self(turned)
    }

    /// One bit per coefficient: above the lower median or not.
    pub(super) fn hash(&self) -> Pdq {
        let coefficients = self.0.as_flattened();
        let mut sorted = [0.0; KEPT * KEPT];
        sorted.copy_from_slice(coefficients);
        // The reference takes the 128th smallest, not the mean of the middle two.
        let (_, &mut median, _) =
            sorted.select_nth_unstable_by(KEPT * KEPT / 2 - 1, f32::total_cmp);
        let mut bytes = [0; 32];
        for (bit, &value) in coefficients.iter().enumerate() {
            if value > median {
                bytes[31 - bit / 8] |= 1 << (bit % 8);
            }
        }
        Pdq(bytes)
    }
}
