//! What it costs to find somebody in a mesh of one workload to 60 000, and to choose the way there; a mesh has room for
//! 64 516.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/workloads.rs"]
mod workloads;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

use workloads::Workloads;

fn routes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mesh");
    for count in [1, 100, 10_000, 60_000] {
        let mut mesh = Workloads::new(count);
        group.bench_function(BenchmarkId::new("owner of an address", count), |bencher| {
            bencher.iter(|| black_box(mesh.owner().is_some()));
        });
        group.bench_function(BenchmarkId::new("address of a name", count), |bencher| {
            bencher.iter(|| black_box(mesh.resolve().is_some()));
        });
        group.bench_function(BenchmarkId::new("route", count), |bencher| bencher.iter(|| mesh.route()));
    }
    group.finish();
}

criterion_group!(benches, routes);
criterion_main!(benches);
