//! The twelve hard edits, which hide a picture or leave little of it.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::frames;
use crate::parts::{STICKER_MIDDLE, STICKER_RADIUS};

/// Side of an avatar, in pixels.
const AVATAR: u32 = 64;

/// Side of a picture put into another, in shares of the other's.
const INSET: f64 = 0.12;

/// Every colour the opposite one.
pub(crate) fn inverted(picture: &RgbImage) -> RgbImage {
    let mut changed = picture.clone();
    imageops::invert(&mut changed);
    changed
}

/// A yellow disc with eyes and a mouth over the middle.
pub(crate) fn sticker(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let radius = f64::from(width.min(height)) * STICKER_RADIUS;
    let middle = [
        f64::from(width) * STICKER_MIDDLE[0],
        f64::from(height) * STICKER_MIDDLE[1],
    ];
    let mut out = picture.clone();
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        let (x, y) = (
            (f64::from(x) - middle[0]) / radius,
            (f64::from(y) - middle[1]) / radius,
        );
        let from = |u: f64, v: f64| (x - u).hypot(y - v);
        let is_mouth = y > 0.15 && (0.45..0.6).contains(&from(0.0, 0.05));
        if from(0.0, 0.0) < 1.0 {
            let is_dark = is_mouth || from(-0.35, -0.25).min(from(0.35, -0.25)) < 0.14;
            *pixel = Rgb(if is_dark {
                [60, 40, 10]
            } else {
                [250, 205, 60]
            });
        }
    }
    out
}

/// The picture small in a corner of a page of patterned ground.
pub(crate) fn inset(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let mut out = ground(width.max(640) * 2, height.max(640) * 2);
    let side = |length: u32, of: u32| {
        let wanted = f64::from(of) * INSET / f64::from(width.max(height));
        ((f64::from(length) * wanted) as u32).max(1)
    };
    let longest = out.width().max(out.height());
    let small = imageops::resize(
        picture,
        side(width, longest),
        side(height, longest),
        FilterType::Triangle,
    );
    let (left, top) = (out.width() * 3 / 5, out.height() / 5);
    imageops::replace(&mut out, &small, i64::from(left), i64::from(top));
    out
}

/// The square in the middle as an avatar.
pub(crate) fn avatar(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let side = width.min(height) * 4 / 5;
    let (left, top) = ((width - side) / 2, (height - side) / 3);
    let square = imageops::crop_imm(picture, left, top, side, side).to_image();
    imageops::resize(&square, AVATAR, AVATAR, FilterType::Triangle)
}

/// The middle in coarse blocks, then cropped and watermarked.
pub(crate) fn pixelated(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (across, down) = (width * 2 / 5, height * 2 / 5);
    let (left, top) = ((width - across) / 2, (height - down) / 2);
    let part = imageops::crop_imm(picture, left, top, across, down).to_image();
    let coarse = imageops::resize(&part, 8, 8, FilterType::Triangle);
    let part = imageops::resize(&coarse, across, down, FilterType::Nearest);
    let mut out = picture.clone();
    imageops::replace(&mut out, &part, i64::from(left), i64::from(top));
    let (left, top) = (width / 10, height / 10);
    let cropped = imageops::crop_imm(&out, left, top, width - 2 * left, height - 2 * top);
    watermarked(&cropped.to_image())
}

/// Slanting light stripes over everything.
pub(crate) fn watermarked(picture: &RgbImage) -> RgbImage {
    let step = (picture.width().max(picture.height()) / 8).max(8);
    let mut out = picture.clone();
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        if (x + y) % step < step / 6 && !((x + 2 * y) / step).is_multiple_of(3) {
            pixel.0 = pixel.0.map(|value| value / 2 + 110);
        }
    }
    out
}

/// A quarter of the picture, mirrored, on a phone's screen.
pub(crate) fn quarter_on_screen(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (across, down) = ((width / 2).max(1), (height / 2).max(1));
    let part = imageops::crop_imm(picture, width / 4, height / 4, across, down).to_image();
    frames::screenshot(&imageops::flip_horizontal(&part))
}

