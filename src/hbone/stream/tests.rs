//! What is held for peers that do not read, and that nothing of it is held for ever.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::duplex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::*;
use crate::drain::{Drain, drain};
use crate::hbone::{Authority, Client, ConnectRequest, Limits, Server};

/// A tunnel, and the far ends of its streams. Its server's connection stands still while `moving` is false.
struct Tunnel {
    _owner: Drain,
    client: Client,
    far: UnboundedReceiver<TunnelStream>,
    moving: watch::Sender<bool>,
}

/// How much `duplex` holds: what a socket's buffers would.
const WIRE: usize = 64 << 10;

async fn tunnel(limits: Limits) -> Tunnel {
    let (owner, tasks) = drain();
    let (near, socket) = duplex(WIRE);
    let (accepted, far) = unbounded_channel();
    let (moving, mut moves) = watch::channel(true);
    let deadline = Instant::now() + Duration::from_secs(5);
    tasks.spawn("server", async move {
        let mut server = Server::handshake(socket, &limits, deadline).await.unwrap();
        loop {
            drop(moves.wait_for(|moving| *moving).await);
            let next = tokio::select! {
                biased;
                _stopped = moves.wait_for(|moving| !moving) => continue,
                next = server.accept() => next,
            };
            let Some(Ok(requested)) = next else { return };
            drop(accepted.send(requested.respond.accept(None).unwrap()));
        }
    });
    let client = Client::handshake(near, &limits, &tasks, deadline).await.unwrap();
    Tunnel { _owner: owner, client, far, moving }
}

impl Tunnel {
    async fn open(&mut self) -> (TunnelStream, TunnelStream) {
        let request = ConnectRequest {
            authority: Authority::parse("10.0.0.7:80").unwrap(),
            baggage: None,
            forwarded: None,
            trace: None,
        };
        let ticket = self.client.ticket().expect("room for a stream");
        let (near, _) = ticket.open(&request, Instant::now() + Duration::from_secs(5)).await.unwrap();
        (near, self.far.recv().await.unwrap())
    }
}

/// Writes chunks of 4 KiB until `most` are taken or none is taken for 10 ms of paused time; how many bytes were.
async fn write_until_blocked(pipe: &mut TunnelStream, most: usize) -> usize {
    let mut taken = 0;
    while taken < most {
        let mut data = Bytes::from_static(&[7; 4096]);
        let written = timeout(Duration::from_millis(10), poll_fn(|cx| pipe.poll_write(cx, &mut data))).await;
        taken += 4096 - data.len();
        match written {
            Ok(written) => written.unwrap(),
            Err(_elapsed) => break,
        }
    }
    taken
}

