//! Tests of hostile and damaged files: a typed error, never a panic.

use std::sync::LazyLock;

use crate::common::*;
use image::ImageFormat;
use moxcms::ColorProfile;
use proptest::prelude::*;
use vara_imaging::{
    DecodeError, Limits, decode, decode_reduced, pdq, read_dimensions, read_metadata, sniff,
};

/// Good files in every format, with metadata and profiles to damage.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let picture = scene(48, 36);
    let mut files: Vec<Vec<u8>> = every_format(&picture).into_iter().map(|it| it.1).collect();
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let icc = [b"ICC_PROFILE\0\x01\x01", &profile[..]].concat();
    let jpeg = with_segment(&files[0], 0xe2, &icc);
    files.push(with_segment(&jpeg, 0xe1, &exif_segment(6)));
    files.push(with_webp_exif(&files[2], 48, 36, &exif(5)));
    files.push(with_png_chunk(&files[1], b"eXIf", &exif(8)));
    let rgba = dynamic(&picture).into_rgba8();
    files.push(file(rgba.into(), ImageFormat::WebP));
    files.push(include_bytes!("../vectors/core/wee.jpg").to_vec());
    files
});

/// Reads a file in every way there is. Limits are small, as is the picture.
fn read(bytes: &[u8]) -> Result<(), DecodeError> {
    let limits = Limits {
        pixels: 1_000_000,
        memory: 32_000_000,
        ..Limits::DEFAULT
    };
    let _ = read_metadata(bytes);
    let _ = read_dimensions(bytes, &limits);
    let _ = decode_reduced(bytes, &limits, 5);
    let picture = decode(bytes, &limits)?;
    let _ = pdq(&picture);
    Ok(())
}

#[test]
fn the_files_are_good_before_they_are_damaged() {
    for bytes in FILES.iter() {
        read(bytes).unwrap();
    }
}

#[test]
fn every_cut_of_every_format_is_a_typed_error() {
    for (name, bytes) in every_format(&scene(24, 20)) {
        // The last bytes of a file may be a trailer nobody needs.
        for length in 0..bytes.len() * 9 / 10 {
            let cut = read(&bytes[..length]);
            assert!(cut.is_err(), "{name} cut to {length} of {}", bytes.len());
        }
    }
}

#[test]
fn a_cut_jpeg_is_called_incomplete() {
    let bytes = jpeg(&scene(64, 64));
    let cut = decode(&bytes[..bytes.len() / 2], &Limits::DEFAULT);
    assert_eq!(cut.unwrap_err(), DecodeError::Truncated);
}

#[test]
fn other_files_are_not_pictures() {
    let others: [&[u8]; 4] = [
        b"",
        b"<svg onload='x'/>",
        b"%PDF-1.7",
        b"\0\0\0\x18ftypavif",
    ];
    for bytes in others {
        assert_eq!(read(bytes), Err(DecodeError::NotAPicture));
    }
}

#[test]
fn a_gif_frame_larger_than_memory_is_refused() {
    let mut bytes = b"GIF89a\x10\0\x10\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    bytes.extend(b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0\x3b");
    assert!(read(&bytes).is_err());
}

#[test]
fn a_webp_canvas_that_disagrees_with_its_frame_is_refused() {
    let webp = file(dynamic(&scene(48, 36)), ImageFormat::WebP);
    assert!(read(&with_webp_exif(&webp, 480, 36, &exif(1))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn damaged_files_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = which.get(&FILES).clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = read(&bytes);
    }

    #[test]
    fn damaged_heads_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((0..220_usize, any::<u8>()), 1..8),
    ) {
        let mut bytes = which.get(&FILES).clone();
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let _ = read(&bytes);
    }

    #[test]
    fn noise_behind_a_magic_never_panics(
        magic in prop::sample::select(vec![
            &b"\xff\xd8\xff\xe1"[..],
            b"\xff\xd8\xff\xc0",
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
            b"GIF89a",
            b"RIFF\xff\0\0\0WEBPVP8X",
            b"RIFF\xff\0\0\0WEBPVP8L",
        ]),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let bytes = [magic, &noise[..]].concat();
        prop_assert!(sniff(&bytes).is_some());
        let _ = read(&bytes);
    }

    #[test]
    fn damaged_exif_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let mut tiff = exif(3);
        for (at, value) in changes {
            let at = at.index(tiff.len());
            tiff[at] = value;
        }
        let segment = [b"Exif\0\0", &tiff[..]].concat();
        let _ = read(&with_segment(&FILES[0], 0xe1, &segment));
    }
}
