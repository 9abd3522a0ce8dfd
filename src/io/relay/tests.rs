//! The relay over scripted ends, in-memory streams, and real sockets where the kernel matters.

use std::collections::VecDeque;

use bytes::Bytes;
use rand::{RngCore, SeedableRng, rngs::SmallRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::io::{StreamPipe, TcpPipe, reset_on_close};

const RESET: io::ErrorKind = io::ErrorKind::ConnectionReset;

/// A peer's socket and the pipe at our end of it.
async fn tcp() -> (TcpStream, TcpPipe) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (peer, TcpPipe::new(listener.accept().await.unwrap().0))
}

fn memory(size: usize) -> (DuplexStream, StreamPipe<DuplexStream>) {
    let (peer, stream) = duplex(size);
    (peer, StreamPipe::new(stream, |_| {}))
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SmallRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// Sends `bytes`, half-closes, and reads until the end.
async fn exchange<S: tokio::io::AsyncRead + tokio::io::AsyncWrite>(peer: S, bytes: &[u8]) -> Vec<u8> {
    let (mut read, mut write) = tokio::io::split(peer);
    let mut received = Vec::new();
    let send = async {
        write.write_all(bytes).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let ((), received_length) = tokio::join!(send, read.read_to_end(&mut received));
    assert_eq!(received_length.unwrap(), received.len());
    received
}

#[tokio::test]
async fn ten_megabytes_each_way_byte_for_byte() {
    let ((client, mut client_end), (backend, mut backend_end)) = (tcp().await, tcp().await);
    let (up, down) = (noise(1, 10_000_000), noise(2, 10_000_003));
    let counts = ByteCounts::new();
    let (relayed, at_client, at_backend) = tokio::join!(
        relay(&mut client_end, &mut backend_end, &counts, None),
        exchange(client, &up),
        exchange(backend, &down)
    );
    relayed.unwrap();
    assert!(at_backend == up && at_client == down, "the bytes differ");
    assert_eq!((counts.to_backend(), counts.to_client()), (10_000_000, 10_000_003));
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let ((client, mut client_end), (backend, mut backend_end)) = (memory(1), memory(1));
    let (up, down) = (noise(3, 3_000), noise(4, 5_000));
    let counts = ByteCounts::new();
    let client_end: &mut dyn Pipe = &mut client_end;
    let (relayed, at_client, at_backend) = tokio::join!(
        relay(client_end, &mut backend_end, &counts, None),
        exchange(client, &up),
        exchange(backend, &down)
    );
    relayed.unwrap();
    assert!(at_backend == up && at_client == down, "the bytes differ");
}

#[tokio::test]
async fn half_close_goes_through_and_a_late_answer_comes_back() {
    let ((mut client, mut client_end), (mut backend, mut backend_end)) = (tcp().await, tcp().await);
    let counts = ByteCounts::new();
    let peers = async {
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut question = String::new();
        backend.read_to_string(&mut question).await.unwrap();
        assert_eq!((question.as_str(), counts.to_backend()), ("question", 8));
        backend.write_all(b"late answer").await.unwrap();
        drop(backend);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "late answer");
    };
    let (relayed, ()) = tokio::join!(relay(&mut client_end, &mut backend_end, &counts, None), peers);
    relayed.unwrap();
}

/// Reliability rows 3 and 4: whoever resets, the other end sees the bytes before it and then a reset, never an end.
async fn check_reset(resets: End) {
    let ((client, mut client_end), (backend, mut backend_end)) = (tcp().await, tcp().await);
    let (mut bad, mut other) = match resets {
        End::Client => (client, backend),
        End::Backend => (backend, client),
    };
    let peers = async {
        bad.write_all(b"half of it").await.unwrap();
        let mut seen = [0; 10];
        other.read_exact(&mut seen).await.unwrap();
        reset_on_close(&bad);
        drop(bad);
        other.read(&mut seen).await.map_err(|error| error.kind())
    };
    let counts = ByteCounts::new();
    let (relayed, seen) = tokio::join!(relay(&mut client_end, &mut backend_end, &counts, None), peers);
    let error = relayed.unwrap_err();
    assert_eq!((error.end, error.during, error.source.kind()), (resets, During::Receive, RESET));
    assert_eq!(seen, Err(RESET));
}

#[tokio::test]
async fn a_reset_of_either_end_resets_the_other() {
    check_reset(End::Client).await;
    check_reset(End::Backend).await;
}

#[tokio::test]
async fn an_answer_sent_before_the_upload_was_refused_still_arrives() {
    let ((client, mut client_end), (mut backend, mut backend_end)) = (tcp().await, tcp().await);
    let refuse = async {
        let mut some = [0; 100];
        backend.read_exact(&mut some).await.unwrap();
        backend.write_all(b"413 too large").await.unwrap();
        drop(backend);
    };
    let client = async {
        let (mut read, mut write) = client.into_split();
        let upload = async {
            let part = noise(5, 64 * 1024);
            while write.write_all(&part).await.is_ok() {}
        };
        let mut answer = Vec::new();
        // Whether this read ends in RST or in EOF depends on whether the failing write took the socket's error first.
        let ((), _either) = tokio::join!(upload, read.read_to_end(&mut answer));
        String::from_utf8(answer).unwrap()
    };
    let counts = ByteCounts::new();
    let (relayed, (), answer) =
        tokio::join!(relay(&mut client_end, &mut backend_end, &counts, None), refuse, client);
    assert_eq!(relayed.unwrap_err().end, End::Backend);
    assert_eq!(answer, "413 too large");
}

#[tokio::test]
async fn a_cancelled_relay_can_be_reset() {
    let ((mut client, mut client_end), (mut backend, mut backend_end)) = (tcp().await, tcp().await);
    let counts = ByteCounts::new();
    let cancelled = tokio::select! {
        _ = relay(&mut client_end, &mut backend_end, &counts, None) => false,
        () = async {
            client.write_all(b"x").await.unwrap();
            assert_eq!(backend.read_u8().await.unwrap(), b'x');
        } => true,
    };
    assert!(cancelled);
    client_end.reset(ResetCause::Cut);
    backend_end.reset(ResetCause::Cut);
    assert_eq!(client.read_u8().await.unwrap_err().kind(), RESET);
    assert_eq!(backend.read_u8().await.unwrap_err().kind(), RESET);
}

/// An end that follows a script and writes down what is done to it.
#[derive(Default)]
struct Scripted {
    /// What `poll_chunk` says in turn; `None` is one `Pending`, and so is the end of the script.
    reads: VecDeque<Option<io::Result<Bytes>>>,
    write_fails: bool,
    log: Vec<&'static str>,
}

impl Scripted {
    fn new(reads: impl IntoIterator<Item = Option<io::Result<Bytes>>>) -> Self {
        Self { reads: reads.into_iter().collect(), ..Self::default() }
    }
}

fn chunk(text: &'static str) -> Option<io::Result<Bytes>> {
    Some(Ok(Bytes::from_static(text.as_bytes())))
}

impl Pipe for Scripted {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        match self.reads.pop_front() {
            Some(Some(read)) => Poll::Ready(read),
            Some(None) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    fn poll_write(&mut self, _cx: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>> {
        if self.write_fails {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        chunk.clear();
        self.log.push("write");
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.log.push("flush");
        Poll::Ready(Ok(()))
    }

    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.log.push("finish");
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, cause: ResetCause) {
        self.log.push(match cause {
            ResetCause::PeerReset => "reset: peer",
            ResetCause::Cut => "reset: cut",
        });
    }
}

#[tokio::test]
async fn flushes_when_it_would_wait_and_not_per_chunk() {
    let mut client = Scripted::new([chunk("a"), chunk("b"), chunk("c"), None, None, chunk("d"), chunk("")]);
    let mut backend = Scripted::new([chunk("")]);
    relay(&mut client, &mut backend, &ByteCounts::new(), None).await.unwrap();
    assert_eq!(backend.log, ["write", "write", "write", "flush", "write", "finish"]);
    assert_eq!(client.log, ["finish"]);
}

#[tokio::test]
async fn after_a_failed_write_what_arrived_is_delivered_and_the_end_is_a_reset() {
    let mut client = Scripted::new([chunk("upload")]);
    let mut backend = Scripted::new([chunk("answer"), chunk("")]);
    backend.write_fails = true;
    let counts = ByteCounts::new();
    let error = relay(&mut client, &mut backend, &counts, None).await.unwrap_err();
    assert_eq!((error.end, error.during, error.code()), (End::Backend, During::Send, "relay.backend_reset"));
    assert_eq!(error.to_string(), "send: io error: broken pipe");
    let plain =
        "expected the end of the backend's bytes, found a reset while we were writing to it: broken pipe";
    assert_eq!(error.plain(), plain);
    assert_eq!(client.log, ["write", "flush", "reset: peer"]);
    assert_eq!(backend.log, ["reset: cut"]);
    assert_eq!((counts.to_backend(), counts.to_client()), (0, 6));
}

#[tokio::test]
async fn bytes_before_a_broken_read_are_flushed_before_the_reset() {
    let mut client = Scripted::new([chunk("part"), Some(Err(io::ErrorKind::TimedOut.into()))]);
    let mut backend = Scripted::new([]);
    let error = relay(&mut client, &mut backend, &ByteCounts::new(), None).await.unwrap_err();
    assert_eq!((error.code(), error.side()), ("relay.client_failed", Side::Downstream));
    assert_eq!(error.to_string(), "send: io error: timed out");
    let plain =
        "expected the end of the client's bytes, found an error while we were reading from it: timed out";
    assert_eq!(error.plain(), plain);
    assert_eq!(backend.log, ["write", "flush", "reset: peer"]);
}

#[tokio::test(start_paused = true)]
async fn last_words_that_nobody_reads_hold_the_reset_up_for_a_second() {
    let ((client, mut client_end), mut backend) = (memory(1), Scripted::new([chunk("answer"), None]));
    backend.write_fails = true;
    let (read, mut write) = tokio::io::split(client);
    write.write_all(b"x").await.unwrap();
    let began = tokio::time::Instant::now();
    let error = relay(&mut client_end, &mut backend, &ByteCounts::new(), None).await.unwrap_err();
    assert_eq!((error.end, began.elapsed()), (End::Backend, LAST_WORDS));
    drop(read);
}

#[tokio::test]
async fn an_end_that_is_always_ready_does_not_starve_the_other_direction() {
    let mut client = Scripted::new((0..1_000).map(|_| chunk("x")).chain([chunk("")]));
    let mut backend = Scripted::new([chunk("y"), chunk("")]);
    relay(&mut client, &mut backend, &ByteCounts::new(), None).await.unwrap();
    assert_eq!(backend.log.len(), 1_001);
    assert_eq!(client.log, ["write", "finish"]);
}

/// What one side sends before the other breaks it off, so much that it goes through the kernel's pipe.
const MUCH: usize = 6_000_000;

#[tokio::test]
async fn one_way_is_spliced_while_the_other_has_ended_or_chats() {
    for answer in [0, 10, 3_000] {
        let ((client, mut client_end), (mut backend, mut backend_end)) = (tcp().await, tcp().await);
        let (up, counts) = (noise(3, MUCH), ByteCounts::new());
        let chat = async {
            let mut received = vec![0; MUCH];
            for part in received.chunks_mut(50_000) {
                backend.read_exact(part).await.unwrap();
                backend.write_all(&noise(4, answer)).await.unwrap();
            }
            backend.shutdown().await.unwrap();
            assert_eq!(backend.read(&mut [0]).await.unwrap(), 0);
            received
        };
        let (relayed, at_client, at_backend) = tokio::join!(
            relay(&mut client_end, &mut backend_end, &counts, None),
            exchange(client, &up),
            chat
        );
        relayed.unwrap();
        assert!(at_backend == up && at_client.len() == MUCH / 50_000 * answer);
        assert_eq!((counts.to_backend(), counts.to_client()), (MUCH as u64, at_client.len() as u64));
    }
}

#[tokio::test]
async fn a_reset_in_the_middle_of_splicing_is_a_reset_at_the_other_end() {
    let ((mut client, mut client_end), (mut backend, mut backend_end)) = (tcp().await, tcp().await);
    let counts = ByteCounts::new();
    let sent = noise(5, MUCH);
    let (relayed, (seen, end)) =
        tokio::join!(relay(&mut client_end, &mut backend_end, &counts, None), async {
            let mut seen = vec![0; MUCH - 1_000];
            let (written, read) = tokio::join!(client.write_all(&sent), backend.read_exact(&mut seen));
            written.unwrap();
            read.unwrap();
            reset_on_close(&client);
            drop(client);
            // The last bytes are still on their way: whether they come is as on a wire of their own.
            let end = backend.read_to_end(&mut Vec::new()).await;
            (seen, end.map_err(|error| error.kind()))
        });
    assert_eq!((relayed.unwrap_err().end, end), (End::Client, Err(RESET)));
    assert!(seen == sent[..MUCH - 1_000]);
}

#[tokio::test]
async fn who_looks_sees_all_of_it() {
    let ((client, mut client_end), (backend, mut backend_end)) = (tcp().await, tcp().await);
    let tap = Tap::new(2 * MUCH);
    let (up, counts) = (noise(6, MUCH), ByteCounts::new());
    let (relayed, _, at_backend) = tokio::join!(
        relay(&mut client_end, &mut backend_end, &counts, Some(&tap)),
        exchange(client, &up),
        exchange(backend, b"")
    );
    relayed.unwrap();
    let seen: usize = tap.chunks().iter().map(|chunk| chunk.bytes.len()).sum();
    assert!(at_backend == up && seen == MUCH);
}
