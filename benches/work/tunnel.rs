//! An HBONE tunnel over an in-memory pipe, whose far end echoes.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use glasstunnel::drain::{Drain, drain};
use glasstunnel::hbone::{Authority, Client, ConnectRequest, HboneError, Limits, Server, TunnelStream};
use glasstunnel::io::Pipe;
use tokio::io::duplex;
use tokio::time::Instant;

/// What is moved where the price of a megabyte is asked for.
pub(crate) const MEGABYTE: usize = 1 << 20;
/// What one read of a busy socket gives.
const CHUNK: usize = 64 << 10;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// A tunnel whose far end gives back what it gets.
pub(crate) async fn echoing() -> Result<(Drain, Client), HboneError> {
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

pub(crate) async fn open(client: &Client, request: &ConnectRequest) -> TunnelStream {
    client.ticket().unwrap().open(request, soon()).await.unwrap().0
}

/// What the client asks for.
pub(crate) fn request() -> ConnectRequest {
    let authority = Authority::parse("10.244.1.7:3000").unwrap();
    ConnectRequest { authority, baggage: None, forwarded: None, trace: None }
}

/// Opens a stream and half-closes it; the far end does the same.
pub(crate) async fn open_and_finish(client: &Client, request: &ConnectRequest) {
    let mut stream = open(client, request).await;
    poll_fn(|cx| stream.poll_finish(cx)).await.unwrap();
    assert!(poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap().is_empty());
}

/// A megabyte there and back.
pub(crate) async fn echo_megabyte(stream: &mut TunnelStream, chunk: &Bytes) {
    for _ in 0..MEGABYTE / CHUNK {
        round_trip(stream, chunk).await;
    }
}

/// What [`echo_megabyte`] sends at once.
pub(crate) fn chunk() -> Bytes {
    Bytes::from(vec![7; CHUNK])
}

/// Sends a chunk, and reads until as much has come back.
pub(crate) async fn round_trip(stream: &mut TunnelStream, chunk: &Bytes) {
    send(stream, &mut chunk.clone()).await.unwrap();
    let mut back = 0;
    while back < chunk.len() {
        let chunk = poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap();
        assert!(!chunk.is_empty(), "the echo ended early");
        back += chunk.len();
    }
}
