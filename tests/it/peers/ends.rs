//! The two ends of a connection that goes through both proxies: programs that know of neither.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use glasstunnel::netns::Pod;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What one connection carries each way, byte for byte.
pub(crate) const LARGE: usize = 50 << 20;

/// What a backend does with each connection.
#[derive(Clone, Copy)]
pub(crate) enum Backend {
    /// Sends back what comes, and finishes with the client.
    Echo,
    /// Says this at once and finishes, while it goes on reading to the end.
    SpeaksFirst(&'static [u8]),
    /// Says this, waits for a byte, and resets.
    Resets(&'static [u8]),
}

/// Serves `backend` at `port` of a pod.
pub(crate) fn serve(pod: &Pod, ip: IpAddr, port: u16, backend: Backend) {
    let listener = pod.namespace().run(|| std::net::TcpListener::bind((ip, port))).unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test's own server is no task of the proxy")]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(act(stream, backend));
        }
    });
}

async fn act(mut stream: TcpStream, backend: Backend) {
    // However the connection ends, the client's end shows it.
    let _ended = match backend {
        Backend::Echo => {
            let (mut from, mut to) = stream.split();
            let copied = tokio::io::copy(&mut from, &mut to).await;
            copied.and(to.shutdown().await)
        }
        Backend::SpeaksFirst(words) => {
            let said = stream.write_all(words).await.and(stream.shutdown().await);
            said.and(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop))
        }
        Backend::Resets(words) => {
            let said = stream.write_all(words).await;
            let heard = stream.read_exact(&mut [0]).await;
            // Closed with a linger time of zero, a socket resets.
            said.and_then(|()| heard.and_then(|_| SockRef::from(&stream).set_linger(Some(Duration::ZERO))))
        }
    };
}

/// Dials as a program in a pod.
pub(crate) fn dial(pod: &Pod, to: IpAddr, port: u16) -> TcpStream {
    let stream = pod.namespace().run(|| std::net::TcpStream::connect(SocketAddr::new(to, port))).unwrap();
    stream.set_nonblocking(true).unwrap();
    TcpStream::from_std(stream).unwrap()
}

/// What comes until the end, and whether that was a clean one.
pub(crate) async fn rest(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let clean = stream.read_to_end(&mut bytes).await.is_ok();
    (bytes, clean)
}

/// Sends `bytes`, finishes, and reads what comes meanwhile.
pub(crate) async fn exchange(mut stream: TcpStream, bytes: &[u8]) -> (Vec<u8>, bool) {
    let (mut from, mut to) = stream.split();
    let mut answer = Vec::new();
    let send = async {
        let sent = to.write_all(bytes).await;
        sent.and(to.shutdown().await)
    };
    let (_sent, read) = tokio::join!(send, from.read_to_end(&mut answer));
    (answer, read.is_ok())
}

/// Fifty connections to an echo, all of them open at once.
pub(crate) async fn fifty(dial: impl Fn() -> TcpStream) {
    let mut open = Vec::new();
    for length in 10_000..10_050 {
        let (mut stream, message) = (dial(), noise(length));
        stream.write_all(&message).await.unwrap();
        open.push((stream, message));
    }
    for (stream, message) in open {
        assert_eq!(exchange(stream, b"").await, (message, true));
    }
}

/// `length` bytes that no offset repeats soon.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
