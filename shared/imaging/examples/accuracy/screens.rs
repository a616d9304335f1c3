//! Screens that show a picture among much that every screen has: a chat, a desktop.
//!
//! As in `frames.rs` all but the picture is the same every time.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::frames::{disc, fill, write};

const PHONE: (u32, u32) = (720, 1560);
const DESKTOP: (u32, u32) = (1600, 900);

const WALL: Rgb<u8> = Rgb([236, 229, 221]);
const THEIRS: Rgb<u8> = Rgb([255, 255, 255]);
const MINE: Rgb<u8> = Rgb([220, 248, 198]);
const BAR: Rgb<u8> = Rgb([7, 94, 84]);
const INK: Rgb<u8> = Rgb([20, 20, 20]);
const PALE: Rgb<u8> = Rgb([240, 240, 240]);
const ICONS: [Rgb<u8>; 4] = [
    Rgb([230, 180, 60]),
    Rgb([70, 130, 220]),
    Rgb([200, 70, 60]),
    Rgb([90, 180, 90]),
];

/// What is said before and after the picture, and whether by the phone's owner.
const MESSAGES_BEFORE: [(&str, bool); 3] = [
    ("HI ARE YOU AT WORK", false),
    ("YES TILL NINE WHY", true),
    ("LOOK WHO I FOUND", false),
];
const MESSAGES_AFTER: [(&str, bool); 4] = [
    ("WHO IS THAT", true),
    ("YOU KNOW WHO", false),
    ("WHEN WAS THIS", true),
    ("LAST NIGHT", false),
];

/// The picture as a message in a chat on a phone.
pub(crate) fn chat(picture: &RgbImage) -> RgbImage {
    let mut out = RgbImage::from_pixel(PHONE.0, PHONE.1, WALL);
    fill(&mut out, [0, 0, PHONE.0, 130], BAR);
    write(&mut out, "9:41", [30, 12], 3, PALE);
    disc(&mut out, [70, 85], 34, Rgb([150, 170, 200]));
    write(&mut out, "NINA K", [120, 60], 4, PALE);
    write(&mut out, "LAST HEARD 2 HOURS AGO", [120, 98], 2, PALE);
    let mut top = 150;
    for (words, is_mine) in MESSAGES_BEFORE {
        top = bubble(&mut out, words, is_mine, top);
    }
    let inner = fitted(picture, 420, 700);
    let (width, height) = inner.dimensions();
    fill(&mut out, [24, top, width + 16, height + 44], THEIRS);
    imageops::replace(&mut out, &inner, 32, i64::from(top) + 8);
    write(&mut out, "9:42", [32, top + height + 20], 2, INK);
    top += height + 64;
    for (words, is_mine) in MESSAGES_AFTER {
        top = bubble(&mut out, words, is_mine, top);
    }
    fill(&mut out, [0, PHONE.1 - 110, PHONE.0, 110], PALE);
    fill(&mut out, [24, PHONE.1 - 90, PHONE.0 - 140, 70], THEIRS);
    write(&mut out, "TELL THEM", [50, PHONE.1 - 66], 3, WALL);
    disc(&mut out, [PHONE.0 - 60, PHONE.1 - 55], 36, BAR);
    out
}

/// One message; gives where the next one begins.
fn bubble(out: &mut RgbImage, words: &str, is_mine: bool, top: u32) -> u32 {
    let width = words.len() as u32 * 18 + 40;
    let (left, colour) = if is_mine {
        (PHONE.0 - 24 - width, MINE)
    } else {
        (24, THEIRS)
    };
    fill(out, [left, top, width, 62], colour);
    write(out, words, [left + 20, top + 12], 3, INK);
    write(out, "9:41", [left + width - 70, top + 42], 2, BAR);
    top + 80
}

/// The picture in a window on a desktop.
pub(crate) fn desktop(picture: &RgbImage) -> RgbImage {
    let mut out = RgbImage::from_fn(DESKTOP.0, DESKTOP.1, |x, y| {
        Rgb([
            (30 + y / 20) as u8,
            (70 + x / 40) as u8,
            (120 + x / 40 + y / 20) as u8,
        ])
    });
    for (place, colour) in (0..12).zip(ICONS.into_iter().cycle()) {
        let (left, top) = (40 + place % 2 * 110, 40 + place / 2 * 130);
        fill(&mut out, [left, top, 60, 60], colour);
        disc(&mut out, [left + 30, top + 30], 18, PALE);
        write(&mut out, "NOTES", [left, top + 70], 2, PALE);
    }
    fill(&mut out, [300, 60, 1200, 740], PALE);
    fill(&mut out, [300, 60, 1200, 40], Rgb([60, 60, 66]));
    write(&mut out, "LOOK WHO I FOUND", [330, 70], 3, PALE);
    for place in 0..3 {
        disc(&mut out, [1420 + 30 * place, 80], 9, ICONS[place as usize]);
    }
    for (row, words) in (0..).zip(["FOLDERS", "NEW", "OLD", "LIKED", "WORK", "FRIENDS"]) {
        write(&mut out, words, [320, 130 + 50 * row], 3, INK);
    }
    let inner = fitted(picture, 900, 640);
    let (width, height) = inner.dimensions();
    let (left, top) = (530 + (940 - width) / 2, 120 + (660 - height) / 2);
    imageops::replace(&mut out, &inner, i64::from(left), i64::from(top));
    fill(&mut out, [0, 850, DESKTOP.0, 50], Rgb([32, 32, 36]));
    for (place, colour) in (0..8).zip(ICONS.into_iter().cycle()) {
        fill(&mut out, [400 + 70 * place, 858, 34, 34], colour);
    }
    write(&mut out, "9:41", [1480, 864], 3, PALE);
    out
}

/// The picture as large as fits, its sides in proportion.
fn fitted(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (across, down) = (f64::from(picture.width()), f64::from(picture.height()));
    let scale = (f64::from(width) / across).min(f64::from(height) / down);
    let side = |length: f64| ((length * scale) as u32).max(1);
    imageops::resize(picture, side(across), side(down), FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_screens_show_the_picture_and_are_otherwise_the_same() {
        let red = RgbImage::from_pixel(300, 200, Rgb([255, 0, 0]));
        let green = RgbImage::from_pixel(300, 200, Rgb([0, 255, 0]));
        for (screen, pictured) in [
            (chat as fn(&RgbImage) -> RgbImage, 420 * 280),
            (desktop, 900 * 600),
        ] {
            let (red, green) = (screen(&red), screen(&green));
            let pixels = red.pixels().zip(green.pixels());
            let different = pixels.filter(|(one, other)| one != other).count();
            assert_eq!(different, pictured);
        }
    }
}
