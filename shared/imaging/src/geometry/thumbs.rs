//! Small colour copies in several sizes, to look at two pictures at any common
//! scale without reading their pixels again.

use crate::picture::Picture;

/// Longest side of the largest copy.
const LONGEST: u32 = 160;

/// Sides shorter than this are not halved.
const SHORTEST: usize = 8;

/// Pixels of the original looked at per side of one pixel of the copy.
const SAMPLES: usize = 3;

/// One copy.
#[derive(Debug)]
struct Level {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

/// A picture in several sizes, each half of the one before.
#[derive(Debug)]
pub(crate) struct Thumbs {
    /// Sides of the original.
    pub(crate) width: f64,
    pub(crate) height: f64,
    levels: Vec<Level>,
}

impl Thumbs {
    pub(crate) fn of(picture: &Picture) -> Self {
        let mut levels = vec![Level::of(picture)];
        while let Some(last) = levels.last() {
            if last.width.min(last.height) < 2 * SHORTEST {
                break;
            }
            let next = last.halved();
            levels.push(next);
        }
        Self {
            width: f64::from(picture.width()),
            height: f64::from(picture.height()),
            levels,
        }
    }

    /// Pixels of the original per pixel of the largest copy.
    pub(crate) fn finest(&self) -> f64 {
        (self.width / self.levels[0].width as f64).max(self.height / self.levels[0].height as f64)
    }

    /// The copy whose pixels are about as large as `step` pixels of the original.
    pub(crate) fn at(&self, step: f64) -> View<'_> {
        let level = (step / self.finest()).log2().round().max(0.0) as usize;
        let level = &self.levels[level.min(self.levels.len() - 1)];
        View {
            level,
            across: level.width as f64 / self.width,
            down: level.height as f64 / self.height,
        }
    }
}

/// One of the copies, read in coordinates of the original.
pub(crate) struct View<'a> {
    level: &'a Level,
    across: f64,
    down: f64,
}

impl View<'_> {
    /// The colour at a place of the original.
    pub(crate) fn colour(&self, [x, y]: [f64; 2]) -> [f32; 3] {
        let (width, height) = (self.level.width, self.level.height);
        let x = (x * self.across - 0.5).clamp(0.0, (width - 1) as f64) as f32;
        let y = (y * self.down - 0.5).clamp(0.0, (height - 1) as f64) as f32;
        let (left, upper) = (x as usize, y as usize);
        let (right, lower) = ((left + 1).min(width - 1), (upper + 1).min(height - 1));
        let (fx, fy) = (x - left as f32, y - upper as f32);
        let pixel = |column: usize, row: usize| self.level.pixels[row * width + column];
        let (a, b) = (pixel(left, upper), pixel(right, upper));
        let (c, d) = (pixel(left, lower), pixel(right, lower));
        std::array::from_fn(|n| {
            let top = a[n] + (b[n] - a[n]) * fx;
            let bottom = c[n] + (d[n] - c[n]) * fx;
            top + (bottom - top) * fy
        })
    }
}

impl Level {
    fn of(picture: &Picture) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let longest = width.max(height);
        let scaled = |side: u32| {
            let scaled = u64::from(side) * u64::from(LONGEST.min(longest)) / u64::from(longest);
            (scaled as usize).max(1)
        };
        let (columns, rows) = (scaled(width), scaled(height));
        let columns_read = places(width as usize, columns);
        let rows_read = places(height as usize, rows);
        let mut pixels = Vec::with_capacity(columns * rows);
        for block in rows_read.chunks_exact(rows_read.len() / rows) {
            for places in columns_read.chunks_exact(columns_read.len() / columns) {
                pixels.push(mean(picture, places, block));
            }
        }
        Self {
            width: columns,
            height: rows,
            pixels,
        }
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut pixels = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                let first = 2 * row * self.width + 2 * column;
                let second = first + self.width;
                let four = [first, first + 1, second, second + 1].map(|n| self.pixels[n]);
                pixels.push(std::array::from_fn(|n| {
                    four.iter().map(|p| p[n]).sum::<f32>() / 4.0
                }));
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }
}

/// The lines of the original that are read for each line of the copy.
fn places(side: usize, copies: usize) -> Vec<usize> {
    let each = (side / copies).clamp(1, SAMPLES);
    let parts = copies * each;
    (0..parts)
        .map(|n| (2 * n + 1) * side / (2 * parts))
        .collect()
}

fn mean(picture: &Picture, columns: &[usize], rows: &[usize]) -> [f32; 3] {
    let mut sum = [0u32; 3];
    for row in rows {
        let line = &picture.pixels()[row * picture.width() as usize..];
        for column in columns {
            for (sum, value) in sum.iter_mut().zip(line[*column]) {
                *sum += u32::from(value);
            }
        }
    }
    sum.map(|sum| sum as f32 / (columns.len() * rows.len()) as f32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_size_shows_the_same_slope() {
        let (width, height) = (640, 410);
        let pixel = |n: u32| [(n % width / 4) as u8, (n / width / 4) as u8, 77];
        let rgb = (0..width * height).flat_map(pixel).collect();
        let thumbs = Thumbs::of(&Picture::from_rgb(width, height, rgb).unwrap());
        assert!(thumbs.levels.len() >= 4);
        for step in [1.0, 8.0, 16.0, 64.0] {
            let [red, green, blue] = thumbs.at(step).colour([300.0, 200.0]);
            assert!((red - 74.5).abs() < 1.5, "{step}: {red}");
            assert!((green - 49.5).abs() < 1.5, "{step}: {green}");
            assert!((blue - 77.0).abs() < 0.1);
        }
    }

    #[test]
    fn the_smallest_pictures_have_one() {
        let picture = Picture::from_rgb(1, 3, vec![9; 9]).unwrap();
        assert!((Thumbs::of(&picture).at(1.0).colour([0.5, 1.5])[0] - 9.0).abs() < 1e-6);
    }
}
