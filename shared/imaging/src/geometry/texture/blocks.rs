//! Blocks of one band of detail: their correlation, and the shift at which they fit best.

use crate::geometry::plane::Plane;

/// Samples per side of a block.
pub(super) const BLOCK: usize = 16;

/// Blocks of a band from which on they are spaced out.
const MANY_BLOCKS: usize = 300;

/// Least spread of a band in both pictures, in grey levels, that is more than
/// the noise of a compression.
const MIN_SPREAD: f32 = 0.8;

/// One band of both, laid on each other.
pub(super) struct BandPair {
    pub(super) planes: [Plane; 2],
    pub(super) usable: Vec<bool>,
}

/// A block: how alike the two are where they lie, and where they fit best.
pub(super) struct TextureBlock {
    pub(super) middle: [f64; 2],
    pub(super) shift: [f64; 2],
    pub(super) spread: [f32; 2],
    pub(super) best: f32,
    pub(super) correlation: f32,
}

impl BandPair {
    /// Every block that is usable nearly everywhere, moved by up to so many samples.
    pub(super) fn blocks(&self, farthest: usize) -> Vec<TextureBlock> {
        let (width, height) = (self.planes[0].width, self.planes[0].height);
        let side = BLOCK.min(width.min(height).saturating_sub(2 * farthest));
        if side < BLOCK / 2 {
            return Vec::new();
        }
        // Few blocks are laid over each other by half, to have more of them.
        let mut stride = if width.min(height) < 5 * BLOCK {
            side / 2
        } else {
            side
        };
        while (width / stride) * (height / stride) > MANY_BLOCKS {
            stride += side / 2;
        }
        let mut blocks = Vec::new();
        for row in (farthest..=height - side - farthest).step_by(stride) {
            for column in (farthest..=width - side - farthest).step_by(stride) {
                let usable = (0..side)
                    .flat_map(|y| &self.usable[(row + y) * width + column..][..side])
                    .filter(|it| **it)
                    .count();
                if 8 * usable >= 7 * side * side {
                    blocks.push(self.block([column, row], side, farthest));
                }
            }
        }
        blocks
    }

    fn block(&self, [column, row]: [usize; 2], side: usize, farthest: usize) -> TextureBlock {
        let across = 2 * farthest + 1;
        let moved: Vec<(f32, [f32; 2])> = (0..across * across)
            .map(|n| {
                let to = [column + n % across - farthest, row + n / across - farthest];
                correlate(&self.planes, [column, row], to, side)
            })
            .collect();
        let best = (0..moved.len())
            .max_by(|a, b| moved[*a].0.total_cmp(&moved[*b].0))
            .unwrap_or(0);
        // Between samples: the top of a parabola through the neighbours.
        let between = |place: usize, stride: usize| {
            if place == 0 || place + 1 == across {
                return 0.0;
            }
            let [before, here, behind] = [
                moved[best - stride].0,
                moved[best].0,
                moved[best + stride].0,
            ];
            let bend = before - 2.0 * here + behind;
            if bend < -1e-6 {
                f64::from((before - behind) / (2.0 * bend)).clamp(-0.5, 0.5)
            } else {
                0.0
            }
        };
        let [x, y] = [best % across, best / across];
        let half = side as f64 / 2.0;
        let (correlation, spread) = moved[moved.len() / 2];
        TextureBlock {
            middle: [column as f64 + half, row as f64 + half],
            shift: [
                x as f64 - farthest as f64 + between(x, 1),
                y as f64 - farthest as f64 + between(y, across),
            ],
            spread,
            best: moved[best].0,
            correlation,
        }
    }
}

impl TextureBlock {
    pub(super) fn is_textured(&self) -> bool {
        self.spread[0].min(self.spread[1]) >= MIN_SPREAD
    }
}

/// How alike a block of one and a block of the other go up and down, and how
/// much each does.
fn correlate(
    planes: &[Plane; 2],
    from: [usize; 2],
    to: [usize; 2],
    side: usize,
) -> (f32, [f32; 2]) {
    let (mut sums, mut squares, mut products) = ([0.0f32; 2], [0.0f32; 2], 0.0f32);
    for row in 0..side {
        let one = &planes[0].row(from[1] + row)[from[0]..][..side];
        let other = &planes[1].row(to[1] + row)[to[0]..][..side];
        for (p, q) in one.iter().zip(other) {
            sums[0] += p;
            sums[1] += q;
            squares[0] += p * p;
            squares[1] += q * q;
            products += p * q;
        }
    }
    let count = (side * side) as f32;
    let means = sums.map(|sum| sum / count);
    let variance = |n: usize| (squares[n] / count - means[n] * means[n]).max(0.0);
    let variances = [variance(0), variance(1)];
    let shared = products / count - means[0] * means[1];
    let spread = variances.map(f32::sqrt);
    (shared / (spread[0] * spread[1]).max(1e-6), spread)
}
