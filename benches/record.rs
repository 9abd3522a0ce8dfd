//! What one connection costs the control side: both halves taken, joined, counted and written to the access log.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/policies.rs"]
mod policies;
#[path = "work/record.rs"]
mod work;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use work::{BATCH, Recording};

fn record(criterion: &mut Criterion) {
    let mut recording = Recording::new();
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function(format!("{BATCH} connections, both sides"), |bencher| {
        // The two closures take turns, and both want the recorder: what it prepares is a matter of its own.
        let recording = std::cell::RefCell::new(&mut recording);
        let batch = || recording.borrow_mut().batch();
        bencher.iter_batched(batch, |batch| recording.borrow_mut().record(batch), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, record);
criterion_main!(benches);
