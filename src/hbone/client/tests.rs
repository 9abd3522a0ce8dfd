//! The source's side against peers that are not ours: bare h2, bent where a peer may be bent.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::drain::{Drain, drain};
use crate::hbone::{Authority, Described, Forwarded};
use crate::io::Pipe;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

fn request() -> ConnectRequest {
    ConnectRequest {
        authority: Authority::parse("10.0.0.7:80").unwrap(),
        baggage: Baggage::of(&Described { service_name: Some("client"), ..Described::default() }),
        forwarded: Forwarded::parse("for=\"10.0.0.1:9\""),
        trace: Some(crate::trace_context::TraceContext::fresh()),
    }
}

async fn open(client: &Client) -> Result<TunnelStream, HboneError> {
    client.ticket().expect("room for a stream").open(&request(), soon()).await.map(|(stream, _)| stream)
}

async fn chunk(pipe: &mut TunnelStream) -> std::io::Result<Bytes> {
    poll_fn(|cx| pipe.poll_chunk(cx)).await
}

/// What a bare server was asked, and how it answers.
type Asked = (Request<RecvStream>, SendResponse<Bytes>);

/// What the test may tell a bare server's connection.
enum Order {
    Drain,
    Abort,
    /// Answers what it was asked, and then no more.
    Freeze,
}

async fn serve(
    far: DuplexStream,
    streams: u32,
    asked: UnboundedSender<Asked>,
    mut orders: UnboundedReceiver<Order>,
) {
    let mut builder = h2::server::Builder::new();
    let mut connection = builder.max_concurrent_streams(streams).handshake::<_, Bytes>(far).await.unwrap();
    loop {
        tokio::select! {
            Some(order) = orders.recv() => match order {
                Order::Drain => connection.graceful_shutdown(),
                Order::Abort => return,
                Order::Freeze => {
                    let _ = timeout(Duration::from_secs(1), connection.accept()).await;
                    std::future::pending().await
                }
            },
            next = connection.accept() => match next {
                Some(Ok(next)) => drop(asked.send(next)),
                _ => return,
            },
        }
    }
}

/// A client of ours on a bare server that takes `streams` at once.
async fn on_bare(streams: u32) -> (Drain, Client, UnboundedReceiver<Asked>, UnboundedSender<Order>) {
    let (owner, tasks) = drain();
    let (near, far) = duplex(1 << 20);
    let (asked, questions) = unbounded_channel();
    let (orders, taken) = unbounded_channel();
    tasks.spawn("bare server", serve(far, streams, asked, taken));
    let client = Client::handshake(near, &Limits::default(), &tasks, soon()).await.unwrap();
    (owner, client, questions, orders)
}

/// One frame: type, flags, stream, payload.
async fn frame(wire: &mut DuplexStream) -> (u8, u8, u32, Vec<u8>) {
    let mut head = [0; 9];
    wire.read_exact(&mut head).await.unwrap();
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    wire.read_exact(&mut payload).await.unwrap();
    (kind, flags, u32::from_be_bytes(id), payload)
}

