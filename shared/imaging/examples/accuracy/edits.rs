//! The fourteen edits, any two of them one after the other, twelve hard ones, edits of a
//! part, and screens.

use std::error::Error;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use vara_imaging::{Limits, Picture, PictureEdit as Named, decode, encode_jpeg};

use crate::{frames, hard, parts, screens};

/// JPEG quality in which every edited picture is saved, as on the web.
pub(crate) const SAVED_QUALITY: u8 = 85;

/// What can go wrong while a picture is edited.
pub(crate) type EditError = Box<dyn Error + Send + Sync>;

/// One thing people do to a picture before they post it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BenchEdit {
    Jpeg30,
    Resize40,
    Crop80,
    Crop60,
    Crop40,
    Mirror,
    Rotate15,
    Rotate90,
    Blur4,
    Brighter,
    Grey,
    Caption,
    Screenshot,
    Squash,
    Invert,
    Sticker,
    Inset,
    Avatar,
    Pixelated,
    Watermark,
    QuarterOnScreen,
    HalfBlack,
    HalfOther,
    Blend,
    Style,
    StyleCrop,
    Chat,
    Desktop,
    TiledWatermark,
    PixelatedPart,
    BlurredPart,
    CensorBars,
}

impl BenchEdit {
    pub(crate) const ALL: [Self; 14] = [
        Self::Jpeg30,
        Self::Resize40,
        Self::Crop80,
        Self::Crop60,
        Self::Crop40,
        Self::Mirror,
        Self::Rotate15,
        Self::Rotate90,
        Self::Blur4,
        Self::Brighter,
        Self::Grey,
        Self::Caption,
        Self::Screenshot,
        Self::Squash,
    ];

    /// What is done to hide a picture, or leaves little of it.
    pub(crate) const HARD: [Self; 12] = [
        Self::Invert,
        Self::Sticker,
        Self::Inset,
        Self::Avatar,
        Self::Pixelated,
        Self::Watermark,
        Self::QuarterOnScreen,
        Self::HalfBlack,
        Self::HalfOther,
        Self::Blend,
        Self::Style,
        Self::StyleCrop,
    ];

    /// What shows a picture among much that every screen has.
    pub(crate) const SCREENS: [Self; 4] =
        [Self::Chat, Self::Desktop, Self::Screenshot, Self::Caption];

