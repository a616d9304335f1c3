//! Grey pictures in floating point: blurring, halving, sampling.

use fearless_simd::{Level, dispatch};

use crate::picture::Picture;

/// A grey picture, values 0 to 255.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f32>,
}

impl Plane {
    pub(crate) fn luma(picture: &Picture) -> Self {
        let luma = |[red, green, blue]: &[u8; 3]| {
            0.299 * f32::from(*red) + 0.587 * f32::from(*green) + 0.114 * f32::from(*blue)
        };
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            values: picture.pixels().iter().map(luma).collect(),
        }
    }

    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// Blurred by a Gaussian.
    pub(crate) fn blurred(&self, sigma: f32) -> Self {
        let kernel = half_kernel(sigma);
        let level = Level::new();
        dispatch!(level, _simd => blur_columns(&blur_rows(self, &kernel), &kernel))
    }

    /// Every second pixel of every second row.
    pub(crate) fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut values = Vec::with_capacity(width * height);
        for row in 0..height {
            let pixels = self.row(2 * row);
            values.extend((0..width).map(|column| pixels[2 * column]));
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// Twice as wide and as high, between pixels by straight lines.
    pub(crate) fn doubled(&self) -> Self {
        let wide = self.widened();
        wide.transposed().widened().transposed()
    }

    /// Twice as wide: each pixel gives way to two, a quarter of a pixel to its left
    /// and to its right.
    fn widened(&self) -> Self {
        let mut values = Vec::with_capacity(2 * self.values.len());
        for row in self.values.chunks_exact(self.width) {
            for (column, value) in row.iter().enumerate() {
                let left = row[column.saturating_sub(1)];
                let right = row[(column + 1).min(self.width - 1)];
                values.extend([left, right].map(|beside| 0.75 * value + 0.25 * beside));
            }
        }
        Self {
            width: 2 * self.width,
            height: self.height,
            values,
        }
    }

    /// Squeezed to a square of its shorter side, or of `longest` if that is less.
    pub(crate) fn squared(&self, longest: usize) -> Self {
        let side = self.width.min(self.height).min(longest);
        self.squeezed(side).transposed().squeezed(side).transposed()
    }

    /// Squeezed to this width. Each pixel is the mean of what falls into it, so that fine lines do not
    /// flicker.
    fn squeezed(&self, width: usize) -> Self {
        let step = self.width as f32 / width as f32;
        let each = step.ceil() as usize;
        let last = (self.width - 1) as f32;
        let place = |n: usize| {
            let (pixel, part) = (n / each, (n % each) as f32);
            let x = (pixel as f32 + (part + 0.5) / each as f32) * step - 0.5;
            let x = x.clamp(0.0, last);
            let left = x as usize;
            (left, (left + 1).min(self.width - 1), x - left as f32)
        };
        let places: Vec<_> = (0..width * each).map(place).collect();
        let mut values = Vec::with_capacity(width * self.height);
        for row in self.values.chunks_exact(self.width) {
            values.extend(places.chunks_exact(each).map(|parts| {
                let read = |&(left, right, share): &(usize, usize, f32)| {
                    row[left] + (row[right] - row[left]) * share
                };
                parts.iter().map(read).sum::<f32>() / each as f32
            }));
        }
        Self {
            width,
            height: self.height,
            values,
        }
    }

    fn transposed(&self) -> Self {
        let value = |n: usize| self.values[n % self.height * self.width + n / self.height];
        Self {
            width: self.height,
            height: self.width,
            values: (0..self.values.len()).map(value).collect(),
        }
    }

    /// This plane minus another of the same size.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        let differences = self.values.iter().zip(&other.values).map(|(a, b)| a - b);
        Self {
            width: self.width,
            height: self.height,
            values: differences.collect(),
        }
    }

    /// Values between pixels, at places across and down counted from the first pixel's centre; the
    /// edge goes on outside. The plane has two pixels a side or more.
    // Inlined into the code for each kind of processor, which closures are not always.
    #[inline(always)]
    pub(crate) fn samples<const N: usize>(
        &self,
        xs: &[f32; N],
        ys: &[f32; N],
        values: &mut [f32; N],
    ) {
        let [right, bottom] = [self.width - 1, self.height - 1];
        let mut corners = [[0.0; N]; 4];
        let (mut columns, mut rows) = ([0; N], [0; N]);
        let (mut fx, mut fy) = ([0.0; N], [0.0; N]);
        for n in 0..N {
            let (x, y) = (
                xs[n].clamp(0.0, right as f32),
                ys[n].clamp(0.0, bottom as f32),
            );
            // At the edge it is the whole way from the pixel before.
            (columns[n], rows[n]) = (
                (x as i32).min(right as i32 - 1),
                (y as i32).min(bottom as i32 - 1),
            );
            (fx[n], fy[n]) = (x - columns[n] as f32, y - rows[n] as f32);
        }
        for n in 0..N {
            let upper = &self.values[rows[n] as usize * self.width + columns[n] as usize..];
            let lower = &upper[self.width..];
            [corners[0][n], corners[1][n]] = [upper[0], upper[1]];
            [corners[2][n], corners[3][n]] = [lower[0], lower[1]];
        }
        let [a, b, c, d] = &corners;
        for n in 0..N {
            let top = a[n] * (1.0 - fx[n]) + b[n] * fx[n];
            let bottom = c[n] * (1.0 - fx[n]) + d[n] * fx[n];
            values[n] = top * (1.0 - fy[n]) + bottom * fy[n];
        }
    }
}

