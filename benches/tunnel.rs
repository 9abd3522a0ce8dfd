//! The whole path on loopback: SOCKS5 in, HBONE between two proxies, an echo server behind them.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glasstunnel::lab::{Lab, LabOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

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

/// One chunk that is echoed; larger than any socket buffer's first size, smaller than a stream's window.
const BULK: usize = 1 << 18;

struct Bench {
    runtime: Runtime,
    lab: Lab,
}

impl Bench {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let lab = runtime.block_on(Lab::start(MESH, LabOptions::default())).unwrap();
        Self { runtime, lab }
    }

    async fn dial(&self) -> TcpStream {
        self.lab.dial("client", "server", 3000).await.unwrap().unwrap()
    }
}

async fn echo(stream: &mut TcpStream, buffer: &mut [u8]) {
    let (mut read, mut write) = stream.split();
    let length = buffer.len();
    let sent = vec![7; length];
    let (written, got) = tokio::join!(write.write_all(&sent), read.read_exact(buffer));
    written.unwrap();
    assert_eq!(got.unwrap(), length);
}

fn tunnel(criterion: &mut Criterion) {
    let bench = Bench::start();
    let mut stream = bench.runtime.block_on(bench.dial());
    let mut group = criterion.benchmark_group("tunnel");
    group.bench_function("one_byte_round_trip", |bencher| {
        bencher.iter(|| bench.runtime.block_on(echo(&mut stream, &mut [0; 1])));
    });
    group.throughput(Throughput::Bytes(BULK as u64));
    group.bench_function("bulk_echo_256k", |bencher| {
        let mut buffer = vec![0; BULK];
        bencher.iter(|| bench.runtime.block_on(echo(&mut stream, &mut buffer)));
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("new_connection_on_a_warm_tunnel", |bencher| {
        bencher.iter(|| {
            bench.runtime.block_on(async {
                let mut stream = bench.dial().await;
                echo(&mut stream, &mut [0; 1]).await;
            });
        });
    });
    group.finish();
}

criterion_group!(benches, tunnel);
criterion_main!(benches);
