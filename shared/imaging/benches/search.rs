//! Time of one search among many hashes, scanned and through the buckets.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vara_imaging::{HashIndex, MATCH_DISTANCE, Pdq};

/// Unrelated hashes.
fn hashes(count: usize) -> impl Iterator<Item = Pdq> {
    let mut state = 1_u64;
    let mut word = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31).to_be_bytes()
    };
    (0..count).map(move |_| {
        let mut hash = [0; 32];
        for bytes in hash.as_chunks_mut::<8>().0 {
            *bytes = word();
        }
        Pdq(hash)
    })
}

/// Eight hashes, as of one picture in all its turns; none is near any other.
const QUERIES: usize = 8;

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("search");
    group.sample_size(20);
    for count in [10_000, 1_000_000, 10_000_000] {
        let all: Vec<Pdq> = hashes(count + QUERIES).collect();
        let (queries, known) = all.split_at(QUERIES);
        let Ok(index) = HashIndex::new(known.iter().copied()) else {
            continue;
        };
        group.throughput(Throughput::Elements(count as u64));
        let scan = BenchmarkId::new("scan", count);
        group.bench_function(scan, |bencher| {
            bencher.iter(|| index.search(black_box(&queries[0]), MATCH_DISTANCE));
        });
        let eight = BenchmarkId::new("scan for eight", count);
        group.bench_function(eight, |bencher| {
            bencher.iter(|| index.search_all(black_box(queries), MATCH_DISTANCE));
        });
        let build = BenchmarkId::new("sort into buckets", count);
        group.sample_size(10);
        group.bench_function(build, |bencher| {
            bencher.iter_batched(
                || index.clone(),
                HashIndex::for_batches,
                criterion::BatchSize::PerIteration,
            );
        });
        group.sample_size(20);
        let index = index.for_batches();
        let buckets = BenchmarkId::new("buckets for eight", count);
        group.bench_function(buckets, |bencher| {
            bencher.iter(|| index.search_all(black_box(queries), MATCH_DISTANCE));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
