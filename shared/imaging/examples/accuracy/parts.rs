//! Edits of a part of a picture, each with the region it changes.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::frames;

/// Where a face is blurred, pixelated or barred: left, top, right, bottom in shares of the sides.
pub(crate) const PART: [f64; 4] = [0.35, 0.2, 0.65, 0.6];

/// Where bars are laid: over the eyes, and below.
pub(crate) const BARS: [[f64; 4]; 2] = [[0.3, 0.28, 0.7, 0.36], [0.25, 0.6, 0.75, 0.72]];

/// Radius of the sticker in shorter sides, and where its middle is.
pub(crate) const STICKER_RADIUS: f64 = 0.22;
pub(crate) const STICKER_MIDDLE: [f64; 2] = [0.5, 0.45];

/// Translucent words all over the picture.
pub(crate) fn tiled_watermark(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let mut words = RgbImage::new(width, height);
    let dot = (width.max(height) / 300).max(1);
    let (across, down) = (dot * 80, dot * 26);
    for (row, top) in (0..height).step_by(down as usize).enumerate() {
        let shift = if row % 2 == 0 { 0 } else { across / 2 };
        for left in (shift..width).step_by(across as usize) {
            frames::write(
                &mut words,
                "LEAKED HERE",
                [left, top + dot * 6],
                dot,
                Rgb([255; 3]),
            );
        }
    }
    let mut out = picture.clone();
    for (pixel, word) in out.pixels_mut().zip(words.pixels()) {
        if word.0[0] > 0 {
            pixel.0 = pixel.0.map(|value| (u16::from(value) * 6 / 10 + 102) as u8);
        }
    }
    out
}

/// A part in coarse blocks.
pub(crate) fn pixelated_part(picture: &RgbImage) -> RgbImage {
    change_part(picture, PART, |part| {
        let coarse = imageops::resize(part, 8, 8, FilterType::Triangle);
        imageops::resize(&coarse, part.width(), part.height(), FilterType::Nearest)
    })
}

/// A part blurred beyond recognition.
pub(crate) fn blurred_part(picture: &RgbImage) -> RgbImage {
    change_part(picture, PART, |part| {
        imageops::blur(part, part.width().max(part.height()) as f32 / 18.0)
    })
}

/// Two black bars.
pub(crate) fn censor_bars(picture: &RgbImage) -> RgbImage {
    BARS.into_iter().fold(picture.clone(), |picture, bar| {
        change_part(&picture, bar, |part| {
            RgbImage::new(part.width(), part.height())
        })
    })
}

fn change_part(
    picture: &RgbImage,
    [left, top, right, bottom]: [f64; 4],
    change: impl Fn(&RgbImage) -> RgbImage,
) -> RgbImage {
    let at = |share: f64, side: u32| (share * f64::from(side)) as u32;
    let (width, height) = picture.dimensions();
    let (x, y) = (at(left, width), at(top, height));
    let (across, down) = (at(right, width) - x, at(bottom, height) - y);
    let part = imageops::crop_imm(picture, x, y, across.max(1), down.max(1)).to_image();
    let mut out = picture.clone();
    imageops::replace(&mut out, &change(&part), i64::from(x), i64::from(y));
    out
}
