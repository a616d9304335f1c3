//! JPEG at a half, a quarter or an eighth of its size, for fingerprints.
//!
//! A JPEG stores frequencies, and a decoder that leaves out the high ones
//! makes a small picture for less than the price of the full one: no pixels to
//! colour, none to filter. The decoder used for this knows that trick and is
//! slower otherwise; where it gives up, [`decode`] reads the file.

use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::{Decoder, PixelFormat};

use crate::colour;
use crate::decode::decode;
use crate::error::DecodeError;
use crate::format::Format;
use crate::guard::catch_panics;
use crate::header::{self, Header};
use crate::limits::{Limits, MIN_SIDE};
use crate::metadata;
use crate::picture::Picture;
use crate::turn::Turn;

/// A picture no smaller than is needed: [`decode`] for all formats, but a
/// JPEG of which both sides are twice `least` pixels or more is read at a
/// half, a quarter or an eighth, as long as both sides keep `least` pixels.
///
/// Its PDQ is a few bits off that of the full picture: well inside the
/// distance of a match, and no hash to be stored or shown. With 512 a
/// photograph of 12 megapixels is read at a quarter, in under two thirds of
/// the time and a sixteenth of the memory, and hashed in a tenth of the time.
///
/// # Errors
///
/// Those of [`decode`].
pub fn decode_reduced(bytes: &[u8], limits: &Limits, least: u32) -> Result<Picture, DecodeError> {
    let header = header::read(bytes, limits)?;
    if let Some(part) = reduction(&header, least)
        && let Ok(Some(picture)) = catch_panics(|| Ok(decode_jpeg_at(bytes, &header, part, limits)))
    {
        return Ok(picture);
    }
    decode(bytes, limits)
}

/// The largest part by which both sides may be divided.
fn reduction(header: &Header, least: u32) -> Option<u32> {
    let shorter = header.width.min(header.height);
    let least = least.max(MIN_SIDE);
    let fits = |part: &u32| header.format == Format::Jpeg && shorter.div_ceil(*part) >= least;
    [8, 4, 2].into_iter().find(fits)
}

/// `None` for what this decoder does not take.
fn decode_jpeg_at(bytes: &[u8], header: &Header, part: u32, limits: &Limits) -> Option<Picture> {
    // The coefficients may all have to be held, and the small picture three
    // times: as planes, as pixels, turned.
    let pixels = u64::from(header.width) * u64::from(header.height);
    let small = pixels.div_ceil(u64::from(part * part));
    if pixels * header.working + small * 12 > limits.memory {
        return None;
    }
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(usize::try_from(limits.memory).ok()?);
    decoder.read_info().ok()?;
    let info = decoder.info()?;
    if (u32::from(info.width), u32::from(info.height)) != (header.width, header.height) {
        return None;
    }
    let side = |side: u32| u16::try_from(side.div_ceil(part)).ok();
    let wanted = (side(header.width)?, side(header.height)?);
    if decoder.scale(wanted.0, wanted.1).ok()? != wanted {
        return None;
    }
    let profile = decoder.icc_profile();
    let pixels = decoder.decode().ok()?;
    let (width, height) = (u32::from(wanted.0), u32::from(wanted.1));
    let stored: DynamicImage = match info.pixel_format {
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels)?.into(),
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels)?.into(),
        PixelFormat::L16 | PixelFormat::CMYK32 => return None,
    };
    let picture = colour::to_srgb(stored, profile.as_deref())?;
    Some(
        match Turn::from_exif(metadata::read_orientation(bytes).unwrap_or(1)) {
            Turn::Keep => picture,
            turn => picture.turned(turn),
        },
    )
}
