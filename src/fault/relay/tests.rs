//! Tests of the relay: real sockets on both sides.

use super::*;
use crate::drain::drain;

/// A server that echoes one connection, and a relay in front of it.
async fn through(faults: &str) -> (Relay, tokio::task::JoinHandle<io::Result<u64>>, TcpSocket) {
    let faults: Vec<Fault> = faults.split_whitespace().map(|text| text.parse().unwrap()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test's own peer")]
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let (mut from, mut back) = stream.split();
        tokio::io::copy(&mut from, &mut back).await
    });
    let (_drain, tasks) = drain();
    let relay = Relay::start(to, &faults, RelayLimits::default(), &tasks).unwrap();
    (relay, server, TcpSocket::new_v4().unwrap())
}

async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> Result<Vec<u8>, io::ErrorKind> {
    let mut answer = Vec::new();
    stream.write_all(bytes).await.map_err(|error| error.kind())?;
    stream.shutdown().await.map_err(|error| error.kind())?;
    stream.read_to_end(&mut answer).await.map_err(|error| error.kind())?;
    Ok(answer)
}

#[tokio::test]
async fn it_relays_whole_and_from_the_same_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_drain, tasks) = drain();
    let to = listener.local_addr().unwrap();
    let relay = Relay::start(to, &[], RelayLimits::default(), &tasks).unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.7:0".parse().unwrap()).unwrap();
    socket.set_reuseaddr(true).unwrap();
    let client = socket.connect(relay.address()).await.unwrap();
    let (_server, from) = listener.accept().await.unwrap();
    assert_eq!(from, client.local_addr().unwrap());

    let (relay, server, socket) = through("").await;
    let mut client = socket.connect(relay.address()).await.unwrap();
    let much = vec![7; 1 << 20];
    let (mut from, mut on) = client.split();
    let mut back = Vec::new();
    let (sent, read) = tokio::join!(
        async { on.write_all(&much).await.and(on.shutdown().await) },
        from.read_to_end(&mut back),
    );
    assert_eq!((sent.is_ok(), read.unwrap(), server.await.unwrap().unwrap()), (true, 1 << 20, 1 << 20));
}

#[tokio::test]
async fn what_each_end_sees() {
    let reset = Err(io::ErrorKind::ConnectionReset);
    let check = async |faults: &str, expect: Result<&[u8], io::ErrorKind>| {
        let (relay, _server, socket) = through(faults).await;
        let mut client = socket.connect(relay.address()).await.unwrap();
        let seen = exchange(&mut client, b"hello").await;
        assert_eq!(seen.as_deref().map_err(|kind| *kind), expect, "{faults}");
    };
    check("", Ok(b"hello")).await;
    check("tcp:rst@answer", reset).await;
    check("tcp:rst@after=3", reset).await;
    check("tcp:close@after=3", Ok(b"hel")).await;
    check("tcp:close@first-byte", Ok(b"")).await;
    check("tls:garbage@answer", Ok(&[!b'h', !b'e', !b'l', !b'l', !b'o'])).await;
    check("tls:truncate@answer", Ok(b"he")).await;
    check("tcp:half-close@answer", Ok(b"")).await;
}

#[tokio::test]
async fn nobody_listens_where_it_refuses() {
    let (relay, _server, socket) = through("tcp:refuse").await;
    let error = socket.connect(relay.address()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn what_stalls_ends_with_the_relay() {
    for faults in ["tcp:stall@first-byte", "tls:stall@answer", "drop-segments-over=2"] {
        let (relay, _server, socket) = through(faults).await;
        let mut client = socket.connect(relay.address()).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut byte = [0];
        let silent = timeout(Duration::from_millis(50), client.read(&mut byte)).await;
        assert!(silent.is_err(), "{faults}: {silent:?}");
        drop(relay);
        let _ended = client.read(&mut byte).await;
    }
}
