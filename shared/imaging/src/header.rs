//! Reads format and size from the header of a file, before any decoder sees it.
//!
//! Own code on purpose: a few bytes at known places, no allocation, so that a
//! file built to exhaust a decoder is refused before one is opened.

use crate::error::DecodeError;
use crate::format::{Format, sniff};
use crate::jpeg::{END_OF_IMAGE, JpegSegments, START_OF_SCAN, is_frame};
use crate::limits::{Limits, MAX_JPEG_SCANS, MIN_SIDE};

/// What the header claims; the decoder must agree with it later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Bytes of memory per pixel that decoding holds besides its output.
    pub(crate) working: u64,
}

/// Reads the claim and refuses what is over the limits.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Header, DecodeError> {
    if bytes.len() > limits.bytes {
        return Err(DecodeError::TooManyBytes {
            bytes: bytes.len(),
            limit: limits.bytes,
        });
    }
    let format = sniff(bytes).ok_or(DecodeError::NotAPicture)?;
    let (width, height, working) = match format {
        Format::Jpeg => read_jpeg(bytes)?,
        Format::Png => read_png(bytes)?,
        Format::WebP => read_webp(bytes)?,
        Format::Gif => read_gif(bytes)?,
    };
    check_size(width, height, limits)?;
    Ok(Header {
        format,
        width,
        height,
        working,
    })
}

fn check_size(width: u32, height: u32, limits: &Limits) -> Result<(), DecodeError> {
    let pixels = u64::from(width) * u64::from(height);
    let side = width.max(height);
    if pixels == 0 {
        return Err(DecodeError::corrupt("a side of zero"));
    }
    if pixels > limits.pixels {
        return Err(DecodeError::TooManyPixels {
            pixels,
            limit: limits.pixels,
        });
    }
    if side > limits.side {
        return Err(DecodeError::TooLong {
            side,
            limit: limits.side,
        });
    }
    if width.min(height) < MIN_SIDE {
        return Err(DecodeError::TooSmall);
    }
    Ok(())
}

/// Width, height, working bytes per pixel.
type ClaimedSize = (u32, u32, u64);

/// The one frame of a JPEG, and whether its scans can be what they claim.
fn read_jpeg(bytes: &[u8]) -> Result<ClaimedSize, DecodeError> {
    let mut frame = None;
    let mut scans = 0;
    let mut coded = 0;
    let mut scan_end = None;
    for segment in JpegSegments::new(bytes) {
        if let Some(start) = scan_end.take() {
            // The marker and its length are in the difference; the bound below is loose.
            coded += segment.end - segment.payload.len() - start;
        }
        if is_frame(segment.marker) {
            let parsed = read_jpeg_frame(segment.marker, segment.payload)?;
            if frame.replace(parsed).is_some() {
                return Err(DecodeError::corrupt("two frames"));
            }
        } else if segment.marker == START_OF_SCAN {
            scans += 1;
            if scans > MAX_JPEG_SCANS {
                return Err(DecodeError::corrupt("too many scans"));
            }
            scan_end = Some(segment.end);
        } else if segment.marker == END_OF_IMAGE {
            let claim = frame.ok_or_else(|| DecodeError::corrupt("no frame"))?;
            check_coded_length(claim, coded)?;
            return Ok(claim);
        }
    }
    Err(DecodeError::Truncated)
}

/// The shortest code of a block of 64 pixels is one bit, so a large picture in
/// a few bytes cannot be whole. Halved, because chroma may be sampled oddly.
fn check_coded_length((width, height, _): ClaimedSize, coded: usize) -> Result<(), DecodeError> {
    let blocks = u64::from(width.div_ceil(8)) * u64::from(height.div_ceil(8));
    if (coded as u64) * 16 < blocks {
        return Err(DecodeError::Truncated);
    }
    Ok(())
}

fn read_jpeg_frame(marker: u8, payload: &[u8]) -> Result<ClaimedSize, DecodeError> {
    let [_, high, low, wide, narrow, components, ..] = *payload else {
        return Err(DecodeError::corrupt("a short frame header"));
    };
    let height = u32::from(u16::from_be_bytes([high, low]));
    let width = u32::from(u16::from_be_bytes([wide, narrow]));
    check_sampling(&payload[6..], components)?;
    match marker {
        // A decoder may have to hold every coefficient, two bytes each: always
        // for progressive, for baseline when the components come one by one.
        0xc0..=0xc2 => Ok((width, height, 2 * u64::from(components))),
        _ => Err(DecodeError::Unsupported(format!(
            "JPEG coding {marker:#04x}"
        ))),
    }
}

/// Each component says how densely it is sampled, one to four times each way.
/// Decoders have come to grief over others.
fn check_sampling(table: &[u8], components: u8) -> Result<(), DecodeError> {
    let (table, _) = table.as_chunks::<3>();
    let table = table
        .get(..usize::from(components))
        .ok_or_else(|| DecodeError::corrupt("a short frame header"))?;
    let dense = |factor: u8| (1..=4).contains(&factor);
    let fits = |[_, factors, _]: &[u8; 3]| dense(factors >> 4) && dense(factors & 15);
    if table.is_empty() || !table.iter().all(fits) {
        return Err(DecodeError::corrupt("components that cannot be"));
    }
    Ok(())
}

fn read_png(bytes: &[u8]) -> Result<ClaimedSize, DecodeError> {
    let header = bytes.get(8..26).ok_or(DecodeError::Truncated)?;
    if header.get(4..8) != Some(b"IHDR") {
        return Err(DecodeError::corrupt("no IHDR"));
    }
    let number = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    Ok((number(8), number(12), 0))
}

