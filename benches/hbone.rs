//! What a tunnel costs by itself, without TLS and without sockets: opening a stream, moving a megabyte, echoing a byte.
//!
//! `tunnel.rs` measures the whole path.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::future::poll_fn;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glasstunnel::drain::{Drain, drain};
use glasstunnel::hbone::{Authority, Client, ConnectRequest, HboneError, Limits, Server, TunnelStream};
use glasstunnel::io::Pipe;
use tokio::io::duplex;
use tokio::runtime::Builder;
use tokio::time::Instant;

const MEGABYTE: usize = 1 << 20;
/// What one read of a busy socket gives.
const CHUNK: usize = 64 << 10;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// A tunnel whose far end gives back what it gets.
async fn echoing() -> Result<(Drain, Client), HboneError> {
    let (owner, tasks) = drain();
    let (near, far) = duplex(256 << 10);
    let (limits, spawn) = (Limits::default(), tasks.clone());
    tasks.spawn("server", async move {
        let Ok(mut server) = Server::handshake(far, &limits, soon()).await else { return };
        while let Some(Ok(requested)) = server.accept().await {
            let Ok(stream) = requested.respond.accept(None) else { continue };
            spawn.spawn("echo", echo(stream));
        }
    });
    let client = Client::handshake(near, &limits, &tasks, soon()).await?;
    Ok((owner, client))
}

async fn echo(mut stream: TunnelStream) {
    while let Ok(mut chunk) = poll_fn(|cx| stream.poll_chunk(cx)).await
        && !chunk.is_empty()
    {
        if send(&mut stream, &mut chunk).await.is_err() {
            return;
        }
    }
    // A client that is gone needs no end.
    drop(poll_fn(|cx| stream.poll_finish(cx)).await);
}

async fn send(stream: &mut TunnelStream, chunk: &mut Bytes) -> std::io::Result<()> {
    poll_fn(|cx| stream.poll_write(cx, chunk)).await?;
    poll_fn(|cx| stream.poll_flush(cx)).await
}

async fn open(client: &Client, request: &ConnectRequest) -> TunnelStream {
    client.ticket().unwrap().open(request, soon()).await.unwrap().0
}

/// Sends a chunk, and reads until as much has come back.
async fn round_trip(stream: &mut TunnelStream, chunk: &Bytes) {
    send(stream, &mut chunk.clone()).await.unwrap();
    let mut back = 0;
    while back < chunk.len() {
        let chunk = poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap();
        assert!(!chunk.is_empty(), "the echo ended early");
        back += chunk.len();
    }
}

fn hbone(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let authority = Authority::parse("10.244.1.7:3000").unwrap();
    let request = ConnectRequest { authority, baggage: None, forwarded: None, trace: None };
    let (_owner, client) = runtime.block_on(echoing()).unwrap();
    let mut group = criterion.benchmark_group("hbone");
    group.bench_function("open_and_finish_a_stream", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut stream = open(&client, &request).await;
                poll_fn(|cx| stream.poll_finish(cx)).await.unwrap();
                black_box(poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap())
            })
        });
    });
    let mut stream = runtime.block_on(open(&client, &request));
    group.bench_function("one_byte_round_trip", |bencher| {
        bencher.iter(|| runtime.block_on(round_trip(&mut stream, &Bytes::from_static(b"x"))));
    });
    let chunk = Bytes::from(vec![7; CHUNK]);
    group.throughput(Throughput::Bytes(MEGABYTE as u64));
    group.bench_function("echo_one_megabyte", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                for _ in 0..MEGABYTE / CHUNK {
                    round_trip(&mut stream, &chunk).await;
                }
            })
        });
    });
    group.finish();
}

criterion_group!(benches, hbone);
criterion_main!(benches);
