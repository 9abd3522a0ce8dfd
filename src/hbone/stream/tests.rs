//! What is held for peers that do not read, and that nothing of it is held for ever.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::drain::{Drain, Tasks, drain};
use crate::hbone::{Authority, Client, ConnectRequest, Limits, Server};
use crate::io::{ByteCounts, During, End, RelayError, StreamPipe, relay};

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
    tunnel_on((near, socket), limits, (owner, tasks)).await
}

/// A tunnel on a wire on which everything takes that long, of paused time.
async fn far_away(latency: Duration) -> Tunnel {
    let (owner, tasks) = drain();
    let ((near, there), (here, socket)) = (duplex(WIRE), duplex(WIRE));
    let ((from_near, to_near), (from_far, to_far)) = (split(there), split(here));
    tasks.spawn("wire", late(from_near, to_far, latency));
    tasks.spawn("wire", late(from_far, to_near, latency));
    tunnel_on((near, socket), Limits::default(), (owner, tasks)).await
}

async fn late(mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, latency: Duration) {
    let mut bytes = vec![0; WIRE];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        sleep(latency).await; // paused time
        to.write_all(&bytes[..count]).await.unwrap();
    }
}

async fn tunnel_on(
    (near, socket): (DuplexStream, DuplexStream),
    limits: Limits,
    (owner, tasks): (Drain, Tasks),
) -> Tunnel {
    let (accepted, far) = unbounded_channel();
    let (moving, mut moves) = watch::channel(true);
    let deadline = Instant::now() + Duration::from_secs(5);
    tasks.spawn("server", async move {
        let mut server = Server::handshake(socket, &limits, deadline).await.unwrap();
        loop {
            if moves.wait_for(|moving| *moving).await.is_err() {
                return;
            }
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

/// A frame more is a record, a write and a read more at both ends, which bulk feels.
#[tokio::test(start_paused = true)]
async fn a_chunk_is_not_cut_where_room_is_about_to_be() {
    let mut tunnel = tunnel(Limits::default()).await;
    let (mut near, mut far) = tunnel.open().await;
    let sizes = [200 << 10, 100 << 10, 30 << 10, 256 << 10];
    let write = async {
        for size in sizes {
            let mut data = Bytes::from(vec![7; size]);
            poll_fn(|cx| near.poll_write(cx, &mut data)).await.unwrap();
        }
    };
    let read = async {
        let mut frames = Vec::new();
        for _ in sizes {
            frames.push(poll_fn(|cx| far.poll_chunk(cx)).await.unwrap().len());
        }
        frames
    };
    assert_eq!(tokio::join!(write, read).1, sizes);
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

/// Relays `far`, as the client's end, to a backend that neither reads nor says a word, until that breaks.
async fn broken(mut far: TunnelStream, breaks: impl Future<Output = ()>) -> RelayError {
    let (_stuck, backend) = duplex(1);
    let mut backend = StreamPipe::new(backend, |_| {});
    let counts = ByteCounts::new();
    let patience = Duration::from_secs(60);
    let relayed = timeout(patience, relay(&mut far, &mut backend, &counts, None));
    let (relayed, ()) = tokio::join!(relayed, breaks);
    relayed.expect("the relay noticed").unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_relay_hears_of_a_reset_although_nobody_reads() {
    let mut tunnel = tunnel(Limits::default()).await;
    let (mut near, far) = tunnel.open().await;
    let error = broken(far, async {
        write_until_blocked(&mut near, 64 << 20).await;
        near.reset(ResetCause::Cut);
    })
    .await;
    assert_eq!((error.end, error.during), (End::Client, During::Receive), "the backend takes no more");
    let (mut near, far) = tunnel.open().await;
    let error = broken(far, async {
        poll_fn(|cx| near.poll_finish(cx)).await.unwrap();
        sleep(Duration::from_millis(10)).await; // paused time
        near.reset(ResetCause::Cut);
    })
    .await;
    assert_eq!((error.end, error.during), (End::Client, During::Send), "the client has said all");
    let (mut near, mut far) = tunnel.open().await;
    let (sent, ()) = tokio::join!(write_until_blocked(&mut near, 128 << 20), read(&mut far, 128 << 20));
    assert_eq!(sent, 128 << 20, "nothing of the window is lost");
}

#[tokio::test(start_paused = true)]
async fn a_relay_hears_of_a_lost_tunnel_although_nobody_reads() {
    for says_all in [false, true] {
        let mut tunnel = tunnel(Limits::default()).await;
        let (near, mut far) = tunnel.open().await;
        let error = broken(near, async {
            match says_all {
                true => poll_fn(|cx| far.poll_finish(cx)).await.unwrap(),
                false => drop(write_until_blocked(&mut far, 64 << 20).await),
            }
            sleep(Duration::from_millis(10)).await; // paused time
            // From now on it does not answer the PING either.
            tunnel.moving.send_replace(false);
        })
        .await;
        assert_eq!((error.end, error.source.kind()), (End::Client, io::ErrorKind::TimedOut));
    }
}

/// Clients that die in the midst of downloads: what was under way to them is no mistake of the peer's, however many they are.
#[tokio::test(start_paused = true)]
async fn many_resets_leave_their_tunnel_alone() {
    let latency = Duration::from_millis(5);
    let mut tunnel = far_away(latency).await;
    for _ in 0..30 {
        let mut streams = Vec::new();
        for _ in 0..90 {
            streams.push(tunnel.open().await);
        }
        for (_, far) in &mut streams {
            let mut data = Bytes::from_static(b"half an answer");
            poll_fn(|cx| far.poll_write(cx, &mut data)).await.unwrap();
            poll_fn(|cx| far.poll_flush(cx)).await.unwrap();
        }
        // All of it is under way when nobody wants it any more.
        sleep(latency / 2).await; // paused time
        drop(streams);
        sleep(4 * latency).await; // paused time
    }
    let (mut near, mut far) = tunnel.open().await;
    let (sent, ()) = tokio::join!(write_until_blocked(&mut near, 8192), read(&mut far, 8192));
    assert_eq!(sent, 8192);
}

/// Both ends send as fast as they can, and want to know all the time whether the other is there. In real time: paused time
/// would wait for them to be done.
#[tokio::test]
async fn two_ends_that_are_full_do_not_wait_for_each_others_pongs() {
    let often = Duration::from_millis(1);
    let mut tunnel = tunnel(Limits { ping_interval: often, ..Limits::default() }).await;
    let (mut near, mut far) = tunnel.open().await;
    let (mut near_too, mut far_too) = tunnel.open().await;
    const MUCH: usize = 256 << 20;
    let (there, back, (), ()) = tokio::join!(
        write_all(&mut near, MUCH),
        write_all(&mut far_too, MUCH),
        read(&mut far, MUCH),
        read(&mut near_too, MUCH)
    );
    assert_eq!((there, back), (MUCH, MUCH));
}

async fn write_all(pipe: &mut TunnelStream, count: usize) -> usize {
    // Four times what the wire holds, so that a frame is mostly half-written.
    static CHUNK: [u8; 4 * WIRE] = [7; 4 * WIRE];
    for _ in 0..count / CHUNK.len() {
        let mut data = Bytes::from_static(&CHUNK);
        poll_fn(|cx| pipe.poll_write(cx, &mut data)).await.unwrap();
    }
    poll_fn(|cx| pipe.poll_flush(cx)).await.unwrap();
    count
}