/// The right half black.
pub(crate) fn half_black(picture: &RgbImage) -> RgbImage {
    let mut out = picture.clone();
    let middle = out.width() / 2;
    for (x, _, pixel) in out.enumerate_pixels_mut() {
        if x >= middle {
            *pixel = Rgb([0; 3]);
        }
    }
    out
}

/// The right half something else.
pub(crate) fn half_other(picture: &RgbImage) -> RgbImage {
    let mut out = ground(picture.width(), picture.height());
    let left = imageops::crop_imm(picture, 0, 0, (out.width() / 2).max(1), out.height());
    imageops::replace(&mut out, &left.to_image(), 0, 0);
    out
}

/// Half the picture, half something else, over each other.
pub(crate) fn blended(picture: &RgbImage) -> RgbImage {
    let mut out = ground(picture.width(), picture.height());
    for (pixel, own) in out.pixels_mut().zip(picture.pixels()) {
        for (value, own) in pixel.0.iter_mut().zip(own.0) {
            *value = value.midpoint(own);
        }
    }
    out
}

/// A filter as for a poster: few colours and strong contrast.
pub(crate) fn styled(picture: &RgbImage) -> RgbImage {
    let mut out = imageops::blur(picture, 1.5);
    for pixel in out.pixels_mut() {
        let [red, green, blue] = pixel.0.map(f32::from);
        let grey = 0.3 * red + 0.6 * green + 0.1 * blue;
        let step = |value: f32, lift: f32| {
            let strong = grey + 1.8 * (value - grey) + lift;
            let strong = (128.0 + 1.6 * (strong - 128.0)).clamp(0.0, 255.0);
            ((strong / 51.0).round() * 51.0) as u8
        };
        pixel.0 = [step(red, 18.0), step(green, -6.0), step(blue, -14.0)];
    }
    out
}

/// That filter on the middle 60 %.
pub(crate) fn styled_crop(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (across, down) = ((width * 3 / 5).max(1), (height * 3 / 5).max(1));
    styled(&imageops::crop_imm(picture, width / 5, height / 5, across, down).to_image())
}

/// Something else than the picture: soft patterns in several sizes.
fn ground(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let wave = |a: f64, b: f64, turn: f64| ((x * a + y * b).sin() + turn).sin();
        let value = wave(0.021, 0.013, 0.4) + wave(-0.05, 0.07, 1.1) + wave(0.11, 0.09, 2.0);
        let at = |scale: f64, lift: f64| (lift + scale * value).clamp(0.0, 255.0) as u8;
        Rgb([at(30.0, 120.0), at(25.0, 140.0), at(-20.0, 110.0)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edit_leaves_a_picture_that_is_another() {
        let picture = RgbImage::from_fn(200, 120, |x, y| Rgb([x as u8, (2 * y) as u8, 90]));
        for (edit, sides) in [
            (inverted as fn(&RgbImage) -> RgbImage, (200, 120)),
            (sticker, (200, 120)),
            (inset, (1280, 1280)),
            (avatar, (64, 64)),
            (pixelated, (160, 96)),
            (watermarked, (200, 120)),
            (half_black, (200, 120)),
            (half_other, (200, 120)),
            (blended, (200, 120)),
            (styled, (200, 120)),
            (styled_crop, (120, 72)),
        ] {
            let edited = edit(&picture);
            assert_eq!(edited.dimensions(), sides);
            assert_ne!(edited, picture);
        }
    }

    #[test]
    fn an_inset_is_an_eighth_of_the_side() {
        let red = RgbImage::from_pixel(400, 400, Rgb([255, 0, 0]));
        let page = inset(&red);
        let count = page.pixels().filter(|pixel| pixel.0 == [255, 0, 0]).count();
        let side = f64::from(page.width()) * INSET;
        assert!((count as f64).sqrt() - side < 2.0, "{count}");
    }
}
