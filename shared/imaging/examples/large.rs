//! Time and memory of taking in the largest pictures.
//!
//! `cargo run --release -p vara-imaging --example large` makes pictures of 8160x6144, as a phone of 50
//! megapixels does, and of the most pixels that are taken. Each is taken in by a process of its own, which
//! does what the intake does and prints its time and its peak of resident memory (Linux only).
#![allow(missing_docs, reason = "a program")]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use image::{DynamicImage, ImageFormat, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use vara_imaging::{
    Limits, Models, Picture, decode, encode_jpeg, pdq_dihedral, read_metadata, shrink, trim_borders,
};

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    match std::env::args_os().nth(1) {
        Some(file) => take_in(Path::new(&file)),
        None => measure_all(),
    }
}

/// Takes in one file as `services::ingest` does.
fn take_in(file: &Path) -> Done<()> {
    let models = Models::embedded()?;
    let bytes = fs::read(file)?;
    let begun = Instant::now();
    black_box(read_metadata(&bytes));
    let picture = decode(&bytes, &Limits::DEFAULT)?;
    let decoded = begun.elapsed();
    let (width, height) = (picture.width(), picture.height());
    let display = shrink(&picture, 2048);
    let thumbnail = shrink(&display, 512);
    black_box(pdq_dihedral(&picture));
    drop(picture);
    black_box(trim_borders(&display).and_then(|inner| pdq_dihedral(&inner)));
    black_box(models.faces(&display)?);
    black_box(models.vector(&display)?);
    black_box(models.intimate(&display)?);
    black_box((encode_jpeg(&display, 90)?, encode_jpeg(&thumbnail, 90)?));
    println!(
        "{:<28} {width:>5}x{height:<5} {:>6.1} MB {:>6} ms {:>6} ms {:>6} MB",
        file.file_name().unwrap_or_default().to_string_lossy(),
        bytes.len() as f64 / 1e6,
        decoded.as_millis(),
        begun.elapsed().as_millis(),
        peak_kib()? * 1024 / 1_000_000,
    );
    Ok(())
}

/// The peak of this process's resident memory.
fn peak_kib() -> Done<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let number = line.and_then(|it| it.split_whitespace().next());
    Ok(number.ok_or("no VmHWM")?.parse()?)
}

fn measure_all() -> Done<()> {
    let folder = std::env::temp_dir().join(format!("vara-large-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    println!(
        "file, size, bytes, time to decode, time of the whole intake, peak of resident memory"
    );
    let done = measure_in(&folder);
    fs::remove_dir_all(&folder)?;
    done
}

fn measure_in(folder: &Path) -> Done<()> {
    let phone = photograph(8160, 6144)?;
    let baseline = jpeg(&phone, false)?;
    measure(folder, "upright.jpg", &baseline)?;
    measure(folder, "on-its-side.jpg", &on_its_side(&baseline))?;
    measure(folder, "progressive.jpg", &jpeg(&phone, true)?)?;
    measure(folder, "flat.png", &png(RgbImage::new(8160, 6144))?)?;
    let largest = photograph(8192, 8192)?;
    measure(folder, "largest.jpg", &jpeg(&largest, false)?)?;
    measure(folder, "largest-progressive.jpg", &jpeg(&largest, true)?)?;
    let turned = on_its_side(&jpeg(&largest, true)?);
    measure(folder, "largest-progressive-turned.jpg", &turned)
}

fn measure(folder: &Path, name: &str, bytes: &[u8]) -> Done<()> {
    let file: PathBuf = folder.join(name);
    fs::write(&file, bytes)?;
    let status = Command::new(std::env::current_exe()?).arg(&file).status()?;
    fs::remove_file(&file)?;
    if !status.success() {
        return Err(format!("{name} was not taken in").into());
    }
    Ok(())
}

/// Soft shapes with a little noise: compresses about as a photograph does.
fn photograph(width: u32, height: u32) -> Done<Picture> {
    let mut state = 1_u32;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            let shape = ((x as f32 / 211.0).sin() + (y as f32 / 157.0).cos()) * 50.0 + 120.0;
            for tint in 0..3_u8 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                rgb.push(shape as u8 + tint * 8 + (state >> 29) as u8);
            }
        }
    }
    Ok(Picture::from_rgb(width, height, rgb).ok_or("not a picture")?)
}

/// At full colour resolution, which takes the most memory.
fn jpeg(picture: &Picture, is_progressive: bool) -> Done<Vec<u8>> {
    let side = |side: u32| u16::try_from(side);
    let (width, height) = (side(picture.width())?, side(picture.height())?);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 88);
    encoder.set_progressive(is_progressive);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.encode(picture.rgb(), width, height, ColorType::Rgb)?;
    Ok(file)
}

/// The same with the EXIF orientation 6: to be turned by a quarter.
fn on_its_side(jpeg: &[u8]) -> Vec<u8> {
    let exif =
        b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

fn png(picture: RgbImage) -> Done<Vec<u8>> {
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut file, ImageFormat::Png)?;
    Ok(file.into_inner())
}
