//! The destination's side against peers that are not ours: bare h2, and bytes by hand.

use http::Method;
use http::uri::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use super::*;

type Sender = h2::client::SendRequest<Bytes>;

/// A bare client, and a channel of what its server was asked.
async fn bare(
    limits: Limits,
) -> (Drain, h2::client::SendRequest<Bytes>, tokio::sync::mpsc::UnboundedReceiver<Requested>) {
    let (owner, tasks) = drain();
    let (near, far) = duplex(1 << 20);
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    serve(&tasks, far, limits, sender);
    let (client, connection) = h2::client::handshake(near).await.unwrap();
    tasks.spawn("bare client", async move { drop(connection.await) });
    (owner, client, receiver)
}

fn connect(authority: &str) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::builder().authority(authority).build().unwrap();
    request
}

/// Sends a CONNECT and gives both ends: the answer to come, the stream, and the server's side of it.
async fn send(
    client: &mut Sender,
    asked: &mut tokio::sync::mpsc::UnboundedReceiver<Requested>,
    end: bool,
) -> (h2::client::ResponseFuture, h2::SendStream<Bytes>, Requested) {
    let (response, stream) = client.send_request(connect("10.0.0.7:80"), end).unwrap();
    (response, stream, asked.recv().await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_is_no_connect_gets_its_status_and_an_early_end() {
    let (_owner, mut client, mut asked) = bare(Limits::default()).await;
    let get = Request::get("http://10.0.0.7/").body(()).unwrap();
    let (response, mut stream) = client.send_request(get, false).unwrap();
    let requested = asked.recv().await.unwrap();
    assert_eq!(requested.request.unwrap_err().to_string(), "expected method CONNECT, got GET");
    requested.respond.refuse(400);
    let response = response.await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().len()), (400, 0));
    let mut body = response.into_body();
    assert!(body.data().await.is_none() && body.is_end_stream(), "no body");
    let reason = poll_fn(|cx| stream.poll_reset(cx)).await.unwrap();
    assert_eq!(reason, Reason::NO_ERROR, "the request side was open");
}

#[tokio::test(start_paused = true)]
async fn no_bad_authority_gets_through() {
    let (_owner, mut client, mut asked) = bare(Limits::default()).await;
    for authority in
        ["10.0.0.7", "user@10.0.0.7:80", "[::ffff:10.0.0.7]:80", "127.1:80", "10.0.0.7:0", "10.0.0.7:080"]
    {
        let (response, _stream) = client.send_request(connect(authority), false).unwrap();
        let requested = asked.recv().await.unwrap();
        let error = requested.request.unwrap_err().to_string();
        assert!(error.starts_with(&format!("invalid CONNECT address {authority}: ")), "{error}");
        requested.respond.refuse(400);
        assert_eq!(response.await.unwrap().status(), 400);
    }
    let long = format!("{}:80", "a".repeat(30_000));
    let (_response, _stream) = client.send_request(connect(&long), false).unwrap();
    let error = asked.recv().await.unwrap().request.unwrap_err().to_string();
    assert!(error.len() < 300, "a peer's 30 000 letters do not fill our log: {}", error.len());
}

#[tokio::test(start_paused = true)]
async fn a_connect_may_end_its_side_at_once() {
    let (_owner, mut client, mut asked) = bare(Limits::default()).await;
    let (response, _stream, requested) = send(&mut client, &mut asked, true).await;
    let mut far = requested.respond.accept(None).unwrap();
    assert!(chunk(&mut far).await.unwrap().is_empty(), "a clean end");
    write(&mut far, b"banner").await.unwrap();
    finish(&mut far).await;
    assert_eq!(response.await.unwrap().into_body().data().await.unwrap().unwrap(), "banner");
}

