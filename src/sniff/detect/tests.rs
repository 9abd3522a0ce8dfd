//! Reading: splits, deadlines, caps, ends and resets. Time is paused, so nothing waits.

use std::time::Duration;

use tokio::io::{AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::reason::Reason;
use crate::sniff::tests::Hello;

const SILENCE: Duration = Duration::from_secs(1);
const HELLO: Duration = Duration::from_secs(10);

fn limits() -> SniffLimits {
    SniffLimits::new(Instant::now() + SILENCE, Instant::now() + HELLO)
}

/// What comes of `bytes`, sent one by one with `gap` between them; the client stays connected.
async fn dripped(bytes: &[u8], gap: Duration) -> Result<Sniffed, SniffError> {
    let (mut client, mut server) = duplex(64);
    let limits = limits();
    let drip = async {
        for byte in bytes {
            client.write_all(&[*byte]).await.unwrap();
            tokio::time::advance(gap).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        () = drip => unreachable!("the client never leaves"),
        found = detect(&mut server, &limits) => found,
    }
}

/// What comes of `bytes` and the end of the stream.
async fn finished(bytes: &[u8]) -> Result<Sniffed, SniffError> {
    let mut stream = bytes;
    detect(&mut stream, &limits()).await
}

fn check(found: Result<Sniffed, SniffError>, expect: Result<&str, &str>) {
    let found = found.map(|sniffed| sniffed.protocol.says()).map_err(|error| error.code().to_owned());
    assert_eq!(found, expect.map(str::to_owned).map_err(str::to_owned));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_handed_back_for_replay() {
    let wire = [Hello::padded(40 * 1024).records(16 * 1024), b"early data".to_vec()].concat();
    let mut stream = wire.as_slice();
    let sniffed = detect(&mut stream, &limits()).await.unwrap();
    assert!(sniffed.protocol.is_client_hello());
    assert_eq!([&sniffed.bytes, stream].concat(), wire);
}

#[tokio::test(start_paused = true)]
async fn one_byte_per_read_and_one_byte_per_record() {
    let says = "TLS ClientHello, SNI customers, ALPN h2,http/1.1";
    check(dripped(&Hello::padded(0).records(16 * 1024), Duration::ZERO).await, Ok(says));
    check(dripped(&Hello::padded(0).records(1), Duration::ZERO).await, Ok(says));
    check(dripped(b"GET / HTTP/1.1\r\n", Duration::ZERO).await, Ok("raw: HTTP/1 \"GET \""));
    check(
        dripped(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Duration::ZERO).await.map(|mut sniffed| {
            assert_eq!(sniffed.bytes.split_off(24), "");
            sniffed
        }),
        Ok("raw: HTTP/2 preface \"PRI * HTTP/2.0\""),
    );
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_verdict() {
    let since = Instant::now();
    check(dripped(b"", Duration::ZERO).await, Ok(&Protocol::Silent.says()));
    assert!(since.elapsed() >= SILENCE && since.elapsed() < HELLO);
    check(dripped(b"PRI", Duration::ZERO).await, Ok("raw: first bytes 50 52 49 \"PRI\""));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_hello_is_cut_at_a_fixed_time() {
    let hello = Hello::padded(0).records(16 * 1024);
    let but_last = &hello[..hello.len() - 1];
    for (bytes, gap) in
        [(but_last, Duration::ZERO), (&hello[..], Duration::from_secs(1)), (b"\x16", Duration::ZERO)]
    {
        let since = Instant::now();
        check(dripped(bytes, gap).await, Err("sniff.timeout"));
        assert!(since.elapsed() >= HELLO && since.elapsed() < HELLO + Duration::from_secs(2));
    }
    // Slower than silence allows, in time all the same.
    let found = dripped(&hello, Duration::from_millis(10)).await;
    check(found, Ok("TLS ClientHello, SNI customers, ALPN h2,http/1.1"));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream() {
    check(finished(b"").await, Err("sniff.closed"));
    check(finished(b"hi").await, Ok("raw: first bytes 68 69 \"hi\""));
    check(finished(b"GE").await, Ok("raw: first bytes 47 45 \"GE\""));
    check(finished(b"\x16").await, Ok("raw: first bytes 16 \"\\x16\""));
    check(finished(&Hello::padded(0).records(16)[..100]).await, Err("sniff.truncated"));
}

#[tokio::test(start_paused = true)]
async fn the_cap_holds() {
    let wire = Hello::padded(60 * 1024).records(1);
    assert!(wire.len() > SniffLimits::MAX_BYTES);
    let mut stream = wire.as_slice();
    check(detect(&mut stream, &limits()).await, Err("sniff.over_cap"));
    assert_eq!(wire.len() - stream.len(), SniffLimits::MAX_BYTES);
}

#[tokio::test]
async fn a_reset_is_not_an_end() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    check(detect(&mut server, &limits()).await, Err("sniff.reset"));
}
