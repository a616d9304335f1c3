//! Thumbnails: small colour copies in several sizes, to compare two pictures at any common
//! scale without reading their pixels again.

use crate::picture::Picture;

/// Longest side of the largest copy.
const LONGEST_SIDE: u32 = 160;
const FINE_LONGEST_SIDE: u32 = 480;

/// Sides shorter than this are not halved.
const MIN_HALVED_SIDE: usize = 8;

/// Share of the pixels that must be evenly of one grey for it to be a ground.
const MIN_GROUND_SHARE: f64 = 0.04;

/// Grey levels by which an even place varies.
const EVEN_GREY_LEVELS: u8 = 5;

/// Pixels of the original sampled per side of one pixel of the copy.
const MAX_SAMPLES_PER_SIDE: usize = 3;

/// One copy.
#[derive(Debug)]
struct ThumbLevel {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

/// A picture in several sizes, each half of the one before.
#[derive(Debug)]
pub(crate) struct Thumbnails {
    /// Sides of the original.
    pub(crate) width: f64,
    pub(crate) height: f64,
    levels: Vec<ThumbLevel>,
    /// For each pixel of the largest copy, whether it lies on a ground of the picture.
    on_ground: Vec<bool>,
}

impl Thumbnails {
    pub(crate) fn of(picture: &Picture) -> Self {
        Self::up_to(LONGEST_SIDE, picture)
    }

    /// With larger copies, to compare small parts.
    pub(crate) fn fine(picture: &Picture) -> Self {
        Self::up_to(FINE_LONGEST_SIDE, picture)
    }

    fn up_to(longest: u32, picture: &Picture) -> Self {
        let (largest, reaches) = ThumbLevel::of(picture, longest);
        let mut levels = vec![largest];
        while let Some(last) = levels.last() {
            if last.width.min(last.height) < 2 * MIN_HALVED_SIDE {
                break;
            }
            let next = last.halved();
            levels.push(next);
        }
        Self {
            width: f64::from(picture.width()),
            height: f64::from(picture.height()),
            levels,
            on_ground: mark_ground(&reaches),
        }
    }

    /// Pixels of the original per pixel of the largest copy.
    pub(crate) fn finest(&self) -> f64 {
        (self.width / self.levels[0].width as f64).max(self.height / self.levels[0].height as f64)
    }

    /// Whether a place of the original lies on a ground.
    pub(crate) fn on_ground(&self, [x, y]: [f64; 2]) -> bool {
        let ThumbLevel { width, height, .. } = &self.levels[0];
        let column = (x / self.width * *width as f64) as usize;
        let row = (y / self.height * *height as f64) as usize;
        self.on_ground[row.min(height - 1) * width + column.min(width - 1)]
    }

    /// The copy whose pixels are about as large as `step` pixels of the original.
    pub(crate) fn at(&self, step: f64) -> ThumbView<'_> {
        let level = (step / self.finest()).log2().round().max(0.0) as usize;
        let level = level.min(self.levels.len() - 1);
        // Not the copy's own sides: halving drops what is left over.
        let (largest, halvings) = (&self.levels[0], (1u64 << level) as f64);
        ThumbView {
            level: &self.levels[level],
            across: largest.width as f64 / halvings / self.width,
            down: largest.height as f64 / halvings / self.height,
        }
    }
}

/// The darkest and the brightest of the pixels that one pixel of the copy was
/// made of.
type GreyRange = [u8; 2];

