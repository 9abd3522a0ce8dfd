//! Peers that misbehave: deadlines, garbage, loops.

use std::time::Duration;

use glasstunnel::lab::Lab;
use glasstunnel::tls::{ClientOffer, ClientTls, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::mesh::Plan;
use crate::program::curl;

/// A mesh that cuts an unfinished beginning after `handshake`, and takes a client for silent after a third of it.
async fn impatient(handshake: Duration) -> Lab {
    let mut plan = Plan::new().server("server", "http").mode("server", "STRICT");
    plan.options.proxy.deadlines.handshake = handshake;
    plan.options.proxy.deadlines.silence = handshake / 3;
    plan.start().await
}

/// Waits until the proxy ends `stream`; the test hangs, and so fails, if it never does.
async fn ended(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn every_unfinished_beginning_is_cut() {
    // Long enough that a busy machine still gets to read what was sent before it passes.
    let lab = impatient(Duration::from_secs(3)).await;
    let hello = include_bytes!("../data/hello/curl-http2.bin");
    let half = &hello[..hello.len() - 1];
    let beginnings = [
        (lab.hbone("server").unwrap(), &b""[..], "tls.timeout"),
        (lab.hbone("server").unwrap(), half, "tls.timeout"),
        (lab.captured("server", 3000).unwrap(), half, "sniff.timeout"),
        (lab.captured("server", 3000).unwrap(), hello, "tls.timeout"),
        (lab.outbound("default/curl-client").unwrap(), &b"\x05"[..], "orig_dst.timeout"),
        (lab.outbound("default/curl-client").unwrap(), &b"CONNECT server"[..], "orig_dst.timeout"),
    ];
    let mut streams = Vec::new();
    for (door, bytes, _) in beginnings {
        let mut stream = TcpStream::connect(door).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        streams.push(stream);
    }
    for stream in streams {
        ended(stream).await;
    }
    let mut found = Vec::new();
    for id in 1..=6 {
        found.push(lab.record(|record| record.id == id).await.code().unwrap());
    }
    let mut expected = beginnings.map(|(_, _, code)| code);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// A peer that is verified and then says nothing has no longer than any other.
#[tokio::test]
async fn a_verified_peer_without_a_preface_is_cut() {
    let lab = impatient(Duration::from_millis(300)).await;
    let tls = ClientTls::new(&lab.svid("curl-client").unwrap()).unwrap();
    let expected = [lab.workload("server").unwrap().identity.clone()];
    let stream = TcpStream::connect(lab.hbone("server").unwrap()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut stream = connect(stream, &tls, &expected, ClientOffer::Hbone, deadline).await.unwrap().0;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    lab.record(|record| record.code() == Some("hbone.handshake_timeout")).await;
}

#[tokio::test]
async fn garbage_at_every_door_is_an_error_and_the_mesh_lives() {
    let lab = impatient(Duration::from_millis(300)).await;
    let doors = [
        lab.hbone("server").unwrap(),
        lab.captured("server", 3000).unwrap(),
        lab.outbound("curl-client").unwrap(),
        lab.running().info().socks.unwrap(),
    ];
    let samples: [&[u8]; 12] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c",
        b"\x16\x03\x01\xff\xff\x01\xff\xff\xff",
        b"\x16\x03\x01\x00\x00",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
        b"\x05\xff",
        b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50",
        &[0; 4096],
        &[0xff; 4096],
    ];
    for door in doors {
        for bytes in samples {
            let mut stream = TcpStream::connect(door).await.unwrap();
            let _ = stream.write_all(bytes).await;
            ended(stream).await;
        }
    }
    let proxy = format!("socks5h://{}", lab.outbound("default/curl-client").unwrap());
    let ran = curl(&["--proxy", &proxy, "http://server/health"]).await;
    assert_eq!((ran.code, ran.out.trim()), (0, "ok"), "{ran:?}");
}

#[tokio::test]
async fn the_proxys_own_listeners_are_no_destination() {
    let lab = Plan::new().server("server", "http").start().await;
    let info = lab.running().info();
    let own = [
        info.socks.unwrap(),
        (info.node_ip, 15000).into(),
        (info.node_ip, 15020).into(),
        lab.hbone("server").unwrap(),
        lab.outbound("server").unwrap(),
    ];
    for from in ["default/curl-client", "outside/curl-client"] {
        let proxy = format!("socks5h://{}", lab.outbound(from).unwrap());
        for target in own {
            let ran = curl(&["--proxy", &proxy, &format!("http://{target}/")]).await;
            assert_ne!(ran.code, 0, "{from} reached {target}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn what_a_peer_says_cannot_forge_a_line() {
    let lab = impatient(Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(lab.outbound("curl-client").unwrap()).await.unwrap();
    stream.write_all(b"CONNECT a\x1b[31m\nINFO forged:80 HTTP/1.1\r\n\r\n").await.unwrap();
    ended(stream).await;
    let record = lab.record(|record| record.code().is_some_and(|code| code.starts_with("orig_dst."))).await;
    let text = glasstunnel::telemetry::explain_text(&record);
    assert!(!text.contains('\x1b') && !text.lines().any(|line| line.starts_with("INFO")), "{text}");
}
