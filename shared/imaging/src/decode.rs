//! Decoding: from hostile bytes to upright sRGB pixels.

use std::io::Cursor;

use image::codecs::{gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder};

use crate::colour;
use crate::error::DecodeError;
use crate::format::Format;
use crate::guard::catch_panics;
use crate::header::{self, Header};
use crate::limits::{Limits, MAX_SIDE_DATA};
use crate::metadata;
use crate::picture::Picture;
use crate::turn::Turn;

/// Format, width and height from the header, before any decoding.
///
/// Refuses what is over the limits. The sides are those of the stored pixels:
/// EXIF orientation may exchange them in [`decode`].
pub fn read_dimensions(bytes: &[u8], limits: &Limits) -> Result<(Format, u32, u32), DecodeError> {
    let header = header::read(bytes, limits)?;
    Ok((header.format, header.width, header.height))
}

/// Decodes a picture as a browser would show it on a white page: upright, in
/// sRGB, transparency filled with white, of an animation the first frame.
///
/// The content decides the format, never a name or a claimed type. Sizes are
/// checked before a decoder is opened and again against what it found.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, DecodeError> {
    let header = header::read(bytes, limits)?;
    let turn = Turn::from_exif(metadata::read_orientation(bytes).unwrap_or(1));
    let picture = catch_panics(|| decode_stored(bytes, &header, turn, limits))?;
    Ok(match turn {
        Turn::Keep => picture,
        turn => picture.turned(turn),
    })
}

/// The pixels as they are stored, in sRGB.
fn decode_stored(
    bytes: &[u8],
    header: &Header,
    turn: Turn,
    limits: &Limits,
) -> Result<Picture, DecodeError> {
    let mut decoder = open_decoder(header.format, bytes, limits)?;
    if decoder.dimensions() != (header.width, header.height) {
        return Err(DecodeError::corrupt("header and decoder disagree"));
    }
    check_memory(header, decoder.as_ref(), turn, limits)?;
    decoder.set_limits(decoder_limits(limits))?;
    // A profile that cannot be read is as good as none.
    let profile = decoder.icc_profile().ok().flatten();
    let stored = DynamicImage::from_decoder(decoder)?;
    colour::to_srgb(stored, profile.as_deref())
        .ok_or_else(|| DecodeError::corrupt("pixels do not fill the picture"))
}

fn open_decoder<'a>(
    format: Format,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, DecodeError> {
    let reader = Cursor::new(bytes);
    Ok(match format {
        Format::Jpeg => Box::new(JpegDecoder::new(reader)?),
        Format::Png => Box::new(PngDecoder::with_limits(reader, png_side_data(limits))?),
        Format::WebP => Box::new(WebPDecoder::new(reader)?),
        Format::Gif => Box::new(GifDecoder::new(reader)?),
    })
}

fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut inner = image::Limits::no_limits();
    inner.max_image_width = Some(limits.side);
    inner.max_image_height = Some(limits.side);
    inner.max_alloc = Some(limits.memory);
    inner
}

/// A PNG unpacks its colour profile and texts as soon as it is opened.
fn png_side_data(limits: &Limits) -> image::Limits {
    let mut inner = decoder_limits(limits);
    inner.max_alloc = Some(limits.memory.min(MAX_SIDE_DATA));
    inner
}

/// The largest sum of pixel buffers that are alive together: while decoding,
/// while converting to RGB, while turning.
fn check_memory(
    header: &Header,
    decoder: &dyn ImageDecoder,
    turn: Turn,
    limits: &Limits,
) -> Result<(), DecodeError> {
    let colour = decoder.color_type();
    let stored = u64::from(colour.bytes_per_pixel());
    let eight_bit = if colour.has_alpha() { 4 } else { 3 };
    let reduced = if stored == eight_bit { 0 } else { stored };
    let on_white = if colour.has_alpha() { 3 } else { 0 };
    let converting = eight_bit + reduced.max(on_white);
    let turning = if turn == Turn::Keep { 3 } else { 6 };
    let peak = (stored + header.working).max(converting).max(turning);
    let bytes = u64::from(header.width) * u64::from(header.height) * peak;
    if bytes > limits.memory {
        return Err(DecodeError::TooMuchMemory {
            bytes,
            limit: limits.memory,
        });
    }
    Ok(())
}
