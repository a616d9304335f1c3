//! Pictures made of a seed: the same seed, the same picture; other seeds look nothing like it.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, imageops};

/// A picture with enough in it to be recognised.
#[must_use]
pub fn picture(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
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
    let original = picture(fresh(), 800, 600);
    let copy = imageops::resize(&original, 480, 360, imageops::FilterType::Triangle);
    (jpeg(&original, 92), jpeg(&copy, 70))
}

/// The same, but so little is left of the copy that one can doubt it: a third of the picture, askew.
#[must_use]
pub fn mine_and_doubtful() -> (Vec<u8>, Vec<u8>) {
    let original = picture(fresh(), 800, 600);
    let askew = turned(&original, 5.5);
    let part = imageops::crop_imm(&askew, 80, 60, 480, 360).to_image();
    (jpeg(&original, 92), jpeg(&part, 70))
}

/// The picture turned around its middle, its edges drawn out.
fn turned(picture: &RgbImage, degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = picture.dimensions();
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - cx, y as f32 - cy);
        let x = (cos * dx + sin * dy + cx).clamp(0.0, width as f32 - 1.0);
        let y = (cos * dy - sin * dx + cy).clamp(0.0, height as f32 - 1.0);
        *picture.get_pixel(x as u32, y as u32)
    })
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

/// Xorshift: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 32) as u8
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from((self.next() >> 16) % u64::from(end.max(1))).unwrap()
    }
}