#[tokio::test(start_paused = true)]
async fn the_wire_is_ztunnels() {
    let (_owner, tasks) = drain();
    let (near, mut wire) = duplex(1 << 20);
    let client = Client::handshake(near, &Limits::default(), &tasks, soon()).await.unwrap();
    tasks.spawn("asker", async move { drop(client.ticket().unwrap().open(&request(), soon()).await) });
    let mut preface = [0; 24];
    wire.read_exact(&mut preface).await.unwrap();
    let (kind, _, _, settings) = frame(&mut wire).await;
    let settings: Vec<_> = settings
        .as_chunks::<6>()
        .0
        .iter()
        .map(|[a, b, value @ ..]| (u16::from_be_bytes([*a, *b]), u32::from_be_bytes(*value)))
        .collect();
    // ENABLE_PUSH, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE: hbone.md 2.2.
    let window = Limits::default().stream_window;
    assert_eq!((kind, settings), (4, vec![(2, 0), (4, window), (5, 1 << 20), (6, 16 << 10)]));
    let (kind, _, stream, grown) = frame(&mut wire).await;
    let more = Limits::default().connection_window - 65_535;
    assert_eq!((kind, stream, grown), (8, 0, more.to_be_bytes().to_vec()));
    let (kind, flags, stream, _) = frame(&mut wire).await;
    assert_eq!((kind, flags, stream), (1, 4, 1), "HEADERS with END_HEADERS and without END_STREAM");
    let more = timeout(Duration::from_secs(4), frame(&mut wire)).await;
    assert!(more.is_err(), "no DATA before the status");
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_that_got_goaway_is_not_chosen_again() {
    let (_owner, client, mut asked, orders) = on_bare(100).await;
    let (stream, answer) = tokio::join!(open(&client), async {
        let (request, mut respond) = asked.recv().await.unwrap();
        (respond.send_response(Response::new(()), false).unwrap(), request.into_body())
    });
    let mut stream = stream.unwrap();
    let early = client.ticket().unwrap();
    orders.send(Order::Drain).ok().unwrap();
    sleep(Duration::from_millis(1)).await; // paused time
    assert!(!client.is_usable(), "GOAWAY arrived while a stream is open");
    assert!(client.ticket().is_none());
    let late = early.open(&request(), soon()).await.err().unwrap();
    assert!(late.never_processed(), "{late}");
    let (mut send, _body) = answer;
    send.send_data(Bytes::from_static(b"still"), true).unwrap();
    assert_eq!(chunk(&mut stream).await.unwrap(), "still", "open streams go on");
}

#[tokio::test(start_paused = true)]
async fn a_peers_smaller_limit_is_kept() {
    let (_owner, client, mut asked, _orders) = on_bare(2).await;
    let (first, _answer) = tokio::join!(open(&client), async {
        let (request, mut respond) = asked.recv().await.unwrap();
        (respond.send_response(Response::new(()), false).unwrap(), request)
    });
    let _first = first.unwrap();
    let _second = client.ticket().unwrap();
    assert!(client.ticket().is_none(), "a third stream would wait inside h2 until its deadline");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_in_vain_is_told_the_limit() {
    let (_owner, client, _asked, _orders) = on_bare(0).await;
    sleep(Duration::from_millis(1)).await; // paused time
    let error = open(&client).await.err().unwrap();
    let said = error.to_string();
    // How much of the deadline was left depends on the timer's ticks.
    assert!(said.starts_with("expected room for another stream within "), "{said}");
    assert!(said.ends_with(", found a limit of 0 streams"), "{said}");
    assert!(!error.never_processed());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http2_is_quoted() {
    let (_owner, tasks) = drain();
    let (near, mut far) = duplex(1 << 20);
    let client = Client::handshake(near, &Limits::default(), &tasks, soon()).await.unwrap();
    far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let error = open(&client).await.err().unwrap();
    let expect = "http2 handshake failed: expected a SETTINGS frame, found \"HTTP/1.1 \"";
    assert_eq!((error.to_string().as_str(), error.is_handshake()), (expect, true));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_told_that_no_pong_came() {
    let (_owner, client, mut asked, orders) = on_bare(1).await;
    let (stream, _answer) = tokio::join!(open(&client), async {
        let (request, mut respond) = asked.recv().await.unwrap();
        orders.send(Order::Freeze).ok().unwrap();
        (respond.send_response(Response::new(()), false).unwrap(), request)
    });
    let error = chunk(&mut stream.unwrap()).await.unwrap_err();
    let lost = HboneError::from_io(&error).unwrap();
    assert!(matches!(lost, HboneError::PingTimeout { after } if *after == Limits::default().ping_timeout));
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

/// What Envoy sends when its backend refuses (reference/hbone.md 11).
#[tokio::test(start_paused = true)]
async fn an_answer_with_a_body_and_a_reset_is_its_status() {
    let (_owner, client, mut asked, _orders) = on_bare(100).await;
    for _ in 0..3 {
        let (opened, ()) = tokio::join!(open(&client), async {
            let (_request, mut respond) = asked.recv().await.unwrap();
            let mut answer = Response::new(());
            *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            let mut send = respond.send_response(answer, false).unwrap();
            send.send_data(Bytes::from_static(b"upstream connect error"), true).unwrap();
            sleep(Duration::from_millis(1)).await; // paused time
            send.send_reset(Reason::CONNECT_ERROR);
        });
        assert_eq!(opened.err().unwrap().to_string(), "http status: 503 Service Unavailable");
    }
    assert!(client.is_usable());
    assert_eq!(client.streams(), 0);
}

/// Envoy again: its backend closed first, so it ends the stream and then resets its other half with NO_ERROR.
#[tokio::test(start_paused = true)]
async fn a_reset_behind_the_end_takes_nothing_back() {
    let (_owner, client, mut asked, _orders) = on_bare(100).await;
    let (stream, body) = tokio::join!(open(&client), async {
        let (request, mut respond) = asked.recv().await.unwrap();
        let mut send = respond.send_response(Response::new(()), false).unwrap();
        send.send_data(Bytes::from_static(b"bye"), true).unwrap();
        sleep(Duration::from_millis(1)).await; // paused time
        send.send_reset(Reason::NO_ERROR);
        request.into_body()
    });
    let mut stream = stream.unwrap();
    drop(body);
    sleep(Duration::from_millis(1)).await; // paused time
    assert_eq!(chunk(&mut stream).await.unwrap(), "bye");
    assert!(chunk(&mut stream).await.unwrap().is_empty(), "END_STREAM came first");
}

#[tokio::test(start_paused = true)]
async fn every_reset_without_an_end_is_an_error() {
    let (_owner, client, mut asked, _orders) = on_bare(100).await;
    for reason in [Reason::NO_ERROR, Reason::CANCEL, Reason::CONNECT_ERROR, Reason::INTERNAL_ERROR] {
        let (stream, send) = tokio::join!(open(&client), async {
            let (request, mut respond) = asked.recv().await.unwrap();
            (respond.send_response(Response::new(()), false).unwrap(), request)
        });
        let (mut stream, (mut send, _request)) = (stream.unwrap(), send);
        send.send_data(Bytes::from_static(b"half an ans"), false).unwrap();
        sleep(Duration::from_millis(1)).await; // paused time
        send.send_reset(reason);
        assert_eq!(chunk(&mut stream).await.unwrap(), "half an ans");
        let error = chunk(&mut stream).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{reason}: {error}");
        let written = poll_fn(|cx| stream.poll_write(cx, &mut Bytes::from(vec![7; 4096]))).await;
        assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_an_error_on_every_stream() {
    let (_owner, client, mut asked, orders) = on_bare(100).await;
    let (stream, _answer) = tokio::join!(open(&client), async {
        let (request, mut respond) = asked.recv().await.unwrap();
        (respond.send_response(Response::new(()), false).unwrap(), request)
    });
    orders.send(Order::Abort).ok().unwrap();
    assert!(chunk(&mut stream.unwrap()).await.is_err(), "a cut-off answer never looks whole");
    sleep(Duration::from_millis(1)).await; // paused time
    assert!(!client.is_usable());
}

#[tokio::test(start_paused = true)]
async fn refused_streams_may_be_sent_again() {
    let (_owner, client, mut asked, _orders) = on_bare(100).await;
    let (opened, ()) = tokio::join!(open(&client), async {
        let (_request, mut respond) = asked.recv().await.unwrap();
        respond.send_reset(Reason::REFUSED_STREAM);
    });
    assert!(opened.err().unwrap().never_processed());
    let (opened, ()) = tokio::join!(open(&client), async {
        let (_request, mut respond) = asked.recv().await.unwrap();
        respond.send_reset(Reason::CONNECT_ERROR);
    });
    assert!(!opened.err().unwrap().never_processed());
}

/// A connection that was let in before the drain dials its tunnel in the midst of it.
#[tokio::test(start_paused = true)]
async fn a_tunnel_that_is_made_while_draining_carries_its_stream() {
    let (owner, tasks) = drain();
    owner.start();
    let (near, far) = duplex(1 << 20);
    let (asked, mut questions) = unbounded_channel();
    let (_orders, taken) = unbounded_channel();
    tasks.spawn("bare server", serve(far, 100, asked, taken));
    let client = Client::handshake(near, &Limits::default(), &tasks, soon()).await.unwrap();
    tokio::task::yield_now().await;
    let (stream, _answer) = tokio::join!(open(&client), async {
        let (request, mut respond) = questions.recv().await.unwrap();
        (respond.send_response(Response::new(()), false).unwrap(), request)
    });
    let _stream = stream.unwrap();
    assert!(!client.is_usable(), "and no other");
}
