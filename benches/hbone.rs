//! What a tunnel costs by itself, without TLS and without sockets: opening a stream, moving a megabyte, echoing a byte.
//!
//! `tunnel.rs` measures the whole path.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/tunnel.rs"]
mod tunnel;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Builder;

fn hbone(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let request = tunnel::request();
    let (_owner, client) = runtime.block_on(tunnel::echoing()).unwrap();
    let mut group = criterion.benchmark_group("hbone");
    group.bench_function("open_and_finish_a_stream", |bencher| {
        bencher.iter(|| runtime.block_on(tunnel::open_and_finish(&client, &request)));
    });
    let mut stream = runtime.block_on(tunnel::open(&client, &request));
    group.bench_function("one_byte_round_trip", |bencher| {
        bencher.iter(|| runtime.block_on(tunnel::round_trip(&mut stream, &Bytes::from_static(b"x"))));
    });
    let chunk = tunnel::chunk();
    group.throughput(Throughput::Bytes(tunnel::MEGABYTE as u64));
    group.bench_function("echo_one_megabyte", |bencher| {
        bencher.iter(|| runtime.block_on(tunnel::echo_megabyte(&mut stream, &chunk)));
    });
    group.finish();
}

criterion_group!(benches, hbone);
criterion_main!(benches);
