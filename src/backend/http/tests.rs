//! Conversations with the HTTP backend, over a pipe and over a socket.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::*;
use crate::backend::incoming::{IDLE, MAX_HEAD};

fn about() -> About {
    About {
        workload: "customers".to_owned(),
        namespace: "default".to_owned(),
        caller: Box::new(|peer| Caller {
            workload: Some("default/web".to_owned()),
            identity: (peer.port() == 15008).then(|| "spiffe://cluster.local/ns/default/sa/web".to_owned()),
            wire: "hbone".to_owned(),
        }),
    }
}

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 15008);

/// Backends run on any thread, so their futures must be `Send`.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// Sends `bytes`, finishes, and returns all that comes back: the same whether they arrive at once or one by one.
async fn talk(bytes: &[u8]) -> String {
    let found = talk_in_pieces(bytes, 1).await;
    assert_eq!(talk_in_pieces(bytes, 64 * 1024).await, found);
    found
}

async fn talk_in_pieces(bytes: &[u8], size: usize) -> String {
    let (mut client, server) = duplex(size);
    let (mut reader, mut writer) = tokio::io::split(&mut client);
    let mut answer = Vec::new();
    let about = about();
    let speak = async {
        // A backend that has refused does not read to the end.
        let _ = writer.write_all(bytes).await;
        let _ = writer.shutdown().await;
    };
    let (served, (), heard) =
        tokio::join!(sendable(serve_http(server, PEER, &about)), speak, reader.read_to_end(&mut answer));
    heard.unwrap();
    let text = String::from_utf8(answer).unwrap();
    if let Err(error) = served {
        return format!("{text}{:?}", error.kind());
    }
    text
}

fn response(status: &str, connection: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: {connection}\r\n\r\n{text}",
        text.len()
    )
}

#[tokio::test(start_paused = true)]
async fn it_says_who_it_is_and_who_called() {
    let expect = "default/customers answers\n\
                  caller   default/web (spiffe://cluster.local/ns/default/sa/web)\n\
                  wire     hbone\n\
                  request  GET /a?b=\\x1b[31m HTTP/1.1\n\
                  header   Host: customers:8080\n\
                  header   x-name: J\\xc3\\xbcrgen\n\
                  body     0 bytes\n";
    let found =
        talk("GET /a?b=\x1b[31m HTTP/1.1\r\nHost: customers:8080\r\nx-name: J\u{fc}rgen \r\n\r\n".as_bytes())
            .await;
    assert_eq!(found, response("200 OK", "keep-alive", expect));
}

#[tokio::test(start_paused = true)]
async fn health_and_head() {
    let found = talk(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert_eq!(found, response("200 OK", "close", "ok\n"));
    let found = talk(b"HEAD /health HTTP/1.0\r\n\r\n").await;
    assert_eq!(found, response("200 OK", "close", "ok\n").trim_end_matches("ok\n"));
}

#[tokio::test(start_paused = true)]
async fn requests_may_follow_each_other_in_one_write() {
    let bodies = "POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nGET /\
                  POST /2 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                  3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\ntrailer: 1\r\n\r\n\r\n\
                  GET /3 HTTP/1.1\r\nhost: a\r\n\r\n";
    let found = talk(bodies.as_bytes()).await;
    let lines: Vec<_> =
        found.lines().filter(|line| line.starts_with("request") || line.starts_with("body")).collect();
    let expect = [
        "request  POST /1 HTTP/1.1",
        "body     5 bytes",
        "request  POST /2 HTTP/1.1",
        "body     13 bytes",
        "request  GET /3 HTTP/1.1",
        "body     0 bytes",
    ];
    assert_eq!(lines, expect);
}

#[tokio::test(start_paused = true)]
async fn a_bad_request_gets_400_and_a_close() {
    async fn check(bytes: &[u8], why: &str) {
        assert_eq!(talk(bytes).await, response("400 Bad Request", "close", &format!("{why}\n")));
    }
    check(
        b"EHLO there\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "expected METHOD TARGET HTTP/1.x, found \"EHLO there\"",
    )
    .await;
    let long = [b"GET / HTTP/1.1\r\nhost: ", "a".repeat(2 * MAX_HEAD).as_bytes()].concat();
    check(&long, "expected a head of at most 16384 bytes, found a longer one").await;
    let chunked = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n";
    check(chunked, "expected a chunk of a body, found \"-1\"").await;
    let overrun = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n";
    check(overrun, "expected a chunk of a body, found \"b\"").await;
}

#[tokio::test(start_paused = true)]
async fn ends_and_idleness() {
    assert_eq!(talk(b"").await, "");
    assert_eq!(talk(b"GET / HTTP/1.1\r\nhost").await, "UnexpectedEof");
    let (mut client, server) = duplex(64);
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let since = Instant::now();
    let error = serve_http(server, PEER, &about()).await.unwrap_err();
    assert_eq!((error.kind(), since.elapsed()), (io::ErrorKind::TimedOut, IDLE));
}

#[tokio::test(start_paused = true)]
async fn a_client_may_wait_for_100_continue() {
    let (mut client, server) = duplex(1024);
    let about = about();
    let speak = async {
        client
            .write_all(b"PUT / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            .await
            .unwrap();
        let mut go_on = [0; 25];
        client.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        client.write_all(b"ab").await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (served, answer) = tokio::join!(serve_http(server, PEER, &about), speak);
    served.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("body     2 bytes\n"), "{answer}");
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_keeps_sending() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    client.write_all(&[b"NONSENSE\r\n\r\n", [b'x'; 30_000].as_slice()].concat()).await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    let about = about();
    let heard = tokio::time::timeout(Duration::from_secs(10), client.read_to_string(&mut answer));
    let (served, heard) = tokio::join!(serve_http(server, peer, &about), heard);
    served.unwrap();
    heard.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_body_has_an_end(body in vec(prop::sample::select(b"0123;aF-\r\n\0".as_slice()), 0..80)) {
        let head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(talk(&[head, body.as_slice()].concat()));
    }
}
