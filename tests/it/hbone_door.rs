//! The HBONE door: DESIGN section 2's modes under both semantics, every refusal with its status, and no way around.

use std::time::Duration;

use glasstunnel::drain::{Drain, drain};
use glasstunnel::hbone::{Authority, Client, ConnectRequest, HboneError, Limits};
use glasstunnel::io::Pipe;
use glasstunnel::lab::Lab;
use glasstunnel::mesh::Semantics;
use glasstunnel::tls::{ClientOffer, ClientTls, connect};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::mesh::{Plan, conclusion, record_to};
use crate::sink::Sink;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// A tunnel from `curl-client` to the HBONE door of `server`, made by hand.
pub(crate) async fn tunnel(lab: &Lab, server: &str) -> (Drain, Client) {
    let (owner, tasks) = drain();
    let tls = ClientTls::new(&lab.svid("curl-client").unwrap()).unwrap();
    let expected = [lab.workload(server).unwrap().identity.clone()];
    let stream = TcpStream::connect(lab.hbone(server).unwrap()).await.unwrap();
    let (stream, peer) = connect(stream, &tls, &expected, ClientOffer::Hbone, soon()).await.unwrap();
    assert_eq!((peer.alpn.as_deref(), peer.version), (Some("h2"), "TLSv1.3"));
    (owner, Client::handshake(stream, &Limits::default(), &tasks, soon()).await.unwrap())
}

pub(crate) fn to(authority: Authority) -> ConnectRequest {
    ConnectRequest { authority, baggage: None, forwarded: None, trace: None }
}

/// Opens `authority`, sends `bytes`, and reads to the end.
async fn exchange(
    client: &Client,
    authority: Authority,
    bytes: &'static [u8],
) -> Result<Vec<u8>, HboneError> {
    let request = to(authority);
    let (mut stream, _) = client.ticket().unwrap().open(&request, soon()).await?;
    let mut data = bytes::Bytes::from_static(bytes);
    std::future::poll_fn(|cx| stream.poll_write(cx, &mut data)).await.unwrap();
    std::future::poll_fn(|cx| stream.poll_finish(cx)).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let chunk = std::future::poll_fn(|cx| stream.poll_chunk(cx)).await.unwrap();
        if chunk.is_empty() {
            return Ok(answer);
        }
        answer.extend_from_slice(&chunk);
    }
}

fn own(lab: &Lab, server: &str, port: u16) -> Authority {
    Authority::Address(lab.workload(server).unwrap().address(port).0)
}

async fn cell(semantics: Semantics, mode: &str, expect: &str) {
    let mut sink = Sink::start(b"answer").await;
    let plan = Plan::new().server("server", &sink.addr()).mode("server", mode).semantics(semantics);
    let lab = plan.start().await;
    let (_owner, client) = tunnel(&lab, "server").await;
    let seen = exchange(&client, own(&lab, "server", 3000), b"request").await;
    assert_eq!(conclusion(&*record_to(&lab, "server").await), expect, "{semantics} {mode}");
    if expect.starts_with("ALLOW") {
        assert_eq!(seen.unwrap(), b"answer", "{semantics} {mode}");
        assert_eq!(sink.bytes().await, b"request", "{semantics} {mode}");
    } else {
        assert!(matches!(seen, Err(HboneError::Status { status }) if status == 401), "{semantics} {mode}");
        assert!(sink.is_untouched(), "{semantics} {mode}");
    }
}

#[tokio::test]
async fn every_mode_under_both_semantics() {
    cell(Semantics::Istio, "STRICT", "ALLOW -").await;
    cell(Semantics::Istio, "PERMISSIVE", "ALLOW -").await;
    cell(Semantics::Istio, "DISABLE", "DENY DENY peer_auth.disable_refuses_mtls at peer_auth").await;
    cell(Semantics::Ztunnel, "STRICT", "ALLOW -").await;
    cell(Semantics::Ztunnel, "PERMISSIVE", "ALLOW -").await;
    cell(Semantics::Ztunnel, "DISABLE", "ALLOW -").await;
}

