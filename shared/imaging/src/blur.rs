//! Blurred previews, which show that there is a picture and not what is on it.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions};

use crate::picture::Picture;
use crate::resample::resample;
use crate::shrink::shrink;

/// Colours along the longer side from which the whole preview is made. No face
/// and no text can be told from so few.
const CELLS: u32 = 16;

/// A blurred copy whose longer side has `longest` pixels.
///
/// It is painted from sixteen colours along its longer side, so nothing finer
/// is in it that a program could bring back.
pub fn blur(picture: &Picture, longest: u32) -> Picture {
    let cells = shrink(picture, CELLS);
    let current = u64::from(picture.width().max(picture.height()));
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(longest) + current / 2) / current;
        u32::try_from(side).unwrap_or(longest).max(1)
    };
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    enlarge(&cells, width, height).unwrap_or(cells)
}

/// `None` only when the buffers do not fit their sides, which `Picture` rules out.
fn enlarge(cells: &Picture, width: u32, height: u32) -> Option<Picture> {
    // Its curve has no corners, as a blur's has none.
    let smooth = ResizeAlg::Interpolation(FilterType::Gaussian);
    let options = ResizeOptions::new().resize_alg(smooth);
    resample(cells, width, height, &options)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Stripes two pixels wide over a slope of brightness.
    fn striped(width: u32, height: u32) -> Picture {
        let rgb = (0..width * height)
            .flat_map(|n| {
                let (x, y) = (n % width, n / width);
                let slope = x * 120 / width + y * 60 / height;
                [(slope + x / 2 % 2 * 70) as u8; 3]
            })
            .collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    #[test]
    fn sides_are_in_proportion() {
        let wide = blur(&striped(1000, 500), 320);
        assert_eq!((wide.width(), wide.height()), (320, 160));
        let small = blur(&striped(20, 40), 320);
        assert_eq!((small.width(), small.height()), (160, 320));
        let thread = blur(&striped(2000, 5), 320);
        assert_eq!((thread.width(), thread.height()), (320, 1));
    }

    #[test]
    fn detail_is_gone_and_brightness_stays() {
        let sharp = striped(640, 480);
        let preview = blur(&sharp, 320);
        let step = |picture: &Picture| {
            let row = &picture.pixels()[..picture.width() as usize];
            row.windows(2)
                .map(|two| two[0][0].abs_diff(two[1][0]))
                .max()
        };
        assert!(step(&sharp) >= Some(69));
        assert!(step(&preview) <= Some(3), "{:?}", step(&preview));
        let mean = |picture: &Picture| {
            let sum: u64 = picture.rgb().iter().map(|it| u64::from(*it)).sum();
            sum / picture.rgb().len() as u64
        };
        assert!(mean(&sharp).abs_diff(mean(&preview)) <= 2);
    }

    #[test]
    fn what_is_finer_than_a_cell_leaves_no_trace() {
        let sharp = striped(640, 480);
        let mut rgb = sharp.rgb().to_vec();
        for block in rgb.chunks_mut(640 * 3 * 4) {
            for row in block.chunks_mut(640 * 3).take(2) {
                row.rotate_right(6);
            }
        }
        let other = Picture::from_rgb(640, 480, rgb).unwrap();
        assert_ne!(sharp, other);
        let (one, two) = (blur(&sharp, 320), blur(&other, 320));
        let most = one
            .rgb()
            .iter()
            .zip(two.rgb())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(most <= Some(6), "{most:?}");
    }
}