/// A backend that stalls under a peer that sends byte by byte: at h2's own choice the connection died at 32 904 frames.
#[tokio::test(start_paused = true)]
async fn forty_thousand_unread_bytes_are_no_attack() {
    let (_owner, mut client, mut asked) = bare(Limits::default()).await;
    let (response, mut stream, requested) = send(&mut client, &mut asked, false).await;
    let mut far = requested.respond.accept(None).unwrap();
    response.await.unwrap();
    for _ in 0..40_000 {
        stream.send_data(Bytes::from_static(b"x"), false).unwrap();
    }
    stream.send_data(Bytes::new(), true).unwrap();
    sleep(Duration::from_secs(1)).await; // paused time
    let mut received = 0;
    while let Ok(chunk) = chunk(&mut far).await
        && !chunk.is_empty()
    {
        received += chunk.len();
    }
    assert_eq!(received, 40_000);
}

#[tokio::test(start_paused = true)]
async fn resets_count_although_nobody_reads() {
    let limits = Limits { resets: 20, ..Limits::default() };
    let (_owner, mut client, mut asked) = bare(limits).await;
    let mut cut = 0;
    while let Ok((_response, mut stream)) = client.send_request(connect("10.0.0.7:80"), false) {
        let next = tokio::time::timeout(Duration::from_secs(1), asked.recv()).await;
        let Ok(Some(requested)) = next else { break };
        let far = requested.respond.accept(None).unwrap();
        stream.send_reset(Reason::CANCEL);
        sleep(Duration::from_millis(1)).await; // paused time
        drop(far);
        sleep(Duration::from_millis(1)).await; // paused time
        cut += 1;
        assert!(cut < 100, "nothing stopped the resets");
    }
    assert!((20..=22).contains(&cut), "{cut}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_served_may_be_reset() {
    let limits = Limits { resets: 20, ..Limits::default() };
    let (_owner, mut client, mut asked) = bare(limits).await;
    for _ in 0..200 {
        let (response, mut stream, requested) = send(&mut client, &mut asked, false).await;
        let mut far = requested.respond.accept(None).unwrap();
        write(&mut far, b"hello").await.unwrap();
        assert_eq!(response.await.unwrap().into_body().data().await.unwrap().unwrap(), "hello");
        stream.send_reset(Reason::CANCEL);
        assert_eq!(chunk(&mut far).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    }
}

/// Each reset frees h2's slot while our dial goes on: without a bound, dials pile up for as long as one takes.
#[tokio::test(start_paused = true)]
async fn streams_that_are_still_dialling_are_bounded() {
    let limits = Limits { resets: 20, max_streams: 10, ..Limits::default() };
    let (_owner, mut client, mut asked) = bare(limits).await;
    let mut dialling = Vec::new();
    while let Ok((_response, mut stream)) = client.send_request(connect("10.0.0.7:80"), false) {
        let next = tokio::time::timeout(Duration::from_secs(1), asked.recv()).await;
        let Ok(Some(requested)) = next else { break };
        dialling.push(requested);
        stream.send_reset(Reason::CANCEL);
        sleep(Duration::from_millis(1)).await; // paused time
        assert!(dialling.len() < 100, "nothing stopped the dials");
    }
    assert!((30..=32).contains(&dialling.len()), "{}", dialling.len());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_ping_is_told_and_left() {
    let (mut near, far) = duplex(1 << 20);
    // The preface and empty SETTINGS, and then silence.
    near.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut server = Server::handshake(far, &Limits::default(), soon()).await.unwrap();
    let began = Instant::now();
    let error = server.accept().await.unwrap().err().unwrap();
    assert!(matches!(error, HboneError::PingTimeout { .. }), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30, "10 s to the PING and 20 s to giving up");
    assert!(server.accept().await.is_none());
    drop(server);
    let mut told = Vec::new();
    near.read_to_end(&mut told).await.unwrap();
    // GOAWAY (type 7) with NO_ERROR is the last frame: 8 bytes of payload.
    let goaway = told.last_chunk::<17>().unwrap();
    assert_eq!((&goaway[..4], &goaway[13..]), (&[0, 0, 8, 7][..], &[0; 4][..]), "{goaway:?}");
}
