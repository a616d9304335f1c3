//! Time of each stage of an upload of 12 megapixels, and of all of them.
//! `RTEN_NUM_THREADS=1` measures on one core.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vara_imaging::{
    DecodeError, Limits, Models, Picture, Turn, blur, decode, encode_jpeg, pdq, pdq_dihedral,
    read_metadata, shrink, trim_borders,
};

/// Soft shapes with a little noise: compresses about as a photograph does.
fn photograph() -> Option<Picture> {
    let (width, height) = (4032, 3024);
    let mut state = 1_u32;
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let shape = ((x as f32 / 211.0).sin() + (y as f32 / 157.0).cos()) * 50.0 + 120.0;
            for tint in 0..3_u8 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                rgb.push(shape as u8 + tint * 8 + (state >> 29) as u8);
            }
        }
    }
    Picture::from_rgb(width as u32, height as u32, rgb)
}

/// What must be done before the picture can be shown.
fn shown(file: &[u8]) -> Result<usize, DecodeError> {
    let picture = decode(file, &Limits::DEFAULT)?;
    black_box(read_metadata(file));
    let display = shrink(&picture, 2048);
    let thumbnail = shrink(&display, 512);
    black_box(pdq(&picture));
    let sizes = [&display, &thumbnail].map(|it| encode_jpeg(it, 85).map_or(0, |file| file.len()));
    Ok(sizes[0] + sizes[1])
}

/// All that an upload goes through.
fn everything(file: &[u8], models: &Models) -> Result<usize, DecodeError> {
    let picture = decode(file, &Limits::DEFAULT)?;
    black_box(read_metadata(file));
    let display = shrink(&picture, 2048);
    let thumbnail = shrink(&display, 512);
    black_box(pdq_dihedral(&picture));
    black_box(trim_borders(&display).and_then(|inner| pdq_dihedral(&inner)));
    let _ = black_box(models.faces(&display));
    let _ = black_box(models.vector(&display));
    let _ = black_box(models.intimate(&display));
    let sizes = [&display, &thumbnail].map(|it| encode_jpeg(it, 85).map_or(0, |file| file.len()));
    Ok(sizes[0] + sizes[1])
}

fn benches(criterion: &mut Criterion) {
    let Some(picture) = photograph() else { return };
    let Ok(file) = encode_jpeg(&picture, 88) else {
        return;
    };
    let display = shrink(&picture, 2048);
    let mut group = criterion.benchmark_group("12 megapixels");
    group.sample_size(10);
    group.bench_function("decode", |bencher| {
        bencher.iter(|| decode(black_box(&file), &Limits::DEFAULT));
    });
    group.bench_function("turn upright", |bencher| {
        bencher.iter(|| black_box(&picture).turned(Turn::Rotate270));
    });
    group.bench_function("shrink to 2048", |bencher| {
        bencher.iter(|| shrink(black_box(&picture), 2048));
    });
    group.bench_function("encode 2048", |bencher| {
        bencher.iter(|| encode_jpeg(black_box(&display), 85));
    });
    group.bench_function("shrink to 512", |bencher| {
        bencher.iter(|| shrink(black_box(&display), 512));
    });
    group.bench_function("blurred preview", |bencher| {
        bencher.iter(|| blur(black_box(&display), 512));
    });
    group.bench_function("borders", |bencher| {
        bencher.iter(|| trim_borders(black_box(&picture)));
    });
    group.bench_function("metadata", |bencher| {
        bencher.iter(|| read_metadata(black_box(&file)));
    });
    group.bench_function("decode, two derivatives, one hash", |bencher| {
        bencher.iter(|| shown(black_box(&file)));
    });
    if let Ok(models) = Models::embedded() {
        group.bench_function("everything with the models", |bencher| {
            bencher.iter(|| everything(black_box(&file), &models));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
