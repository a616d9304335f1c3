//! Resizing of pixels: the one place that runs the resizing crate.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{ResizeOptions, Resizer};

use crate::picture::Picture;

/// A copy of these sides.
///
/// Typed and in one place: the crate's functions are generic, and asked by an
/// untyped image they are compiled for every kind of pixel, here and not there.
///
/// `None` only when a side is zero or the options name a part outside.
pub(crate) fn resample(
    picture: &Picture,
    width: u32,
    height: u32,
    options: &ResizeOptions,
) -> Option<Picture> {
    let (from_width, from_height) = (picture.width(), picture.height());
    let source = TypedImageRef::<U8x3>::from_buffer(from_width, from_height, picture.rgb()).ok()?;
    let mut rgb = vec![0; 3 * width as usize * height as usize];
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut rgb).ok()?;
    Resizer::new()
        .resize_typed(&source, &mut target, options)
        .ok()?;
    Picture::from_rgb(width, height, rgb)
}
