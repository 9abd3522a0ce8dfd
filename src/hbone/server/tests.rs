//! Both roles against each other over `duplex`, with paused time.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::drain::{Drain, Tasks, drain};
use crate::hbone::{Authority, Client, Described, Forwarded, Ticket};
use crate::io::{Pipe, ResetCause};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn request(authority: &str) -> ConnectRequest {
    ConnectRequest {
        authority: Authority::parse(authority).unwrap(),
        baggage: Baggage::of(&Described { service_name: Some("client"), ..Described::default() }),
        forwarded: Forwarded::parse("for=\"10.0.0.1:9\""),
        trace: None,
    }
}

async fn ask(ticket: Ticket) -> Result<(TunnelStream, Option<Baggage>), HboneError> {
    ticket.open(&request("10.0.0.7:80"), soon()).await
}

/// A client, and a channel of what its server was asked.
async fn pair(limits: Limits) -> (Drain, Client, tokio::sync::mpsc::UnboundedReceiver<Requested>) {
    let (owner, tasks) = drain();
    let (near, far) = duplex(1 << 20);
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    serve(&tasks, far, limits, sender);
    let client = Client::handshake(near, &limits, &tasks, soon()).await.unwrap();
    (owner, client, receiver)
}

fn serve(
    tasks: &Tasks,
    far: DuplexStream,
    limits: Limits,
    sender: tokio::sync::mpsc::UnboundedSender<Requested>,
) {
    let draining = tasks.draining();
    tasks.spawn("server", async move {
        let mut server = Server::handshake(far, &limits, soon()).await.unwrap();
        let mut draining = std::pin::pin!(draining);
        let mut drained = false;
        loop {
            let next = tokio::select! {
                () = &mut draining, if !drained => { server.drain(); drained = true; continue; }
                next = server.accept() => next,
            };
            match next {
                Some(Ok(requested)) => drop(sender.send(requested)),
                _ => return,
            }
        }
    });
}

async fn open(
    client: &Client,
    server: &mut tokio::sync::mpsc::UnboundedReceiver<Requested>,
) -> (TunnelStream, TunnelStream) {
    let (near, far) = tokio::join!(ask(client.ticket().unwrap()), async {
        let requested = server.recv().await.unwrap();
        requested.respond.accept(None).unwrap()
    });
    (near.unwrap().0, far)
}

async fn chunk(pipe: &mut TunnelStream) -> std::io::Result<Bytes> {
    poll_fn(|cx| pipe.poll_chunk(cx)).await
}

async fn write(pipe: &mut TunnelStream, bytes: &'static [u8]) -> std::io::Result<()> {
    let mut data = Bytes::from_static(bytes);
    poll_fn(|cx| pipe.poll_write(cx, &mut data)).await?;
    poll_fn(|cx| pipe.poll_flush(cx)).await
}

