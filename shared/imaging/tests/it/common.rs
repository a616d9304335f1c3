//! Pictures and files made for the tests.
use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use vara_imaging::{Picture, encode_jpeg};

/// A picture with smooth shapes at several scales, different in every corner.
pub(crate) fn scene(width: u32, height: u32) -> Picture {
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let waves = (9.0 * u + 4.0 * v * v).sin() + (17.0 * v - 6.0 * u * v).cos();
            let blob = (-30.0 * ((u - 0.3).powi(2) + (v - 0.7).powi(2))).exp();
            let fine = (41.0 * u * (1.0 + v)).sin() * (23.0 * v).cos();
            for shift in [0.0, 0.4, 0.9] {
                let value = 110.0 + 40.0 * waves + 70.0 * blob * (1.0 - shift) + 25.0 * fine;
                rgb.push(value.clamp(0.0, 255.0) as u8);
            }
        }
    }
    Picture::from_rgb(width, height, rgb).unwrap()
}

/// Four quarters: red, green / blue, yellow.
pub(crate) fn quarters(width: u32, height: u32) -> Picture {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            rgb.extend(match (x < width / 2, y < height / 2) {
                (true, true) => [200, 20, 20],
                (false, true) => [20, 180, 20],
                (true, false) => [20, 20, 200],
                (false, false) => [220, 210, 20],
            });
        }
    }
    Picture::from_rgb(width, height, rgb).unwrap()
}

pub(crate) fn jpeg(picture: &Picture) -> Vec<u8> {
    encode_jpeg(picture, 95).unwrap()
}

pub(crate) fn file(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn dynamic(picture: &Picture) -> DynamicImage {
    let rgb = picture.rgb().to_vec();
    image::RgbImage::from_raw(picture.width(), picture.height(), rgb)
        .unwrap()
        .into()
}

/// The scene in every format that is read.
pub(crate) fn every_format(picture: &Picture) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("jpeg", jpeg(picture)),
        ("png", file(dynamic(picture), ImageFormat::Png)),
        ("webp", file(dynamic(picture), ImageFormat::WebP)),
        ("gif", file(dynamic(picture), ImageFormat::Gif)),
    ]
}

/// Puts a segment behind the start of a JPEG.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xff, marker], &length[..], payload].concat();
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

/// Puts a chunk behind the header of a PNG.
pub(crate) fn with_png_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let length = (data.len() as u32).to_be_bytes();
    let check = crc32(&named).to_be_bytes();
    [&png[..33], &length, &named, &check, &png[33..]].concat()
}

/// Rebuilds a simple WebP as an extended one with EXIF at its end.
pub(crate) fn with_webp_exif(webp: &[u8], width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    let mut canvas = vec![0x08, 0, 0, 0];
    canvas.extend(&(width - 1).to_le_bytes()[..3]);
    canvas.extend(&(height - 1).to_le_bytes()[..3]);
    let chunk = |name: &[u8], data: &[u8]| {
        let length = (data.len() as u32).to_le_bytes();
        let padding: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
        [name, &length, data, padding].concat()
    };
    let body = [
        b"WEBP",
        &chunk(b"VP8X", &canvas)[..],
        &webp[12..],
        &chunk(b"EXIF", exif),
    ]
    .concat();
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

/// A TIFF structure with orientation, maker, model and a place.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let mut bytes = tag.to_be_bytes().to_vec();
        bytes.extend(kind.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(value);
        bytes
    };
    let [high, low] = orientation.to_be_bytes();
    tiff.extend(4_u16.to_be_bytes());
    tiff.extend(entry(0x010f, 2, 4, *b"Cam\0"));
    tiff.extend(entry(0x0110, 2, 4, *b"One\0"));
    tiff.extend(entry(0x0112, 3, 1, [high, low, 0, 0]));
    tiff.extend(entry(0x8825, 4, 1, [0, 0, 0, 62]));
    tiff.extend([0; 4]);
    tiff.extend(1_u16.to_be_bytes());
    tiff.extend(entry(0x0002, 2, 2, *b"9\0\0\0"));
    tiff.extend([0; 4]);
    tiff
}

/// The EXIF segment of a JPEG.
pub(crate) fn exif_segment(orientation: u16) -> Vec<u8> {
    [b"Exif\0\0", &exif(orientation)[..]].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            if sum & 1 == 1 {
                sum >> 1 ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}

/// Mean difference per channel.
pub(crate) fn difference(a: &Picture, b: &Picture) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let sum: u64 = a
        .rgb()
        .iter()
        .zip(b.rgb())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.rgb().len() as f64
}