fn read_gif(bytes: &[u8]) -> Result<ClaimedSize, DecodeError> {
    let screen = bytes.get(6..10).ok_or(DecodeError::Truncated)?;
    let number = |at: usize| u32::from(u16::from_le_bytes([screen[at], screen[at + 1]]));
    // A frame smaller than the screen is decoded beside it.
    Ok((number(0), number(2), 4))
}

fn read_webp(bytes: &[u8]) -> Result<ClaimedSize, DecodeError> {
    let body = bytes.get(20..30).ok_or(DecodeError::Truncated)?;
    let three = |at: usize| u32::from_le_bytes([body[at], body[at + 1], body[at + 2], 0]);
    match bytes.get(12..16) {
        // Luma and chroma planes, and alpha beside them.
        Some(b"VP8X") => Ok((three(4) + 1, three(7) + 1, 6)),
        Some(b"VP8 ") => {
            let side = |at: usize| u32::from(u16::from_le_bytes([body[at], body[at + 1]]) & 0x3fff);
            Ok((side(6), side(8), 2))
        }
        Some(b"VP8L") => {
            let bits = u32::from_le_bytes([body[1], body[2], body[3], body[4]]);
            Ok(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1, 4))
        }
        _ => Err(DecodeError::corrupt("an unknown WebP chunk")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png_header(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x06\0\0\0\0\0\0\0");
        bytes
    }

    #[test]
    fn bombs_are_refused_by_their_header() {
        let bomb = png_header(65_535, 65_535);
        let refused = read(&bomb, &Limits::DEFAULT);
        assert!(matches!(
            refused,
            Err(DecodeError::TooManyPixels {
                pixels: 4_294_836_225,
                ..
            })
        ));
        let thread = read(&png_header(50_000, 10), &Limits::DEFAULT);
        assert!(matches!(
            thread,
            Err(DecodeError::TooLong { side: 50_000, .. })
        ));
        let huge = read(&png_header(u32::MAX, u32::MAX), &Limits::DEFAULT);
        assert!(matches!(huge, Err(DecodeError::TooManyPixels { .. })));
    }

    #[test]
    fn what_the_largest_phones_make_is_read_and_the_next_larger_is_not() {
        for (width, height) in [(8160, 6144), (6144, 8160), (9248, 6944), (8192, 8192)] {
            let claim = read(&png_header(width, height), &Limits::DEFAULT);
            assert!(claim.is_ok(), "{width}x{height}: {claim:?}");
        }
        let over = read(&png_header(8192, 8193), &Limits::DEFAULT);
        let pixels = 8192 * 8193;
        let limit = 8192 * 8192;
        assert_eq!(over, Err(DecodeError::TooManyPixels { pixels, limit }));
    }

    #[test]
    fn the_smallest_and_the_empty() {
        let dot = read(&png_header(4, 100), &Limits::DEFAULT);
        assert_eq!(dot, Err(DecodeError::TooSmall));
        let nothing = read(&png_header(0, 7), &Limits::DEFAULT);
        assert!(matches!(nothing, Err(DecodeError::Corrupt(_))));
        assert!(read(&png_header(5, 5), &Limits::DEFAULT).is_ok());
    }

    #[test]
    fn jpeg_scans_are_counted() {
        let frame = b"\xff\xc2\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0";
        let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x55";
        let file =
            |scans: usize| [b"\xff\xd8", &frame[..], &scan.repeat(scans), b"\xff\xd9"].concat();
        assert!(read_jpeg(&file(MAX_JPEG_SCANS)).is_ok());
        assert!(matches!(
            read_jpeg(&file(MAX_JPEG_SCANS + 1)),
            Err(DecodeError::Corrupt(_))
        ));
    }

    #[test]
    fn a_large_jpeg_in_a_few_bytes_is_a_lie() {
        let frame = b"\xff\xc0\0\x0b\x08\x17\x70\x17\x70\x01\x01\x11\0";
        let file = [
            &b"\xff\xd8"[..],
            frame,
            b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x55\xff\xd9",
        ]
        .concat();
        assert_eq!(read_jpeg(&file), Err(DecodeError::Truncated));
    }

    #[test]
    fn two_jpeg_frames_are_refused() {
        let frame = b"\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0";
        let file = [
            b"\xff\xd8",
            &frame[..],
            frame,
            b"\xff\xda\0\x02\x55\x55\xff\xd9",
        ]
        .concat();
        assert!(matches!(read_jpeg(&file), Err(DecodeError::Corrupt(_))));
    }

    #[test]
    fn components_must_be_possible() {
        let frame = |components: &[u8]| {
            let length = components.len() as u8 + 7;
            let start = [0xff, 0xd8, 0xff, 0xc0, 0, length, 8, 0, 16, 0, 16];
            let rest = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x55\xff\xd9";
            read_jpeg(&[&start[..], components, rest].concat())
        };
        assert!(frame(&[1, 1, 0x11, 0]).is_ok());
        assert!(frame(&[1, 1, 0x41, 0]).is_ok());
        for wrong in [
            &[0][..],
            &[1],
            &[2, 1, 0x11, 0],
            &[1, 1, 0x01, 0],
            &[1, 1, 0x15, 0],
        ] {
            assert!(
                matches!(frame(wrong), Err(DecodeError::Corrupt(_))),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn lossless_and_arithmetic_jpeg_are_not_read() {
        let file = b"\xff\xd8\xff\xc9\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0\xff\xd9";
        assert!(matches!(read_jpeg(file), Err(DecodeError::Unsupported(_))));
    }
}
