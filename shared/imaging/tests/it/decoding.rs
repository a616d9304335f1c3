//! Tests of decoding: upright, sRGB, on white, one frame.

use crate::common::*;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Luma, Rgba, RgbaImage};
use moxcms::ColorProfile;
use vara_imaging::{DecodeError, Format, Limits, Picture, Turn, decode, read_dimensions};

fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &Limits::DEFAULT).unwrap()
}

/// Adds a profile as cameras do: in one APP2 segment.
fn with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xe2, &[b"ICC_PROFILE\0\x01\x01", profile].concat())
}

#[test]
fn every_format_is_read() {
    let picture = quarters(60, 40);
    let formats = [Format::Jpeg, Format::Png, Format::WebP, Format::Gif];
    for ((name, bytes), format) in every_format(&picture).into_iter().zip(formats) {
        let claim = read_dimensions(&bytes, &Limits::DEFAULT);
        assert_eq!(claim, Ok((format, 60, 40)), "{name}");
        assert!(difference(&decoded(&bytes), &picture) < 4.0, "{name}");
    }
}

#[test]
fn all_eight_orientations_come_out_upright() {
    let upright = quarters(64, 48);
    // How each orientation stores the picture: the way back of what sets it upright.
    let stored = [
        (1, Turn::Keep),
        (2, Turn::FlipY),
        (3, Turn::Rotate180),
        (4, Turn::FlipX),
        (5, Turn::Transpose),
        (6, Turn::Rotate90),
        (7, Turn::AntiTranspose),
        (8, Turn::Rotate270),
    ];
    for (orientation, turn) in stored {
        let turned = upright.turned(turn);
        let plain = jpeg(&turned);
        let file = with_segment(&plain, 0xe1, &exif_segment(orientation));
        assert!(difference(&decoded(&file), &upright) < 4.0, "{orientation}");
        // The same answer as the `image` crate's own reading of orientations.
        let mut by_image = dynamic(&decoded(&plain));
        let named = image::metadata::Orientation::from_exif(orientation as u8).unwrap();
        by_image.apply_orientation(named);
        assert_eq!(decoded(&file).rgb(), by_image.as_bytes(), "{orientation}");
    }
}

#[test]
fn png_and_webp_are_turned_upright_too() {
    let upright = quarters(64, 48);
    let stored = dynamic(&upright.turned(Turn::Rotate90));
    let png = file(stored.clone(), ImageFormat::Png);
    let png = with_png_chunk(&png, b"eXIf", &exif(6));
    assert_eq!(decoded(&png), upright);
    let webp = file(stored, ImageFormat::WebP);
    let webp = with_webp_exif(&webp, 48, 64, &exif(6));
    assert_eq!(decoded(&webp), upright);
}

#[test]
fn senseless_orientations_turn_nothing() {
    let picture = quarters(64, 48);
    for orientation in [0, 9, 255, 65_535] {
        let file = with_segment(&jpeg(&picture), 0xe1, &exif_segment(orientation));
        assert!(difference(&decoded(&file), &picture) < 4.0, "{orientation}");
    }
}

#[test]
fn transparency_is_filled_with_white() {
    let colours = [
        [255, 0, 0, 255],
        [255, 0, 0, 0],
        [0, 0, 0, 128],
        [10, 20, 30, 0],
    ];
    let rgba = RgbaImage::from_fn(8, 5, |x, _| Rgba(colours[x as usize / 2]));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let picture = decoded(&file(rgba.clone().into(), format));
        let row: Vec<&[u8]> = picture.rgb()[..24]
            .chunks(6)
            .map(|pair| &pair[..3])
            .collect();
        let white: [u8; 3] = [255; 3];
        assert_eq!(row, [&[255, 0, 0], &white, &[127; 3], &white], "{format:?}");
    }
}

#[test]
fn sixteen_bit_and_grey_pictures() {
    let grey = image::ImageBuffer::from_fn(6, 6, |x, _| Luma([x as u16 * 0x3333]));
    let picture = decoded(&file(DynamicImage::ImageLuma16(grey), ImageFormat::Png));
    let first_row: Vec<u8> = picture.rgb()[..18].iter().step_by(3).copied().collect();
    assert_eq!(first_row, [0, 0x33, 0x66, 0x99, 0xcc, 0xff]);
}

#[test]
fn the_first_frame_of_an_animation() {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for colour in [[200, 0, 0, 255], [0, 0, 200, 255]] {
        let frame = RgbaImage::from_pixel(10, 10, Rgba(colour));
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    let picture = decoded(&bytes);
    assert!(picture.rgb().chunks(3).all(|pixel| pixel == [200, 0, 0]));
}

#[test]
fn a_wide_gamut_profile_is_converted() {
    let stored = Picture::from_rgb(8, 8, [234, 51, 35].repeat(64)).unwrap();
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let file = with_profile(&jpeg(&stored), &profile);
    let pixel = decoded(&file).rgb()[..3].to_vec();
    // Display P3 (234, 51, 35) is the red of sRGB at full strength.
    assert!(
        pixel[0] >= 254 && pixel[1] <= 3 && pixel[2] <= 12,
        "{pixel:?}"
    );
}

#[test]
fn an_srgb_profile_changes_no_pixel() {
    let plain = jpeg(&scene(64, 64));
    let profile = ColorProfile::new_srgb().encode().unwrap();
    assert_eq!(decoded(&with_profile(&plain, &profile)), decoded(&plain));
}

#[test]
fn broken_and_foreign_profiles_count_as_srgb() {
    let plain = jpeg(&scene(64, 64));
    let mut broken = ColorProfile::new_display_p3().encode().unwrap();
    broken.truncate(200);
    let grey = ColorProfile::new_gray_with_gamma(1.8).encode().unwrap();
    for profile in [&b"not a profile"[..], &broken, &grey, b""] {
        assert_eq!(decoded(&with_profile(&plain, profile)), decoded(&plain));
    }
}

#[test]
fn a_grey_profile_holds_for_a_grey_picture() {
    let grey = image::GrayImage::from_pixel(8, 8, Luma([128]));
    let plain = file(grey.into(), ImageFormat::Jpeg);
    let profile = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let pixel = decoded(&with_profile(&plain, &profile)).rgb()[..3].to_vec();
    // Linear 0.5 is 188 in sRGB.
    assert!(
        pixel.iter().all(|value| value.abs_diff(188) <= 2),
        "{pixel:?}"
    );
}

#[test]
fn limits_hold() {
    let file = jpeg(&scene(100, 60));
    let try_with = |limits: Limits| decode(&file, &limits).map(|_| ()).unwrap_err();
    let base = Limits::DEFAULT;
    let bytes = try_with(Limits { bytes: 99, ..base });
    assert!(matches!(bytes, DecodeError::TooManyBytes { limit: 99, .. }));
    let pixels = try_with(Limits {
        pixels: 5999,
        ..base
    });
    let expected = DecodeError::TooManyPixels {
        pixels: 6000,
        limit: 5999,
    };
    assert_eq!(pixels, expected);
    let side = try_with(Limits { side: 99, ..base });
    assert_eq!(
        side,
        DecodeError::TooLong {
            side: 100,
            limit: 99
        }
    );
    let memory = try_with(Limits {
        memory: 18_000,
        ..base
    });
    assert!(matches!(
        memory,
        DecodeError::TooMuchMemory { limit: 18_000, .. }
    ));
    assert!(decode(&file, &base).is_ok());
}