    /// What is done to a part of a picture or upon it, and before it what leaves it whole or
    /// changes all of it, of which no part may be named.
    pub(crate) const PARTS: [Self; 12] = [
        Self::Jpeg30,
        Self::Resize40,
        Self::Blur4,
        Self::Brighter,
        Self::Crop60,
        Self::TiledWatermark,
        Self::Watermark,
        Self::PixelatedPart,
        Self::BlurredPart,
        Self::CensorBars,
        Self::Sticker,
        Self::HalfBlack,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg30 => "jpeg30",
            Self::Resize40 => "resize40",
            Self::Crop80 => "crop80",
            Self::Crop60 => "crop60",
            Self::Crop40 => "crop40",
            Self::Mirror => "mirror",
            Self::Rotate15 => "rotate15",
            Self::Rotate90 => "rotate90",
            Self::Blur4 => "blur4",
            Self::Brighter => "bright1.6",
            Self::Grey => "grey",
            Self::Caption => "caption",
            Self::Screenshot => "screenshot",
            Self::Squash => "squash",
            Self::Invert => "invert",
            Self::Sticker => "sticker",
            Self::Inset => "inset12",
            Self::Avatar => "avatar64",
            Self::Pixelated => "pixelated",
            Self::Watermark => "watermark",
            Self::QuarterOnScreen => "quarter on screen",
            Self::HalfBlack => "half black",
            Self::HalfOther => "half other",
            Self::Blend => "blend50",
            Self::Style => "style",
            Self::StyleCrop => "style+crop60",
            Self::Chat => "chat",
            Self::Desktop => "desktop",
            Self::TiledWatermark => "tiled watermark",
            Self::PixelatedPart => "pixelated part",
            Self::BlurredPart => "blurred part",
            Self::CensorBars => "censor bars",
        }
    }

    /// The name a verdict has for the edit; none for what leaves the picture whole.
    fn named(self) -> Option<Named> {
        match self {
            Self::Jpeg30 | Self::Resize40 | Self::Blur4 => None,
            Self::Crop80 | Self::Crop60 | Self::Crop40 => Some(Named::Cropped),
            Self::Mirror => Some(Named::Mirrored),
            Self::Rotate15 | Self::Rotate90 => Some(Named::Rotated),
            Self::Brighter | Self::Grey => Some(Named::Recoloured),
            Self::Caption => Some(Named::Captioned),
            Self::Screenshot => Some(Named::Embedded),
            Self::Squash => Some(Named::Stretched),
            Self::Invert | Self::Style => Some(Named::Recoloured),
            Self::Inset | Self::Chat | Self::Desktop => Some(Named::Embedded),
            Self::Avatar | Self::Pixelated | Self::StyleCrop => Some(Named::Cropped),
            Self::QuarterOnScreen => Some(Named::Mirrored),
            Self::Watermark | Self::TiledWatermark => Some(Named::Watermarked),
            Self::PixelatedPart | Self::BlurredPart => Some(Named::BlurredPart),
            Self::Sticker | Self::CensorBars | Self::HalfBlack | Self::HalfOther => {
                Some(Named::Covered)
            }
            Self::Blend => None,
        }
    }

    /// The parts of a picture of these sides that it changes, in shares of them.
    fn regions(self, width: u32, height: u32) -> Vec<[f64; 4]> {
        let sticker = || {
            let radius = f64::from(width.min(height)) * parts::STICKER_RADIUS;
            let reach = [radius / f64::from(width), radius / f64::from(height)];
            let [x, y] = parts::STICKER_MIDDLE;
            [x - reach[0], y - reach[1], x + reach[0], y + reach[1]]
        };
        match self {
            Self::Watermark | Self::TiledWatermark => vec![[0.0, 0.0, 1.0, 1.0]],
            Self::PixelatedPart | Self::BlurredPart => vec![parts::PART],
            Self::CensorBars => parts::BARS.to_vec(),
            Self::Sticker => vec![sticker()],
            Self::HalfBlack | Self::HalfOther => vec![[0.5, 0.0, 1.0, 1.0]],
            _ => Vec::new(),
        }
    }

    fn apply(self, picture: &RgbImage) -> Result<RgbImage, EditError> {
        Ok(match self {
            Self::Jpeg30 => saved(picture.clone(), 30)?,
            Self::Resize40 => {
                let (width, height) = (part(picture.width(), 0.4), part(picture.height(), 0.4));
                imageops::resize(picture, width, height, FilterType::Triangle)
            }
            Self::Crop80 => middle(picture, 0.8),
            Self::Crop60 => middle(picture, 0.6),
            Self::Crop40 => middle(picture, 0.4),
            Self::Mirror => imageops::flip_horizontal(picture),
            Self::Rotate15 => rotated(picture, 15.0),
            Self::Rotate90 => imageops::rotate90(picture),
            Self::Blur4 => imageops::blur(picture, 4.0),
            Self::Brighter => each_pixel(picture, |pixel| {
                pixel.map(|value| (f32::from(value) * 1.6).min(255.0) as u8)
            }),
            Self::Grey => each_pixel(picture, |[red, green, blue]| {
                let luma =
                    0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue);
                [luma.round() as u8; 3]
            }),
            Self::Caption => frames::caption(picture),
            Self::Screenshot => frames::screenshot(picture),
            Self::Squash => {
                let side = picture.width().min(picture.height());
                imageops::resize(picture, side, side, FilterType::Triangle)
            }
            Self::Invert => hard::inverted(picture),
            Self::Sticker => hard::sticker(picture),
            Self::Inset => hard::inset(picture),
            Self::Avatar => hard::avatar(picture),
            Self::Pixelated => hard::pixelated(picture),
            Self::Watermark => hard::watermarked(picture),
            Self::QuarterOnScreen => hard::quarter_on_screen(picture),
            Self::HalfBlack => hard::half_black(picture),
            Self::HalfOther => hard::half_other(picture),
            Self::Blend => hard::blended(picture),
            Self::Style => hard::styled(picture),
            Self::StyleCrop => hard::styled_crop(picture),
            Self::Chat => screens::chat(picture),
            Self::Desktop => screens::desktop(picture),
            Self::TiledWatermark => parts::tiled_watermark(picture),
            Self::PixelatedPart => parts::pixelated_part(picture),
            Self::BlurredPart => parts::blurred_part(picture),
            Self::CensorBars => parts::censor_bars(picture),
        })
    }
}

/// What an edited picture is made with: one edit, or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EditCase {
    pub(crate) first: BenchEdit,
    pub(crate) second: Option<BenchEdit>,
}