async fn finish(pipe: &mut TunnelStream) {
    poll_fn(|cx| pipe.poll_finish(cx)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connect_carries_its_headers_and_half_closes_both_ways() {
    let (_owner, client, mut server) = pair(Limits::default()).await;
    let (opened, far) = tokio::join!(ask(client.ticket().unwrap()), async {
        let requested = server.recv().await.unwrap();
        assert_eq!(requested.request.unwrap(), request("10.0.0.7:80"));
        let baggage = Baggage::of(&Described { service_name: Some("server"), ..Described::default() });
        requested.respond.accept(baggage.as_ref()).unwrap()
    });
    let ((mut near, baggage), mut far) = (opened.unwrap(), far);
    assert_eq!(baggage.unwrap().read().service_name, Some("server"));
    write(&mut near, b"hello").await.unwrap();
    finish(&mut near).await;
    assert_eq!(chunk(&mut far).await.unwrap(), "hello");
    assert!(chunk(&mut far).await.unwrap().is_empty(), "END_STREAM is a clean end");
    write(&mut far, b"late answer").await.unwrap();
    finish(&mut far).await;
    assert_eq!(chunk(&mut near).await.unwrap(), "late answer");
    assert!(chunk(&mut near).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_refusal_is_a_status_and_the_tunnel_lives_on() {
    let (_owner, client, mut server) = pair(Limits::default()).await;
    for status in [400, 401, 503] {
        let (opened, ()) = tokio::join!(ask(client.ticket().unwrap()), async {
            server.recv().await.unwrap().respond.refuse(status);
        });
        let error = opened.err().unwrap();
        assert!(matches!(error, HboneError::Status { status: found } if found.as_u16() == status), "{error}");
        assert!(!error.never_processed());
    }
    open(&client, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_stays_a_reset() {
    let (_owner, client, mut server) = pair(Limits::default()).await;
    for cause in [ResetCause::PeerReset, ResetCause::Cut] {
        let (mut near, mut far) = open(&client, &mut server).await;
        far.reset(cause);
        assert_eq!(chunk(&mut near).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        let (mut near, mut far) = open(&client, &mut server).await;
        near.reset(cause);
        assert_eq!(chunk(&mut far).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    }
    let (near, mut far) = open(&client, &mut server).await;
    drop(near);
    assert!(chunk(&mut far).await.is_err(), "a dropped stream is no clean end");
}

#[tokio::test(start_paused = true)]
async fn a_reset_does_not_overtake_what_was_sent_before_it() {
    let (_owner, client, mut server) = pair(Limits::default()).await;
    for waits in [true, false] {
        let (mut near, mut far) = open(&client, &mut server).await;
        poll_fn(|cx| near.poll_write(cx, &mut Bytes::from_static(b"last words"))).await.unwrap();
        match waits {
            true => poll_fn(|cx| near.poll_sent(cx)).await.unwrap(),
            false => poll_fn(|cx| near.poll_flush(cx)).await.unwrap(),
        }
        near.reset(ResetCause::PeerReset);
        let heard = chunk(&mut far).await;
        assert_eq!(heard.is_ok(), waits, "{heard:?}");
        if waits {
            assert_eq!(heard.unwrap(), "last words");
            assert!(chunk(&mut far).await.is_err());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_bounds_what_is_held() {
    let limits = Limits { stream_window: 1 << 16, ..Limits::default() };
    let (_owner, client, mut server) = pair(limits).await;
    let (mut near, _far) = open(&client, &mut server).await;
    let mut taken = 0;
    let blocked = tokio::time::timeout(Duration::from_secs(1), async {
        loop {
            let mut data = Bytes::from(vec![7; 4096]);
            poll_fn(|cx| near.poll_write(cx, &mut data)).await.unwrap();
            taken += 4096;
        }
    });
    assert!(blocked.await.is_err());
    assert!(
        taken <= (1 << 16) + limits.send_buffer,
        "{taken} bytes were taken for a reader that reads nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn chatty_streams_are_not_taken_for_an_attack() {
    let (_owner, client, mut server) = pair(Limits::default()).await;
    let (mut near, mut far) = open(&client, &mut server).await;
    for _ in 0..5_000 {
        write(&mut near, b"x").await.unwrap();
    }
    finish(&mut near).await;
    let mut received = 0;
    loop {
        match chunk(&mut far).await.unwrap().len() {
            0 => break,
            count => received += count,
        }
    }
    assert_eq!(received, 5_000);
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_open_streams_finish() {
    let (owner, client, mut server) = pair(Limits::default()).await;
    let (mut near, mut far) = open(&client, &mut server).await;
    owner.start();
    tokio::time::sleep(Duration::from_secs(1)).await; // paused time
    assert!(client.ticket().is_none(), "GOAWAY retires the tunnel");
    write(&mut near, b"still").await.unwrap();
    assert_eq!(chunk(&mut far).await.unwrap(), "still");
    finish(&mut near).await;
    finish(&mut far).await;
    assert!(chunk(&mut near).await.unwrap().is_empty());
    drop((near, far));
    assert_eq!(owner.finish(Duration::from_secs(5)).await.cut, 0);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_is_noticed_by_its_silence() {
    let (_owner, tasks) = drain();
    let (near, far) = duplex(1 << 20);
    let limits = Limits::default();
    let server = async { Server::handshake(far, &limits, soon()).await.unwrap() };
    let (client, mut server) = tokio::join!(Client::handshake(near, &limits, &tasks, soon()), server);
    let client = client.unwrap();
    // The server's connection is no longer polled: no PONG comes back.
    assert!(tokio::time::timeout(Duration::from_millis(1), server.accept()).await.is_err());
    tokio::time::sleep(Duration::from_secs(31)).await; // paused time
    assert!(!client.is_usable(), "10 s to the PING and 20 s to giving up");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_cut_at_the_deadline() {
    let (_near, far) = duplex(1024);
    let error = Server::handshake(far, &Limits::default(), soon()).await.err().unwrap();
    assert!(error.is_handshake(), "{error}");
    let (_owner, tasks) = drain();
    let (near, _far) = duplex(1 << 20);
    let client = Client::handshake(near, &Limits::default(), &tasks, soon()).await.unwrap();
    let (ticket, request) = (client.ticket().unwrap(), request("10.0.0.7:80"));
    let opened = ticket.open(&request, Instant::now() + Duration::from_secs(5)).await;
    assert!(matches!(opened, Err(HboneError::AnswerTimeout { .. })));
}

#[tokio::test(start_paused = true)]
async fn garbage_is_an_error_and_no_panic() {
    let (mut near, far) = duplex(1024);
    near.write_all(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n").await.unwrap();
    let failed = match Server::handshake(far, &Limits::default(), soon()).await {
        Ok(mut server) => !matches!(server.accept().await, Some(Ok(_))),
        Err(_) => true,
    };
    assert!(failed);
}

#[tokio::test(start_paused = true)]
async fn resets_have_a_budget() {
    let limits = Limits { resets: 20, ..Limits::default() };
    let (_owner, client, mut server) = pair(limits).await;
    let mut opened = 0;
    while let Some(ticket) = client.ticket() {
        let answer = async {
            match server.recv().await {
                Some(requested) => requested.respond.accept(None).ok(),
                None => std::future::pending().await,
            }
        };
        let open = ask(ticket);
        let (Ok((mut near, _)), Some(mut far)) = (tokio::select! {
            both = async { tokio::join!(open, answer) } => both,
            () = tokio::time::sleep(Duration::from_secs(30)) => break, // paused time
        }) else {
            break;
        };
        near.reset(ResetCause::Cut);
        let _ = chunk(&mut far).await;
        opened += 1;
        assert!(opened < 100, "nothing stopped the resets");
    }
    assert!((20..=22).contains(&opened), "{opened}");
}

mod bare;
