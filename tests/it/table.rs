//! DESIGN section 2's table, cell by cell, at the captured door: what the client saw, what the record says, and that the
//! backend got exactly the bytes or nothing.

use std::time::Duration;

use glasstunnel::lab::{Attempt, Lab};
use glasstunnel::mesh::Semantics;
use glasstunnel::tls::{ClientOffer, ClientTls, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::mesh::{Plan, conclusion, record_to};
use crate::program::curl;
use crate::sink::Sink;

const ANSWER: &[u8] = b"answer";
const HELLO: &[u8] = include_bytes!("../data/hello/curl-http1.bin");

/// A mesh whose `server` has `mode`, in front of a sink.
async fn start(semantics: Semantics, mode: &str) -> (Lab, Sink) {
    let sink = Sink::start(ANSWER).await;
    let plan = Plan::new().server("server", &sink.addr()).mode("server", mode).semantics(semantics);
    (plan.start().await, sink)
}

/// Sends `bytes` to the captured door; `delivered` says whether they should arrive.
async fn raw(semantics: Semantics, mode: &str, bytes: &[u8], expect: &str) {
    let (lab, mut sink) = start(semantics, mode).await;
    let addr = lab.captured("server", 3000).unwrap();
    let seen = lab.send_raw(addr, bytes).await.unwrap();
    let record = record_to(&lab, "server").await;
    assert_eq!(conclusion(&record), expect, "{semantics} {mode}");
    if expect.starts_with("ALLOW") {
        assert_eq!(seen, Attempt::Answered(ANSWER.to_vec()), "{semantics} {mode}");
        assert_eq!(sink.bytes().await, bytes, "{semantics} {mode}");
    } else {
        assert_eq!(seen, Attempt::Reset(Vec::new()), "{semantics} {mode}");
        assert!(sink.is_untouched(), "{semantics} {mode}: the backend was reached");
    }
}

const STRICT_REFUSES: &str = "DENY DENY peer_auth.strict_refuses_plaintext at peer_auth";
const DISABLE_REFUSES: &str = "DENY DENY peer_auth.disable_refuses_mtls at peer_auth";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: server\r\n\r\n";

#[tokio::test]
async fn raw_bytes() {
    for semantics in [Semantics::Istio, Semantics::Ztunnel] {
        raw(semantics, "STRICT", REQUEST, STRICT_REFUSES).await;
        raw(semantics, "PERMISSIVE", REQUEST, "ALLOW -").await;
        raw(semantics, "DISABLE", REQUEST, "ALLOW -").await;
    }
}

#[tokio::test]
async fn a_client_that_waits_for_the_server_counts_as_raw() {
    for (mode, delivered) in [("STRICT", false), ("PERMISSIVE", true), ("DISABLE", true)] {
        for semantics in [Semantics::Istio, Semantics::Ztunnel] {
            let mut plan = Plan::new().server("mail", "server-first").mode("mail", mode).semantics(semantics);
            plan.options.proxy.deadlines.silence = Duration::from_millis(50);
            let lab = plan.start().await;
            let mut stream = TcpStream::connect(lab.captured("mail", 3000).unwrap()).await.unwrap();
            let mut banner = [0; 4];
            let read = stream.read_exact(&mut banner).await;
            assert_eq!(read.is_ok(), delivered, "{semantics} {mode}");
            if delivered {
                assert_eq!(&banner, b"220 ");
            } else {
                assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
            }
        }
    }
}

#[tokio::test]
async fn an_applications_own_tls() {
    raw(Semantics::Istio, "PERMISSIVE", HELLO, "ALLOW -").await;
    raw(Semantics::Istio, "DISABLE", HELLO, "ALLOW -").await;
    raw(Semantics::Ztunnel, "STRICT", HELLO, STRICT_REFUSES).await;
    raw(Semantics::Ztunnel, "PERMISSIVE", HELLO, "ALLOW -").await;
    raw(Semantics::Ztunnel, "DISABLE", HELLO, "ALLOW -").await;
}

/// STRICT terminates it and demands a mesh certificate, so that the client gets the real handshake failure.
#[tokio::test]
async fn one_way_tls_to_strict_gets_its_alert() {
    let (lab, mut sink) = start(Semantics::Istio, "STRICT").await;
    let url = format!("https://{}/", lab.captured("server", 3000).unwrap());
    for _ in 0..20 {
        let ran = curl(&["-k", &url]).await;
        assert_eq!(ran.code, 56, "{ran:?}");
        assert!(ran.err.contains("certificate required"), "{ran:?}");
    }
    let record = record_to(&lab, "server").await;
    assert_eq!(conclusion(&record), "FAIL TLS_FAILURE tls.no_certificate at tls");
    assert!(sink.is_untouched());
}

/// What a sidecar sends: mutual TLS with ALPN `istio`.
async fn mesh_tls(semantics: Semantics, mode: &str) -> (Lab, Sink, Result<Vec<u8>, String>) {
    let (lab, sink) = start(semantics, mode).await;
    let tls = ClientTls::new(&lab.svid("curl-client").unwrap()).unwrap();
    let expected = [lab.workload("server").unwrap().identity.clone()];
    let stream = TcpStream::connect(lab.captured("server", 3000).unwrap()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let seen = match connect(stream, &tls, &expected, ClientOffer::Istio, deadline).await {
        Ok((mut stream, peer)) => {
            assert_eq!(peer.alpn.as_deref(), Some("istio"));
            stream.write_all(REQUEST).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            Ok(answer)
        }
        Err(error) => Err(error.cause().code().to_owned()),
    };
    (lab, sink, seen)
}

#[tokio::test]
async fn mesh_tls_is_terminated() {
    for mode in ["STRICT", "PERMISSIVE"] {
        let (lab, mut sink, seen) = mesh_tls(Semantics::Istio, mode).await;
        assert_eq!(seen.unwrap(), ANSWER, "{mode}");
        assert_eq!(sink.bytes().await, REQUEST, "{mode}: the backend gets the plaintext");
        let record = record_to(&lab, "server").await;
        assert_eq!(conclusion(&record), "ALLOW -", "{mode}");
        let source = record.source_party().identity.unwrap();
        assert_eq!(source.to_string(), "spiffe://cluster.local/ns/default/sa/curl-client");
    }
}

#[tokio::test]
async fn mesh_tls_to_disable_is_refused() {
    let (lab, mut sink, seen) = mesh_tls(Semantics::Istio, "DISABLE").await;
    assert!(seen.is_err());
    assert_eq!(conclusion(&*record_to(&lab, "server").await), DISABLE_REFUSES);
    assert!(sink.is_untouched());
}

/// ztunnel never terminates TLS at this door: mesh TLS is bytes like any other.
#[tokio::test]
async fn mesh_tls_under_ztunnel_is_only_bytes() {
    let (lab, mut sink, seen) = mesh_tls(Semantics::Ztunnel, "STRICT").await;
    assert!(seen.is_err());
    assert_eq!(conclusion(&*record_to(&lab, "server").await), STRICT_REFUSES);
    assert!(sink.is_untouched());
    let hello = include_bytes!("../data/hello/openssl-istio.bin");
    for mode in ["PERMISSIVE", "DISABLE"] {
        raw(Semantics::Ztunnel, mode, hello, "ALLOW -").await;
    }
}