impl EditCase {
    /// These edits one by one.
    pub(crate) fn each(edits: &[BenchEdit]) -> Vec<Self> {
        let case = |&first: &BenchEdit| Self {
            first,
            second: None,
        };
        edits.iter().map(case).collect()
    }

    /// Every two different edits, in the order in which they are listed.
    pub(crate) fn pairs() -> Vec<Self> {
        let mut cases = Vec::new();
        for (place, &first) in BenchEdit::ALL.iter().enumerate() {
            for &second in &BenchEdit::ALL[place + 1..] {
                cases.push(Self {
                    first,
                    second: Some(second),
                });
            }
        }
        cases
    }

    pub(crate) fn name(self) -> String {
        match self.second {
            None => self.first.name().to_owned(),
            Some(second) => format!("{}+{}", self.first.name(), second.name()),
        }
    }

    /// What a verdict should say was done.
    pub(crate) fn names(self) -> Vec<Named> {
        let edits = [Some(self.first), self.second].into_iter().flatten();
        edits.filter_map(BenchEdit::named).collect()
    }

    /// The parts it changes, in shares of the sides of this picture; known of single edits.
    pub(crate) fn regions(self, picture: &Picture) -> Vec<[f64; 4]> {
        match self.second {
            None => self.first.regions(picture.width(), picture.height()),
            Some(_) => Vec::new(),
        }
    }

    /// Whether the edit puts the same furniture around every picture, so that
    /// two different pictures look alike afterwards.
    pub(crate) fn framed(self) -> bool {
        [Some(self.first), self.second]
            .into_iter()
            .flatten()
            .any(|edit| {
                matches!(
                    edit,
                    BenchEdit::Caption
                        | BenchEdit::Screenshot
                        | BenchEdit::QuarterOnScreen
                        | BenchEdit::Chat
                        | BenchEdit::Desktop
                )
            })
    }

    /// The edited picture, saved once more as JPEG and read again.
    pub(crate) fn apply(self, picture: &Picture) -> Result<Picture, EditError> {
        let pixels = RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec())
            .ok_or("the pixels do not fit the sides")?;
        let mut edited = self.first.apply(&pixels)?;
        if let Some(second) = self.second {
            edited = second.apply(&edited)?;
        }
        to_picture(saved(edited, SAVED_QUALITY)?)
    }
}

/// The middle of a picture, this share of each side.
fn middle(picture: &RgbImage, share: f64) -> RgbImage {
    let (width, height) = (part(picture.width(), share), part(picture.height(), share));
    let left = (picture.width() - width) / 2;
    let top = (picture.height() - height) / 2;
    imageops::crop_imm(picture, left, top, width, height).to_image()
}

fn part(side: u32, share: f64) -> u32 {
    ((f64::from(side) * share).round() as u32).max(1)
}

/// Turned counter-clockwise about the middle on a canvas of the same size; what
/// turns in from outside is black.
fn rotated(picture: &RgbImage, degrees: f64) -> RgbImage {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let middle = [
        f64::from(picture.width()) / 2.0,
        f64::from(picture.height()) / 2.0,
    ];
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let right = f64::from(x) + 0.5 - middle[0];
        let down = f64::from(y) + 0.5 - middle[1];
        let from_x = cosine * right - sine * down + middle[0] - 0.5;
        let from_y = sine * right + cosine * down + middle[1] - 0.5;
        between(picture, from_x, from_y)
    })
}

/// The colour at a place between pixels; black outside.
fn between(picture: &RgbImage, x: f64, y: f64) -> Rgb<u8> {
    let (left, top) = (x.floor(), y.floor());
    let mut sum = [0.0; 3];
    for (across, down) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let (column, row) = (left + across, top + down);
        let weight = (1.0 - (x - column).abs()) * (1.0 - (y - row).abs());
        let inside = column >= 0.0
            && row >= 0.0
            && column < f64::from(picture.width())
            && row < f64::from(picture.height());
        if inside {
            let pixel = picture.get_pixel(column as u32, row as u32);
            for (total, &value) in sum.iter_mut().zip(&pixel.0) {
                *total += weight * f64::from(value);
            }
        }
    }
    Rgb(sum.map(|total| total.round() as u8))
}

fn each_pixel(picture: &RgbImage, change: impl Fn([u8; 3]) -> [u8; 3]) -> RgbImage {
    let mut changed = picture.clone();
    for pixel in changed.pixels_mut() {
        pixel.0 = change(pixel.0);
    }
    changed
}

