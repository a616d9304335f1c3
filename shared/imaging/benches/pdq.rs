//! Time of the fingerprint on decoded pixels, by size.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vara_imaging::{Picture, pdq, pdq_dihedral};

/// Noise over a gradient: no filter step can be skipped on it.
fn picture(width: u32, height: u32) -> Option<Picture> {
    let mut state = 1_u32;
    let rgb = (0..width * height * 3)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (index / 97 % 192) as u8 + (state >> 26) as u8
        })
        .collect();
    Picture::from_rgb(width, height, rgb)
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pdq");
    group.sample_size(20);
    for (width, height) in [(256, 256), (512, 512), (4032, 3024)] {
        let Some(picture) = picture(width, height) else {
            continue;
        };
        group.throughput(Throughput::Elements(u64::from(width * height)));
        let size = format!("{width}x{height}");
        group.bench_with_input(BenchmarkId::new("one", &size), &picture, |bencher, it| {
            bencher.iter(|| pdq(black_box(it)));
        });
        group.bench_with_input(BenchmarkId::new("eight", &size), &picture, |bencher, it| {
            bencher.iter(|| pdq_dihedral(black_box(it)));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
