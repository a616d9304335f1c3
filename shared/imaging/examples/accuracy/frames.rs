//! Frames around a picture: a caption bar, a phone's screen.
//!
//! The words and the furniture are the same for every picture on purpose: they
//! are what a matcher must not mistake for the picture.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
const BLACK: Rgb<u8> = Rgb([0, 0, 0]);
const DIM: Rgb<u8> = Rgb([142, 142, 147]);
const PAPER: Rgb<u8> = Rgb([250, 250, 250]);

/// Height of the caption bar in heights of the picture.
const CAPTION_SHARE: f64 = 0.18;

/// A phone's screen: its height in widths, and the longer side it is saved with.
const SCREEN_SHAPE: f64 = 19.5 / 9.0;
const SCREEN_SIDE: u32 = 1280;

/// Width of a letter and the gap after it, and its height, in letter dots.
const LETTER: u32 = 6;
const LETTER_HEIGHT: u32 = 7;

/// A white bar with two lines of words over the picture.
pub(crate) fn caption(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let bar = ((f64::from(height) * CAPTION_SHARE) as u32).max(24);
    let mut out = RgbImage::from_pixel(width, height + bar, WHITE);
    imageops::replace(&mut out, picture, 0, i64::from(bar));
    let dot = (width / (18 * LETTER)).clamp(1, (bar / (3 * LETTER_HEIGHT)).max(1));
    let line = bar / 2;
    let margin = line.saturating_sub(LETTER_HEIGHT * dot) / 2;
    write(
        &mut out,
        "LOOK WHO I FOUND",
        [width / 20, margin],
        dot,
        BLACK,
    );
    write(
        &mut out,
        "LAST NIGHT",
        [width / 20, line + margin],
        dot,
        BLACK,
    );
    out
}

/// The picture in a feed on a phone, saved as a screenshot.
pub(crate) fn screenshot(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let unit = (width / 40).max(4);
    let (above, below) = (8 * unit, 14 * unit);
    let tall = (f64::from(width) * SCREEN_SHAPE) as u32;
    let screen = tall.max(height + above + below);
    let mut out = RgbImage::from_pixel(width, screen, PAPER);
    let top = above + (screen - above - below - height) / 3;
    head(&mut out, unit, top);
    imageops::replace(&mut out, picture, 0, i64::from(top));
    foot(&mut out, unit, top + height);
    let scale = f64::from(SCREEN_SIDE) / f64::from(screen);
    if scale >= 1.0 {
        return out;
    }
    let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    imageops::resize(&out, side(width), side(screen), FilterType::Triangle)
}

/// Clock and battery at the top of the screen, the sender's name over the picture.
fn head(out: &mut RgbImage, unit: u32, top: u32) {
    let width = out.width();
    let dot = (unit / 6).max(1);
    write(out, "9:41", [2 * unit, unit / 2], dot, BLACK);
    fill(out, [width - 5 * unit, unit / 2, 3 * unit, unit], DIM);
    let row = top.saturating_sub(4 * unit);
    disc(out, [3 * unit, row + 2 * unit], unit + unit / 2, DIM);
    write(out, "NINA K", [6 * unit, row + unit / 2], dot * 2, BLACK);
    write(
        out,
        "2 HOURS AGO",
        [6 * unit, row + 2 * unit + unit / 2],
        dot,
        DIM,
    );
}

/// The row of buttons, the words under the picture, the bar at the bottom.
fn foot(out: &mut RgbImage, unit: u32, bottom: u32) {
    let (width, height) = out.dimensions();
    let dot = (unit / 6).max(1);
    for place in 0..3 {
        disc(
            out,
            [(2 + 4 * place) * unit + unit, bottom + 2 * unit],
            unit,
            BLACK,
        );
        disc(
            out,
            [(2 + 4 * place) * unit + unit, bottom + 2 * unit],
            unit * 3 / 4,
            PAPER,
        );
    }
    write(
        out,
        "128 LIKES",
        [2 * unit, bottom + 4 * unit],
        dot * 2,
        BLACK,
    );
    write(
        out,
        "WHEN YOU KNOW YOU KNOW",
        [2 * unit, bottom + 7 * unit],
        dot,
        BLACK,
    );
    let bar = height - 4 * unit;
    fill(out, [0, bar, width, unit / 8 + 1], DIM);
    for place in 1..5 {
        let middle = width * place / 5;
        fill(out, [middle - unit / 2, bar + unit, unit, unit], DIM);
    }
}

/// Fills the rectangle x, y, width, height as far as it is on the canvas.
pub(crate) fn fill(out: &mut RgbImage, [x, y, width, height]: [u32; 4], colour: Rgb<u8>) {
    for row in y..(y + height).min(out.height()) {
        for column in x..(x + width).min(out.width()) {
            out.put_pixel(column, row, colour);
        }
    }
}

pub(crate) fn disc(out: &mut RgbImage, [x, y]: [u32; 2], radius: u32, colour: Rgb<u8>) {
    for row in y.saturating_sub(radius)..(y + radius).min(out.height()) {
        for column in x.saturating_sub(radius)..(x + radius).min(out.width()) {
            if row.abs_diff(y).pow(2) + column.abs_diff(x).pow(2) < radius * radius {
                out.put_pixel(column, row, colour);
            }
        }
    }
}

pub(crate) fn write(out: &mut RgbImage, words: &str, [x, y]: [u32; 2], dot: u32, colour: Rgb<u8>) {
    for (place, letter) in (0..).zip(words.chars()) {
        for (line, bits) in (0..).zip(letter_dots(letter)) {
            for column in 0..5 {
                if bits >> (4 - column) & 1 == 1 {
                    let left = x + (place * LETTER + column) * dot;
                    fill(out, [left, y + line * dot, dot, dot], colour);
                }
            }
        }
    }
}

/// Seven rows of five dots; a letter that is not needed is a gap.
fn letter_dots(letter: char) -> [u8; LETTER_HEIGHT as usize] {
    match letter {
        'A' => [0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
        'D' => [0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e],
        'E' => [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f],
        'F' => [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10],
        'G' => [0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f],
        'H' => [0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
        'I' => [0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e],
        'K' => [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11],
        'L' => [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f],
        'N' => [0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11],
        'O' => [0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e],
        'R' => [0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11],
        'S' => [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e],
        'T' => [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
        'U' => [0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e],
        'W' => [0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11],
        'Y' => [0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04],
        '1' => [0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e],
        '2' => [0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f],
        '4' => [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02],
        '8' => [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e],
        '9' => [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x01, 0x0e],
        ':' => [0x00, 0x04, 0x00, 0x00, 0x00, 0x04, 0x00],
        _ => [0; LETTER_HEIGHT as usize],
    }
}