/// The middle and one side of a Gaussian, of sum one when unfolded.
fn half_kernel(sigma: f32) -> Vec<f32> {
    let radius = (2.7 * sigma).ceil() as usize;
    let weight = |distance: usize| (-((distance * distance) as f32) / (2.0 * sigma * sigma)).exp();
    let mut kernel: Vec<f32> = (0..=radius).map(weight).collect();
    let sum = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
    kernel.iter_mut().for_each(|value| *value /= sum);
    kernel
}

/// Blurs along the rows.
// This and the next are inlined into the code for each kind of processor.
#[inline(always)]
fn blur_rows(plane: &Plane, kernel: &[f32]) -> Plane {
    let radius = kernel.len() - 1;
    let mut values = vec![0.0; plane.values.len()];
    let mut padded = vec![0.0; plane.width + 2 * radius];
    for (row, target) in values.chunks_exact_mut(plane.width).enumerate() {
        let source = plane.row(row);
        padded[..radius].fill(source[0]);
        padded[radius..radius + plane.width].copy_from_slice(source);
        padded[radius + plane.width..].fill(source[plane.width - 1]);
        let middle = &padded[radius..][..plane.width];
        for (value, pixel) in target.iter_mut().zip(middle) {
            *value = pixel * kernel[0];
        }
        for (distance, weight) in kernel.iter().enumerate().skip(1) {
            let before = &padded[radius - distance..][..plane.width];
            let behind = &padded[radius + distance..][..plane.width];
            for ((value, a), b) in target.iter_mut().zip(before).zip(behind) {
                *value += (a + b) * weight;
            }
        }
    }
    Plane {
        width: plane.width,
        height: plane.height,
        values,
    }
}

/// Blurs down the columns, a row at a time so that memory is read in order.
#[inline(always)]
fn blur_columns(plane: &Plane, kernel: &[f32]) -> Plane {
    let mut values = vec![0.0; plane.values.len()];
    for (row, target) in values.chunks_exact_mut(plane.width).enumerate() {
        for (value, pixel) in target.iter_mut().zip(plane.row(row)) {
            *value = pixel * kernel[0];
        }
        for (distance, weight) in kernel.iter().enumerate().skip(1) {
            let above = plane.row(row.saturating_sub(distance));
            let below = plane.row((row + distance).min(plane.height - 1));
            for ((value, a), b) in target.iter_mut().zip(above).zip(below) {
                *value += (a + b) * weight;
            }
        }
    }
    Plane {
        width: plane.width,
        height: plane.height,
        values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(plane: &Plane, x: f32, y: f32) -> f32 {
        let mut value = [0.0];
        plane.samples(&[x], &[y], &mut value);
        value[0]
    }

    fn spot() -> Plane {
        let mut values = vec![0.0; 41 * 31];
        values[15 * 41 + 20] = 1000.0;
        Plane {
            width: 41,
            height: 31,
            values,
        }
    }

    #[test]
    fn doubling_keeps_the_light_and_the_slope() {
        let doubled = spot().doubled();
        assert_eq!((doubled.width, doubled.height), (82, 62));
        let light: f32 = doubled.values.iter().sum();
        assert!((light - 4000.0).abs() < 0.1, "{light}");
        let slope = Plane {
            width: 8,
            height: 3,
            values: (0..24).map(|n| (n % 8) as f32).collect(),
        };
        assert!((sample(&slope.doubled(), 7.0, 2.0) - 3.25).abs() < 1e-5);
    }

    #[test]
    fn a_blur_keeps_the_light_and_the_symmetry() {
        let blurred = spot().blurred(2.0);
        let sum: f32 = blurred.values.iter().sum();
        assert!((sum - 1000.0).abs() < 0.1, "{sum}");
        assert!((sample(&blurred, 17.0, 15.0) - sample(&blurred, 20.0, 18.0)).abs() < 1e-3);
        // The height of a Gaussian of this width.
        assert!((sample(&blurred, 20.0, 15.0) - 39.8).abs() < 1.0);
    }

    #[test]
    fn a_square_shows_the_whole_width() {
        let slope = Plane {
            width: 60,
            height: 20,
            values: (0..60 * 20).map(|n| (n % 60) as f32).collect(),
        };
        let square = slope.squared(100);
        assert_eq!((square.width, square.height), (20, 20));
        assert!((square.row(7)[0] - 1.0).abs() < 1e-3 && (square.row(19)[19] - 58.0).abs() < 1e-3);
    }

    #[test]
    fn between_pixels_and_outside() {
        let plane = Plane {
            width: 2,
            height: 2,
            values: vec![10.0, 20.0, 30.0, 50.0],
        };
        for (x, y, value) in [
            (0.5, 0.0, 15.0),
            (0.0, 0.25, 15.0),
            (0.5, 0.5, 27.5),
            (-9.0, -7.0, 10.0),
            (9.0, 0.0, 20.0),
            (9.0, 7.0, 50.0),
        ] {
            assert!((sample(&plane, x, y) - value).abs() < 1e-5, "{x} {y}");
        }
    }
}
