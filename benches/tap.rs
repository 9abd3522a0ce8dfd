//! What looking into connections costs: the whole path with taps off and on, and the relay alone with none, with one
//! that is full, and with one that still keeps.
//!
//! That off costs nothing is shown by `fixed.rs` and `compare.sh`, against the commit before there were taps.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/chunks.rs"]
mod chunks;

use std::time::Duration;

use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use glasstunnel::io::{ByteCounts, Tap, relay};
use glasstunnel::lab::{Lab, LabOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use chunks::Chunks;

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}, annotations: {glasstunnel.dev/backend: echo}}
spec: {serviceAccountName: server, containers: [{ports: [{containerPort: 3000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 3000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {serviceAccountName: client}
";

/// What is echoed at once, as in `tunnel.rs`.
const BULK: usize = 1 << 18;

/// What the relay alone moves at once: a TLS record's worth.
const CHUNK: usize = 1 << 14;

/// How many of them: a megabyte.
const CHUNKS: usize = 64;

struct Bench {
    runtime: Runtime,
    lab: Lab,
}

impl Bench {
    fn start(tapped: bool) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options = LabOptions { tapped, ..LabOptions::default() };
        let lab = runtime.block_on(Lab::start(MESH, options)).unwrap();
        Self { runtime, lab }
    }

    async fn dial(&self) -> TcpStream {
        self.lab.dial("client", "server", 3000).await.unwrap().unwrap()
    }
}

async fn echo(stream: &mut TcpStream, sent: &[u8], buffer: &mut [u8]) {
    let (mut read, mut write) = stream.split();
    let (written, got) = tokio::join!(write.write_all(sent), read.read_exact(buffer));
    written.unwrap();
    assert_eq!(got.unwrap(), sent.len());
}

fn briefly<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    group
}

fn path(criterion: &mut Criterion) {
    for (name, tapped) in [("off", false), ("on", true)] {
        let bench = Bench::start(tapped);
        let mut group = briefly(criterion, "tap");
        let (sent, mut buffer) = (vec![7; BULK], vec![0; BULK]);
        let mut stream = bench.runtime.block_on(bench.dial());
        group.throughput(Throughput::Bytes(BULK as u64));
        group.bench_function(format!("bulk_echo_256k/{name}"), |bencher| {
            bencher.iter(|| bench.runtime.block_on(echo(&mut stream, &sent, &mut buffer)));
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("new_connection_on_a_warm_tunnel/{name}"), |bencher| {
            bencher.iter(|| {
                bench.runtime.block_on(async { echo(&mut bench.dial().await, &[7], &mut [0]).await });
            });
        });
        group.finish();
    }
}

fn relay_alone(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = briefly(criterion, "tap/relay_one_megabyte");
    group.throughput(Throughput::Bytes((CHUNK * CHUNKS) as u64));
    let chunk = Bytes::from(vec![7; CHUNK]);
    // How much a tap keeps, if there is one.
    let taps = [("none", None), ("full", Some(0)), ("keeping", Some(CHUNK * CHUNKS))];
    for (name, most) in taps {
        group.bench_function(name, |bencher| {
            let one = || {
                let [client, backend] = [CHUNKS, 0].map(|left| Chunks { chunk: chunk.clone(), left });
                (client, backend, ByteCounts::default(), most.map(Tap::new))
            };
            let relayed =
                |(mut client, mut backend, counts, tap): (Chunks, Chunks, ByteCounts, Option<Tap>)| {
                    runtime.block_on(relay(&mut client, &mut backend, &counts, tap.as_ref())).unwrap();
                    tap
                };
            bencher.iter_batched(one, relayed, BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, path, relay_alone);
criterion_main!(benches);
