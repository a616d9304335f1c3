//! Inputs of networks from pixels: resizing, cropping, one plane for each colour.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions};

use crate::picture::Picture;
use crate::resample::resample;

/// A part of a picture in fractions of pixels: left, top, width, height.
pub(super) type CropBox = [f64; 4];

/// The part of the picture, squashed or stretched to the sides; the whole
/// picture when `part` is `None`. Averages over all pixels it shrinks, at the
/// part's edges also over those just outside.
///
/// `None` only when the part is not inside the picture or a side is zero.
pub(super) fn resize(
    picture: &Picture,
    part: Option<CropBox>,
    width: u32,
    height: u32,
) -> Option<Picture> {
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    if let Some([left, top, width, height]) = part {
        options = options.crop(left, top, width, height);
    }
    resample(picture, width, height, &options)
}

/// The largest square in the middle of the picture.
pub(super) fn center_square(picture: &Picture) -> CropBox {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let side = width.min(height);
    [(width - side) / 2.0, (height - side) / 2.0, side, side]
}

/// All reds, then all greens, then all blues, each as `number` says.
pub(super) fn to_planes(picture: &Picture, number: impl Fn(usize, u8) -> f32) -> Vec<f32> {
    let pixels = picture.pixels();
    let mut numbers = Vec::with_capacity(3 * pixels.len());
    for channel in 0..3 {
        numbers.extend(pixels.iter().map(|pixel| number(channel, pixel[channel])));
    }
    numbers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Left half dark, right half bright.
    fn halves() -> Picture {
        let row = [[10_u8, 20, 30].repeat(8), [200, 210, 220].repeat(8)].concat();
        Picture::from_rgb(16, 4, row.repeat(4)).unwrap()
    }

    #[test]
    fn a_part_is_cut_out() {
        let right = resize(&halves(), Some([12.0, 0.0, 4.0, 4.0]), 2, 2).unwrap();
        assert_eq!(right.pixels(), [[200, 210, 220]; 4]);
        assert!(resize(&halves(), Some([8.0, 0.0, 9.0, 4.0]), 2, 2).is_none());
    }

    #[test]
    fn the_middle_is_square() {
        assert_eq!(center_square(&halves()), [6.0, 0.0, 4.0, 4.0]);
    }

    #[test]
    fn planes_lie_one_after_the_other() {
        let two = resize(&halves(), None, 2, 1).unwrap();
        let [dark, bright] = [two.pixels()[0], two.pixels()[1]];
        let planes = to_planes(&two, |channel, value| {
            channel as f32 * 1000.0 + f32::from(value)
        });
        let expected = [
            (0, dark),
            (0, bright),
            (1, dark),
            (1, bright),
            (2, dark),
            (2, bright),
        ]
        .map(|(channel, pixel)| channel as f32 * 1000.0 + f32::from(pixel[channel]));
        assert_eq!(planes, expected);
    }
}