#[tokio::test]
async fn every_refusal_has_ztunnels_status_and_the_tunnel_lives_on() {
    let mut sink = Sink::start(b"").await;
    let lab = Plan::new().server("server", &sink.addr()).server("other", "http").start().await;
    let (_owner, client) = tunnel(&lab, "server").await;
    let host = |host: &str, port| Authority::Host { host: host.to_owned(), port };
    let parse = |text: &str| Authority::parse(text).unwrap();
    let node = lab.running().info().node_ip;
    for (authority, status, code) in [
        (own(&lab, "other", 3000), 400, "hbone.ip_mismatch"),
        (parse("127.0.0.1:3000"), 400, "hbone.ip_mismatch"),
        (Authority::Address((node, 15000).into()), 400, "hbone.ip_mismatch"),
        (parse("169.254.169.254:80"), 400, "hbone.ip_mismatch"),
        (own(&lab, "server", 15000), 503, "hbone.own_port"),
        (own(&lab, "server", 15001), 503, "hbone.own_port"),
        (own(&lab, "server", 15006), 503, "hbone.own_port"),
        (own(&lab, "server", 15008), 503, "hbone.own_port"),
        (own(&lab, "server", 15020), 503, "hbone.own_port"),
        (own(&lab, "server", 15021), 503, "hbone.own_port"),
        (own(&lab, "server", 15080), 503, "hbone.own_port"),
        (host("nobody.default.svc.cluster.local", 80), 503, "hbone.no_service"),
        (host("other.default.svc.cluster.local", 80), 503, "hbone.no_service"),
        (host("localhost", 3000), 503, "hbone.no_service"),
        (host("server.default.svc.cluster.local", 81), 503, "hbone.no_service_port"),
        (own(&lab, "server", 3001), 503, "dial.no_backend"),
    ] {
        let shown = authority.to_string();
        let error = exchange(&client, authority, b"request").await.unwrap_err();
        assert!(
            matches!(&error, HboneError::Status { status: found } if *found == status),
            "{shown}: {error}"
        );
        lab.record(|record| record.code() == Some(code)).await;
        assert!(sink.is_untouched(), "{shown} got through");
    }
    let by_name = host("server.default.svc.cluster.local", 80);
    assert_eq!(exchange(&client, by_name, b"request").await.unwrap(), b"");
    assert_eq!(sink.bytes().await, b"request");
}

#[tokio::test]
async fn a_backend_that_refuses_is_a_503() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = free.local_addr().unwrap().to_string();
    drop(free);
    let lab = Plan::new().server("server", &addr).start().await;
    let (_owner, client) = tunnel(&lab, "server").await;
    let error = exchange(&client, own(&lab, "server", 3000), b"").await.unwrap_err();
    assert_eq!(error.to_string(), "http status: 503 Service Unavailable");
    let record = record_to(&lab, "server").await;
    assert_eq!(conclusion(&record), "FAIL CONNECT dial.refused at dial");
    let error = &record.failure().unwrap().error;
    assert_eq!(error, "connection failed: Connection refused (os error 111)", "ztunnel's sentence");
}

#[tokio::test]
async fn a_wrong_expectation_is_refused_by_the_client_with_both_names() {
    let lab = Plan::new().server("server", "http").server("other", "http").start().await;
    let tls = ClientTls::new(&lab.svid("curl-client").unwrap()).unwrap();
    let expected = [lab.workload("other").unwrap().identity.clone()];
    let stream = TcpStream::connect(lab.hbone("server").unwrap()).await.unwrap();
    let error = connect(stream, &tls, &expected, ClientOffer::Hbone, soon()).await.err().unwrap();
    let text = error.to_string();
    assert!(text.contains("sa/other") && text.contains("sa/server"), "{text}");
    let record = record_to(&lab, "server").await;
    assert_eq!(record.flag().to_string(), "TLS_FAILURE");
}
