//! Any bytes where each format keeps its EXIF, XMP and texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_imaging::{Limits, decode, read_metadata};
use vara_imaging_fuzz::pass_panics_of_decoders;

/// The smallest JPEG: eight by eight, grey.
const JPEG: &[u8] = include_bytes!("../seeds/grey.jpg");

fuzz_target!(init: pass_panics_of_decoders(), |bytes: &[u8]| {
    let _ = read_metadata(bytes);
    let bytes = &bytes[..bytes.len().min(60_000)];
    let length = u16::try_from(bytes.len() + 8).unwrap_or(u16::MAX).to_be_bytes();
    let exif = [&JPEG[..2], b"\xff\xe1", &length, b"Exif\0\0", bytes, &JPEG[2..]].concat();
    let _ = read_metadata(&exif);
    // The orientation is read too; nonsense there never costs the picture.
    let picture = decode(&exif, &Limits::DEFAULT).expect("the picture itself is good");
    assert_eq!((picture.width(), picture.height()), (8, 8));
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    for name in [b"eXIf", b"tEXt", b"iTXt", b"zTXt"] {
        let chunk = [b"\x89PNG\r\n\x1a\n", &size.to_be_bytes()[..], name, bytes].concat();
        let _ = read_metadata(&chunk);
    }
    for name in [b"EXIF", b"XMP "] {
        let chunk = [b"RIFF\0\0\0\0WEBP", &name[..], &size.to_le_bytes(), bytes].concat();
        let _ = read_metadata(&chunk);
    }
});
