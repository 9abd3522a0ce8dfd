//! What the relay costs: a connection without a byte, and a megabyte through it, between streams that copy and between
//! ends that do not.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/chunks.rs"]
mod chunks;
#[path = "work/streams.rs"]
mod streams;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glasstunnel::io::{ByteCounts, relay};
use tokio::runtime::Builder;

use chunks::Chunks;
use streams::{MEGABYTE, relayed};

/// One read of a busy socket, and one record of TLS.
const SIZES: [usize; 2] = [64 << 10, 16 << 10];

fn relays(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("relay");
    group.bench_function("a connection without a byte", |bencher| {
        bencher.iter(|| runtime.block_on(relayed(0)));
    });
    group.throughput(Throughput::Bytes(MEGABYTE as u64));
    group.bench_function("a megabyte between streams", |bencher| {
        bencher.iter(|| runtime.block_on(relayed(MEGABYTE)));
    });
    for size in SIZES {
        let chunk = Bytes::from(vec![7; size]);
        group.bench_function(format!("a megabyte in chunks of {} KiB, not copied", size >> 10), |bencher| {
            bencher.iter(|| {
                let mut ends = [MEGABYTE / size, 0].map(|left| Chunks { chunk: chunk.clone(), left });
                let [client, backend] = &mut ends;
                runtime.block_on(relay(client, backend, &ByteCounts::new(), None)).unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, relays);
criterion_main!(benches);
