//! Colour conversion: stored pixels to sRGB by their ICC profile, transparency on white.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

use crate::picture::Picture;

/// Pixels converted at a time; the copy they need stays in the cache.
const CHUNK: usize = 4096;

/// Steps per channel of the grid on which a profile is compared with sRGB.
const GRID: [u8; 6] = [0, 51, 102, 153, 204, 255];

/// Converts to sRGB by the picture's own profile, then fills transparency with
/// white, in the order a browser does it. A profile that is missing, broken or
/// of another kind of picture counts as sRGB.
pub(crate) fn to_srgb(stored: DynamicImage, profile: Option<&[u8]>) -> Option<Picture> {
    let (width, height) = (stored.width(), stored.height());
    let colour = stored.color();
    let profile = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    let grey = !colour.has_color();
    let rgb = if colour.has_alpha() {
        let mut rgba = stored.into_rgba8().into_raw();
        convert::<4>(&mut rgba, Layout::Rgba, grey, profile.as_ref());
        composite_on_white(&rgba)
    } else {
        let mut rgb = stored.into_rgb8().into_raw();
        convert::<3>(&mut rgb, Layout::Rgb, grey, profile.as_ref());
        rgb
    };
    Picture::from_rgb(width, height, rgb)
}

fn convert<const N: usize>(
    pixels: &mut [u8],
    layout: Layout,
    grey: bool,
    profile: Option<&ColorProfile>,
) {
    let Some(profile) = profile else { return };
    match profile.color_space {
        DataColorSpace::Gray if grey => {
            if let Some(table) = grey_table(profile) {
                for pixel in pixels.as_chunks_mut::<N>().0 {
                    let converted = table[usize::from(pixel[0])];
                    pixel[..3].copy_from_slice(&converted);
                }
            }
        }
        DataColorSpace::Rgb => {
            if let Some(transform) = new_transform(profile, layout, layout)
                && changes_colours::<N>(transform.as_ref())
            {
                convert_in_place(transform.as_ref(), pixels, CHUNK * N);
            }
        }
        _ => {}
    }
}

fn new_transform(
    profile: &ColorProfile,
    from: Layout,
    to: Layout,
) -> Option<Arc<Transform8BitExecutor>> {
    profile
        .create_transform_8bit(
            from,
            &ColorProfile::new_srgb(),
            to,
            TransformOptions::default(),
        )
        .ok()
}

/// What each of the 256 greys looks like.
fn grey_table(profile: &ColorProfile) -> Option<[[u8; 3]; 256]> {
    let greys: Vec<u8> = (0..=255).collect();
    let mut table = [[0; 3]; 256];
    new_transform(profile, Layout::Gray, Layout::Rgb)?
        .transform(&greys, table.as_flattened_mut())
        .ok()?;
    Some(table)
}

/// Most profiles are sRGB under some name; converting by those would only cost
/// time and add rounding.
fn changes_colours<const N: usize>(transform: &Transform8BitExecutor) -> bool {
    let mut grid = Vec::with_capacity(GRID.len().pow(3) * N);
    for red in GRID {
        for green in GRID {
            for blue in GRID {
                let pixel = [red, green, blue, 255];
                grid.extend_from_slice(&pixel[..N]);
            }
        }
    }
    let mut converted = vec![0; grid.len()];
    transform.transform(&grid, &mut converted).is_ok()
        && grid.iter().zip(&converted).any(|(a, b)| a.abs_diff(*b) > 1)
}

/// Converts in place. The transform was tried on the grid, so an error here is
/// a bug of the library; the chunk then keeps its colours.
fn convert_in_place(transform: &Transform8BitExecutor, pixels: &mut [u8], chunk: usize) {
    let mut copy = vec![0; chunk];
    for part in pixels.chunks_mut(chunk) {
        let copy = &mut copy[..part.len()];
        copy.copy_from_slice(part);
        if transform.transform(copy, part).is_err() {
            part.copy_from_slice(copy);
        }
    }
}

/// Composites over white, in sRGB values as browsers do.
fn composite_on_white(rgba: &[u8]) -> Vec<u8> {
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let mut rgb = Vec::with_capacity(rgba.len() / 4 * 3);
    for &[red, green, blue, alpha] in rgba.as_chunks::<4>().0 {
        rgb.extend([over(red, alpha), over(green, alpha), over(blue, alpha)]);
    }
    rgb
}
