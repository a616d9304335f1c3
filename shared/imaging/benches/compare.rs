//! Time of one comparison, by what settles it.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::path::Path;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};
use vara_imaging::{
    Limits, Models, Picture, Subject, Turn, compare, decode, extract_features, find_overlay, shrink,
};

fn picture(name: &str) -> Picture {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(crate_folder.join(name)).unwrap_or_default();
    decode(&bytes, &Limits::DEFAULT).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The middle 60 % of the sides.
fn crop(picture: &Picture) -> Picture {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let size = [width * 3 / 5, height * 3 / 5];
    part(picture, [width / 5, height / 5], size)
}

fn part(picture: &Picture, [left, top]: [usize; 2], [width, height]: [usize; 2]) -> Picture {
    let rows = picture.rgb().chunks_exact(3 * picture.width() as usize);
    let rgb = rows
        .skip(top)
        .take(height)
        .flat_map(|row| &row[3 * left..][..3 * width])
        .copied()
        .collect();
    Picture::from_rgb(width as u32, height as u32, rgb).unwrap_or_else(|| picture.clone())
}

/// With hashes and features worked out.
fn known(picture: &Picture) -> Subject {
    let subject = Subject::new(picture.clone());
    subject.dihedral();
    subject.features();
    subject
}

fn benches(criterion: &mut Criterion) {
    let hers = picture("bench-pictures/bicycle-bell.jpg");
    let other = picture("bench-pictures/black-canyon.jpg");
    let mut group = criterion.benchmark_group("compare");
    group.sample_size(20);
    let query = known(&hers);
    let mut pair = |name: &str, candidate: &Picture| {
        let candidate_known = known(candidate);
        group.bench_function(format!("{name}, both known"), |bencher| {
            bencher.iter(|| compare(black_box(&query), black_box(&candidate_known), None));
        });
        from_pixels(&mut group, name, [&hers, candidate], None);
    };
    pair("resized (hash)", &shrink(&hers, 300));
    pair("mirrored (hash)", &hers.turned(Turn::FlipY));
    pair("cropped (geometry)", &crop(&hers));
    pair(
        "cropped and mirrored (geometry)",
        &crop(&hers).turned(Turn::FlipY),
    );
    pair("other picture (geometry)", &other);
    group.bench_function("features of a picture", |bencher| {
        bencher.iter(|| extract_features(black_box(&hers)));
    });
    let (ours, theirs) = (extract_features(&hers), extract_features(&other));
    group.bench_function("overlay of other pictures", |bencher| {
        bencher.iter(|| find_overlay(black_box(&ours), black_box(&theirs)));
    });
    if let Ok(models) = Models::embedded() {
        with_models(&mut group, [&hers, &other], &models);
    }
    group.finish();
}

fn from_pixels(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    both: [&Picture; 2],
    models: Option<&Models>,
) {
    group.bench_function(format!("{name}, from pixels"), |bencher| {
        bencher.iter_batched(
            || both.map(|it| Subject::new(it.clone())),
            |[query, candidate]| compare(&query, &candidate, models),
            BatchSize::SmallInput,
        );
    });
}

fn with_models(
    group: &mut BenchmarkGroup<'_, WallTime>,
    [hers, other]: [&Picture; 2],
    models: &Models,
) {
    let portrait = |name| picture(&format!("tests/pictures/{name}.jpg"));
    let many = portrait("solvay-1927");
    let half = [many.width() as usize / 2, many.height() as usize];
    let [left, right] = [0, half[0]].map(|from| part(&many, [from, 0], half));
    for (name, hers, other) in [
        ("other picture", hers, other),
        (
            "other person",
            &portrait("collins"),
            &portrait("grace-hopper"),
        ),
        ("other group", &left, &right),
    ] {
        let name = format!("{name} with models");
        from_pixels(group, &name, [hers, other], Some(models));
    }
    let [left, right] = [left, right].map(|it| {
        let subject = known(&it);
        match (models.faces(&it), models.vector(&it)) {
            (Ok(faces), Ok(vector)) => subject.with_faces(faces).with_vector(vector),
            _ => subject,
        }
    });
    group.bench_function("other group with models, both known", |bencher| {
        bencher.iter(|| compare(black_box(&left), black_box(&right), Some(models)));
    });
}

criterion_group!(compares, benches);
criterion_main!(compares);
