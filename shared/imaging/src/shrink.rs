//! Downscaling of a picture, with a Lanczos filter.

use fast_image_resize::ResizeOptions;

use crate::picture::Picture;
use crate::resample::resample;

/// A copy whose longest side has at most `longest` pixels, Lanczos-filtered,
/// sides in proportion and never below one pixel. Never enlarges.
pub fn shrink(picture: &Picture, longest: u32) -> Picture {
    let current = picture.width().max(picture.height());
    if longest == 0 || longest >= current {
        return picture.clone();
    }
    let scaled = |side: u32| {
        let exact = u64::from(side) * u64::from(longest);
        let rounded = (exact + u64::from(current) / 2) / u64::from(current);
        u32::try_from(rounded).unwrap_or(longest).max(1)
    };
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    resample(picture, width, height, &ResizeOptions::default()).unwrap_or_else(|| picture.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn flat(width: u32, height: u32, colour: [u8; 3]) -> Picture {
        let rgb = colour.repeat((width * height) as usize);
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    #[test]
    fn keeps_the_proportions() {
        let small = shrink(&flat(400, 300, [10, 20, 30]), 200);
        assert_eq!((small.width(), small.height()), (200, 150));
        assert!(small.pixels().iter().all(|&pixel| pixel == [10, 20, 30]));
    }

    #[test]
    fn never_enlarges() {
        let picture = flat(40, 30, [1, 2, 3]);
        assert_eq!(shrink(&picture, 41), picture);
        assert_eq!(shrink(&picture, 40), picture);
        assert_eq!(shrink(&picture, 0), picture);
    }

    #[test]
    fn a_thread_keeps_one_pixel() {
        let thread = shrink(&flat(1000, 5, [9, 9, 9]), 50);
        assert_eq!((thread.width(), thread.height()), (50, 1));
    }
}