/// Written as JPEG and read again.
pub(crate) fn saved(picture: RgbImage, quality: u8) -> Result<RgbImage, EditError> {
    let file = encode_jpeg(&to_picture(picture)?, quality)?;
    let read = decode(&file, &Limits::DEFAULT)?;
    RgbImage::from_raw(read.width(), read.height(), read.rgb().to_vec())
        .ok_or_else(|| "the pixels do not fit the sides".into())
}

pub(crate) fn to_picture(pixels: RgbImage) -> Result<Picture, EditError> {
    let (width, height) = pixels.dimensions();
    Picture::from_rgb(width, height, pixels.into_raw())
        .ok_or_else(|| "an edit left no pixels".into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every pixel different from its neighbours, nothing symmetric.
    fn numbered(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([
                (x * 3 % 256) as u8,
                (y * 5 % 256) as u8,
                ((x + 2 * y) % 256) as u8,
            ])
        })
    }

    #[test]
    fn sides_after_each_edit() {
        let picture = numbered(200, 100);
        let expected = [
            (BenchEdit::Jpeg30, (200, 100)),
            (BenchEdit::Resize40, (80, 40)),
            (BenchEdit::Crop80, (160, 80)),
            (BenchEdit::Crop60, (120, 60)),
            (BenchEdit::Crop40, (80, 40)),
            (BenchEdit::Mirror, (200, 100)),
            (BenchEdit::Rotate15, (200, 100)),
            (BenchEdit::Rotate90, (100, 200)),
            (BenchEdit::Blur4, (200, 100)),
            (BenchEdit::Brighter, (200, 100)),
            (BenchEdit::Grey, (200, 100)),
            (BenchEdit::Caption, (200, 124)),
            (BenchEdit::Screenshot, (200, 433)),
            (BenchEdit::Squash, (100, 100)),
        ];
        assert_eq!(expected.map(|(edit, _)| edit), BenchEdit::ALL);
        for (edit, sides) in expected {
            let edited = edit.apply(&picture).unwrap();
            assert_eq!(edited.dimensions(), sides, "{edit:?}");
            assert_ne!(edited, picture, "{edit:?} did nothing");
        }
    }

    #[test]
    fn a_crop_is_the_middle() {
        let picture = numbered(100, 50);
        let cropped = BenchEdit::Crop60.apply(&picture).unwrap();
        assert_eq!(cropped.get_pixel(0, 0), picture.get_pixel(20, 10));
        assert_eq!(cropped.get_pixel(59, 29), picture.get_pixel(79, 39));
    }

    #[test]
    fn turning_keeps_the_middle_and_blackens_the_corners() {
        let picture = RgbImage::from_fn(101, 101, |x, y| {
            let distance = x.abs_diff(50).max(y.abs_diff(50));
            if distance < 5 {
                Rgb([200, 10, 10])
            } else {
                Rgb([90, 90, 90])
            }
        });
        let turned = rotated(&picture, 15.0);
        assert_eq!(turned.get_pixel(50, 50), &Rgb([200, 10, 10]));
        assert_eq!(turned.get_pixel(50, 20), &Rgb([90, 90, 90]));
        assert_eq!(turned.get_pixel(0, 0), &Rgb([0, 0, 0]));
        assert_eq!(turned.get_pixel(100, 100), &Rgb([0, 0, 0]));
    }

    #[test]
    fn counter_clockwise() {
        let mut picture = RgbImage::new(101, 101);
        for column in 85..95 {
            picture.put_pixel(column, 50, Rgb([255, 255, 255]));
        }
        // The right arm of the picture rises.
        let turned = rotated(&picture, 90.0);
        assert_eq!(turned.get_pixel(50, 11), &Rgb([255, 255, 255]));
        assert_eq!(turned.get_pixel(50, 90), &Rgb([0, 0, 0]));
    }

    #[test]
    fn a_screenshot_holds_the_picture_and_more() {
        let picture = RgbImage::from_pixel(120, 80, Rgb([10, 200, 10]));
        let screen = BenchEdit::Screenshot.apply(&picture).unwrap();
        let green = screen
            .pixels()
            .filter(|pixel| pixel.0 == [10, 200, 10])
            .count();
        assert_eq!(green, 120 * 80);
        assert!(
            screen.pixels().any(|pixel| pixel.0 == [0, 0, 0]),
            "no words"
        );
    }

    #[test]
    fn every_pair_once() {
        let pairs = EditCase::pairs();
        assert_eq!(pairs.len(), 14 * 13 / 2);
        assert!(pairs.iter().all(|case| case.second != Some(case.first)));
        assert_eq!(pairs[0].name(), "jpeg30+resize40");
    }
}
