//! Time to load and to run each model, and to read all faces of a picture.
//! `RTEN_NUM_THREADS=1` measures on one core.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vara_imaging::{Limits, ModelError, Models, Picture, decode, shrink};

const PORTRAIT: &[u8] = include_bytes!("../tests/pictures/grace-hopper.jpg");
const GROUP: &[u8] = include_bytes!("../tests/pictures/solvay-1927.jpg");

/// A picture without a face: every turn of it is looked at.
fn waves() -> Option<Picture> {
    let (width, height) = (640_usize, 480_usize);
    let pixels = (0..width * height).flat_map(|index| {
        let (x, y) = ((index % width) as f32, (index / width) as f32);
        let value = ((x / 21.0).sin() + (y / 15.0).cos()) * 50.0 + 120.0;
        [value as u8, 255 - value as u8, 90]
    });
    Picture::from_rgb(width as u32, height as u32, pixels.collect())
}

/// Loads everything and runs it once.
fn first_use(picture: &Picture) -> Result<f32, ModelError> {
    let models = Models::embedded()?;
    black_box((models.faces(picture)?, models.vector(picture)?));
    models.intimate(picture)
}

fn benches(criterion: &mut Criterion) {
    let read = |file| decode(file, &Limits::DEFAULT);
    let (Ok(portrait), Ok(crowd)) = (read(PORTRAIT), read(GROUP)) else {
        return;
    };
    let (Ok(models), Some(waves)) = (Models::embedded(), waves()) else {
        return;
    };
    let mut group = criterion.benchmark_group("models");
    group.sample_size(10);
    let look = |it: &Picture| models.faces(it).map_or(0, |faces| faces.len());
    group.bench_function("faces, one, 640 high", |bencher| {
        bencher.iter(|| look(black_box(&portrait)));
    });
    let small = shrink(&portrait, 320);
    group.bench_function("faces, one, 320 high", |bencher| {
        bencher.iter(|| look(black_box(&small)));
    });
    group.bench_function("faces, none", |bencher| {
        bencher.iter(|| look(black_box(&waves)));
    });
    group.bench_function("faces, sixteen", |bencher| {
        bencher.iter(|| look(black_box(&crowd)));
    });
    group.bench_function("vector", |bencher| {
        bencher.iter(|| models.vector(black_box(&portrait)));
    });
    group.bench_function("intimate", |bencher| {
        bencher.iter(|| models.intimate(black_box(&portrait)));
    });
    group.bench_function("all four from the start", |bencher| {
        bencher.iter(|| first_use(black_box(&portrait)));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
