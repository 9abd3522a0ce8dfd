//! What a client makes of how its words are taken.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{ReadBuf, duplex};

use super::*;

fn say(bytes: &str, again: &str) -> Say {
    Say { bytes: bytes.into(), again: again.into(), finishes: true }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// A socket whose reset was told to the writer, so that the reader finds a bare end.
struct Reset;

impl AsyncRead for Reset {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Reset {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_reset_that_the_writer_was_told_of_is_a_reset() {
    let saw = Conversation::new(Reset, &say("GET", "")).exchange(soon()).await;
    assert_eq!((saw.exit, saw.text.as_str()), (Some(56), "Recv failure: Connection reset by peer"));
    let silent = Conversation::new(Reset, &say("", "")).exchange(soon()).await;
    assert_eq!(silent.exit, Some(52), "who said nothing was told of nothing");
}

#[tokio::test]
async fn who_stays_hears_the_beginning_and_goes_on_later() {
    let (near, mut far) = duplex(64);
    let mut held = Conversation::new(near, &say("one", "two"));
    let server = async {
        let mut heard = [0; 3];
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"one");
        far.write_all(b"HTTP/1.1 200 OK").await.unwrap();
        far
    };
    let ((), mut far) = tokio::join!(held.begin(soon()), server);
    let server = async {
        let mut heard = String::new();
        far.read_to_string(&mut heard).await.unwrap();
        far.write_all(b"\r\n\r\nbye").await.unwrap();
        drop(far);
        heard
    };
    let (saw, heard) = tokio::join!(held.go_on(soon()), server);
    assert_eq!(heard, "two");
    assert_eq!((saw.exit, saw.text.as_str()), (Some(0), "HTTP/1.1 200 OK\r\n\r\nbye"));
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let (near, _far) = duplex(64);
    let saw = Conversation::new(near, &say("one", "")).exchange(soon()).await;
    assert_eq!(saw.exit, Some(28));
    let (near, _far) = duplex(64);
    let mut held = Conversation::new(near, &say("one", ""));
    held.begin(soon()).await;
    assert_eq!(held.go_on(soon()).await.exit, Some(28));
}