/// Marks the pixels that show a ground, or something thin drawn on it: a grey
/// that a good part of the picture is evenly of. Paper, a screen, a black sky;
/// a caption over a night has two.
fn mark_ground(reaches: &[GreyRange]) -> Vec<bool> {
    let mut even = [0usize; 256];
    for [low, high] in reaches {
        if high - low <= EVEN_GREY_LEVELS {
            even[usize::from(*low)] += 1;
        }
    }
    let near = |grey: usize| {
        let (first, last) = (grey.saturating_sub(2), (grey + 2).min(255));
        even[first..=last].iter().sum::<usize>()
    };
    let much = |grey: usize| near(grey) as f64 >= MIN_GROUND_SHARE * reaches.len() as f64;
    let grounds: [bool; 256] = std::array::from_fn(much);
    let about: [bool; 256] = std::array::from_fn(|grey| {
        let reach = 2 * usize::from(EVEN_GREY_LEVELS);
        grounds[grey.saturating_sub(reach)..=(grey + reach).min(255)].contains(&true)
    });
    let shows = |reach: &GreyRange| reach.iter().any(|grey| about[usize::from(*grey)]);
    reaches.iter().map(shows).collect()
}

/// One of the copies, read in coordinates of the original.
pub(crate) struct ThumbView<'a> {
    level: &'a ThumbLevel,
    across: f64,
    down: f64,
}

impl ThumbView<'_> {
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

impl ThumbLevel {
    /// The copy whose longest side has so many pixels.
    fn of(picture: &Picture, most: u32) -> (Self, Vec<GreyRange>) {
        let (width, height) = (picture.width(), picture.height());
        let longest = width.max(height);
        let scaled = |side: u32| {
            let scaled = u64::from(side) * u64::from(most.min(longest)) / u64::from(longest);
            (scaled as usize).max(1)
        };
        let (columns, rows) = (scaled(width), scaled(height));
        let columns_read = sample_places(width as usize, columns);
        let rows_read = sample_places(height as usize, rows);
        let mut pixels = Vec::with_capacity(columns * rows);
        let mut reaches = Vec::with_capacity(columns * rows);
        for block in rows_read.chunks_exact(rows_read.len() / rows) {
            for places in columns_read.chunks_exact(columns_read.len() / columns) {
                let (mean, reach) = sample_block(picture, places, block);
                pixels.push(mean);
                reaches.push(reach);
            }
        }
        let level = Self {
            width: columns,
            height: rows,
            pixels,
        };
        (level, reaches)
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
fn sample_places(side: usize, copies: usize) -> Vec<usize> {
    let each = (side / copies).clamp(1, MAX_SAMPLES_PER_SIDE);
    let parts = copies * each;
    (0..parts)
        .map(|n| (2 * n + 1) * side / (2 * parts))
        .collect()
}

/// The mean colour of the pixels read, and how dark and bright their green is.
fn sample_block(picture: &Picture, columns: &[usize], rows: &[usize]) -> ([f32; 3], GreyRange) {
    let mut sum = [0u32; 3];
    let (mut low, mut high) = (u8::MAX, 0);
    for row in rows {
        let line = &picture.pixels()[row * picture.width() as usize..];
        for column in columns {
            let pixel = line[*column];
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += u32::from(value);
            }
            low = low.min(pixel[1]);
            high = high.max(pixel[1]);
        }
    }
    let count = (columns.len() * rows.len()) as f32;
    (sum.map(|sum| sum as f32 / count), [low, high])
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
        let thumbs = Thumbnails::of(&Picture::from_rgb(width, height, rgb).unwrap());
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
        assert!((Thumbnails::of(&picture).at(1.0).colour([0.5, 1.5])[0] - 9.0).abs() < 1e-6);
    }

    #[test]
    fn a_picture_may_have_two_grounds() {
        let (width, height) = (320u32, 320u32);
        // White above, black below, in between a slope with no even part.
        let grey = |n: u32| match n / width {
            0..60 => 250,
            260.. => 5,
            row => (row * 37 + n % width * 29) as u8,
        };
        let rgb = (0..width * height).flat_map(|n| [grey(n); 3]).collect();
        let thumbs = Thumbnails::of(&Picture::from_rgb(width, height, rgb).unwrap());
        let on_ground = |y: u32| {
            let places = (0..160).filter(|x| thumbs.on_ground([f64::from(2 * x), f64::from(y)]));
            places.count()
        };
        assert_eq!([on_ground(20), on_ground(300)], [160, 160]);
        assert!(on_ground(150) < 80, "{}", on_ground(150));
    }
}
