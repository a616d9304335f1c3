//! Pictures made of a seed: the same seed, the same picture; other seeds look nothing like it.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, imageops};

use crate::random::Random;

/// A picture with enough in it to be recognised.
#[must_use]
pub fn picture(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut random = Random::of(seed);
    let coarse = RgbImage::from_fn(9, 7, |_, _| {
        Rgb([random.byte(), random.byte(), random.byte()])
    });
    let mut out = imageops::resize(&coarse, width, height, imageops::FilterType::CatmullRom);
    for _ in 0..24 {
        let (x, y) = (random.below(width), random.below(height));
        let (w, h) = (1 + random.below(width / 5), 1 + random.below(height / 5));
        let colour = Rgb([random.byte(), random.byte(), random.byte()]);
        for (px, py) in
            (y..(y + h).min(height)).flat_map(|py| (x..(x + w).min(width)).map(move |px| (px, py)))
        {
            out.put_pixel(px, py, colour);
        }
    }
    out
}

/// A picture as a JPEG file.
#[must_use]
pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    encoder
        .write_image(
            picture,
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    out
}

/// A picture nobody else in this run has, as she uploads it, and a copy of it as it turns up elsewhere.
#[must_use]
pub fn mine_and_found() -> (Vec<u8>, Vec<u8>) {
    mine_and_found_of(fresh())
}

/// The same of a seed.
#[must_use]
pub fn mine_and_found_of(seed: u64) -> (Vec<u8>, Vec<u8>) {
    saved_and_found(&picture(seed, 800, 600))
}

/// A picture as she uploads it, and a smaller copy as it turns up elsewhere.
#[must_use]
pub fn saved_and_found(original: &RgbImage) -> (Vec<u8>, Vec<u8>) {
    let [width, height] = [original.width(), original.height()].map(|it| it * 3 / 5);
    let copy = imageops::resize(original, width, height, imageops::FilterType::Triangle);
    (jpeg(original, 92), jpeg(&copy, 70))
}

/// A photograph of the imaging crate: its test pictures and those of its accuracy bench.
#[must_use]
pub fn photo(name: &str) -> RgbImage {
    let imaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/imaging");
    let file = ["bench-pictures", "tests/pictures"]
        .map(|folder| imaging.join(folder).join(format!("{name}.jpg")))
        .into_iter()
        .find(|it| it.exists());
    let file = file.unwrap_or_else(|| panic!("there is no photograph called {name}"));
    image::open(file).unwrap().to_rgb8()
}

/// Two thirds of each side, from the middle.
#[must_use]
pub fn cropped(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    imageops::crop_imm(
        picture,
        width / 6,
        height / 6,
        width * 2 / 3,
        height * 2 / 3,
    )
    .to_image()
}

/// As in a mirror.
#[must_use]
pub fn mirrored(picture: &RgbImage) -> RgbImage {
    imageops::flip_horizontal(picture)
}

/// With a white bar below it, and something like words upon the bar.
#[must_use]
pub fn captioned(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let bar = height / 5;
    let mut out = RgbImage::from_pixel(width, height + bar, Rgb([255; 3]));
    imageops::replace(&mut out, picture, 0, 0);
    let (unit, ink) = (bar / 8, Rgb([20; 3]));
    for word in 0..6 {
        let left = width * (1 + word * 3) / 20;
        for x in left..left + width / 10 {
            for y in height + 3 * unit..height + 5 * unit {
                if (x / unit.max(1)) % 2 == 0 {
                    out.put_pixel(x, y, ink);
                }
            }
        }
    }
    out
}

/// A picture nobody else in this run has.
#[must_use]
pub fn mine() -> Vec<u8> {
    jpeg(&picture(fresh(), 800, 600), 92)
}

/// A JPEG file that says where it was taken and with which camera, lying on its side.
#[must_use]
pub fn with_metadata(jpeg: &[u8]) -> Vec<u8> {
    // Big-endian TIFF: orientation 6, a camera's name, and a GPS directory with a latitude.
    let mut tiff: Vec<u8> = b"MM\0\x2a\0\0\0\x08".to_vec();
    tiff.extend_from_slice(&[0, 3]);
    tiff.extend_from_slice(&[0x01, 0x10, 0, 2, 0, 0, 0, 8, 0, 0, 0, 50]); // model, at 50
    tiff.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]); // orientation
    tiff.extend_from_slice(&[0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 58]); // GPS directory, at 58
    tiff.extend_from_slice(&[0, 0, 0, 0]);
    tiff.extend_from_slice(b"SecretCa");
    tiff.extend_from_slice(&[0, 2]);
    tiff.extend_from_slice(&[0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0]); // latitude north
    tiff.extend_from_slice(&[0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 88]); // latitude, at 88
    tiff.extend_from_slice(&[0, 0, 0, 0]);
    for degrees in [52_u32, 31, 12] {
        tiff.extend_from_slice(&degrees.to_be_bytes());
        tiff.extend_from_slice(&1_u32.to_be_bytes());
    }
    let mut out = jpeg[..2].to_vec();
    out.extend_from_slice(&[0xff, 0xe1]);
    out.extend_from_slice(&u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
    out.extend_from_slice(b"Exif\0\0");
    out.extend_from_slice(&tiff);
    out.extend_from_slice(&jpeg[2..]);
    out
}

/// A seed nobody else has.
fn fresh() -> u64 {
    let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
    seed
}
