//! Time of the check of a pack: one of 50 MB, and one with a chain of 10,000 events.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vara_domain::evidence_record::PackFormat;
use vara_evidence::testing::{Sample, TestKey};
use vara_evidence::{Trusted, verify_pack};

const PICTURE_BYTES: usize = 50 * 1000 * 1000;
const EVENTS: usize = 10_000;

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10);
    let key = TestKey::new();
    for (name, bytes, events) in [("50 MB", PICTURE_BYTES, 3), ("10,000 links", 1000, EVENTS)] {
        let pack = Sample::new(&key, bytes, events, Vec::new()).write(PackFormat::Wacz);
        group.throughput(Throughput::Bytes(pack.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| verify_pack(black_box(&pack), &Trusted::default()));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