async fn read(pipe: &mut TunnelStream, count: usize) {
    let mut got = 0;
    while got < count {
        let chunk = poll_fn(|cx| pipe.poll_chunk(cx)).await.unwrap();
        assert!(!chunk.is_empty(), "ended after {got} bytes");
        got += chunk.len();
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_streams_to_a_peer_that_reads_nothing_are_bounded_together() {
    let limits = Limits { pool_max_streams: 300, ..Limits::default() };
    let mut tunnel = tunnel(limits).await;
    let mut streams = Vec::new();
    for _ in 0..limits.max_streams {
        streams.push(tunnel.open().await);
    }
    assert!(tunnel.client.ticket().is_none(), "the peer takes 200");
    tunnel.moving.send_replace(false);
    let mut taken = Vec::new();
    for (near, _) in &mut streams {
        taken.push(write_until_blocked(near, 1 << 20).await);
        if taken.len() > 100 {
            break;
        }
    }
    let held: usize = taken.iter().sum();
    // One frame may be on its way out of h2, and `duplex` holds some.
    let most = limits.send_buffer_per_connection + WIRE + limits.send_buffer;
    assert!(held <= most, "{held} bytes are held where {most} may be");
    assert!(held >= limits.send_buffer_per_connection, "{held}: the cap is what stopped them");
    // Whoever was blocked goes on when the peer reads again.
    tunnel.moving.send_replace(true);
    for ((near, far), taken) in streams.iter_mut().zip(taken).rev() {
        let (more, ()) = tokio::join!(write_until_blocked(near, 8192), read(far, taken + 8192));
        assert_eq!(more, 8192);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_window_holds_up_no_other() {
    let limits = Limits { stream_window: 256 << 10, send_buffer_per_connection: 0, ..Limits::default() };
    let mut tunnel = tunnel(limits).await;
    let (mut stalled, _unread) = tunnel.open().await;
    let taken = write_until_blocked(&mut stalled, 1 << 20).await;
    assert!(taken < 512 << 10, "{taken}");
    let (mut near, mut far) = tunnel.open().await;
    let (sent, ()) = tokio::join!(write_until_blocked(&mut near, 4 << 20), read(&mut far, 4 << 20));
    assert_eq!(sent, 4 << 20);
}

/// A chunk that was handed out and never written, and what lay unread behind it, must not use up the connection's
/// window.
#[tokio::test(start_paused = true)]
async fn streams_that_end_unread_give_their_window_back() {
    let mut tunnel = tunnel(Limits::default()).await;
    for number in 0..40 {
        let (mut near, mut far) = tunnel.open().await;
        let (_sent, ()) = tokio::join!(write_until_blocked(&mut near, 1 << 20), read(&mut far, 1));
        match number % 3 {
            0 => drop(far),
            1 => far.reset(ResetCause::PeerReset),
            _ => near.reset(ResetCause::Cut),
        }
    }
    let (mut near, mut far) = tunnel.open().await;
    let (sent, ()) = tokio::join!(write_until_blocked(&mut near, 32 << 20), read(&mut far, 32 << 20));
    assert_eq!(sent, 32 << 20);
}

#[tokio::test(start_paused = true)]
async fn small_writes_travel_together_and_in_order() {
    let mut tunnel = tunnel(Limits::default()).await;
    let (mut near, mut far) = tunnel.open().await;
    for number in 0..20_000_u32 {
        let mut data = Bytes::copy_from_slice(&number.to_be_bytes());
        poll_fn(|cx| near.poll_write(cx, &mut data)).await.unwrap();
    }
    poll_fn(|cx| near.poll_finish(cx)).await.unwrap();
    let (mut frames, mut bytes) = (0, Vec::new());
    loop {
        let chunk = poll_fn(|cx| far.poll_chunk(cx)).await.unwrap();
        if chunk.is_empty() {
            break;
        }
        frames += 1;
        bytes.extend_from_slice(&chunk);
    }
    let expect: Vec<u8> = (0..20_000_u32).flat_map(u32::to_be_bytes).collect();
    assert!(bytes == expect, "{} bytes came", bytes.len());
    assert!(frames <= 20, "{frames} frames for 20 000 writes");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_done_with_us_is_no_error_unless_there_is_more_to_say() {
    for more in [false, true] {
        let mut tunnel = tunnel(Limits::default()).await;
        let (mut near, mut far) = tunnel.open().await;
        let mut answer = Bytes::from_static(b"answer");
        poll_fn(|cx| far.poll_write(cx, &mut answer)).await.unwrap();
        poll_fn(|cx| far.poll_finish(cx)).await.unwrap();
        // Its side is finished and ours is not: h2 says RST_STREAM(NO_ERROR).
        drop(far);
        let reason = poll_fn(|cx| near.send.poll_reset(cx)).await.unwrap();
        assert_eq!(reason, Reason::NO_ERROR);
        assert_eq!(poll_fn(|cx| near.poll_chunk(cx)).await.unwrap(), b"answer"[..]);
        assert_eq!(poll_fn(|cx| near.poll_chunk(cx)).await.unwrap(), b""[..]);
        if more {
            let mut data = Bytes::from_static(b"too late");
            poll_fn(|cx| near.poll_write(cx, &mut data)).await.unwrap();
        }
        assert_eq!(
            poll_fn(|cx| near.poll_finish(cx)).await.is_err(),
            more,
            "bytes that are lost are not hidden"
        );
    }
}
