//! [`Gathered`]: what many streams say at one moment leaves in one record and one system call.
//!
//! h2 writes and flushes each DATA frame by itself, and TLS makes a record and a system call of each write. Between the two
//! stands this: small frames wait here for those behind them.
//!
//! ```text
//!   h2: DATA, flush, DATA, flush, …, nothing left, flush
//!                │           │                      └─▶ all of it goes to TLS, and is flushed
//!                └───────────┴──▶ kept
//! ```
//!
//! The first flush behind a DATA frame is h2's own way to make room for the next frame; when it has none it flushes once more
//! (h2 0.4, `Prioritize::poll_complete`). Its tests and those of the tunnels would hang if that changed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Frames up to this size wait; a larger one is worth a write of its own.
const SMALL: usize = 4 * 1024;

/// What waits at most: one TLS record (RFC 8446 §5.1).
const GATHERED: usize = 16 * 1024;

/// Whether a peer has said anything since somebody last asked; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<AtomicBool>);

impl Heard {
    fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has, and not yet, from now on.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// A stream under HTTP/2, whose small frames wait for each other.
pub(crate) struct Gathered<S> {
    stream: S,
    heard: Heard,
    waiting: BytesMut,
    /// Whether what was written last is a frame of DATA, behind which another flush comes.
    more_follows: bool,
}

impl<S> Gathered<S> {
    /// A stream over `stream`, and whether anything came from there.
    pub(crate) fn new(stream: S) -> (Self, Heard) {
        let heard = Heard::default();
        (Self { stream, heard: heard.clone(), waiting: BytesMut::new(), more_follows: false }, heard)
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.heard.note();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let length: usize = slices.iter().map(|slice| slice.len()).sum();
        if length > SMALL || this.waiting.len() + length > GATHERED {
            ready!(this.poll_drain(cx))?;
        }
        if length > SMALL {
            this.more_follows = false;
            return Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        }
        slices.iter().for_each(|slice| this.waiting.extend_from_slice(slice));
        // A frame's header and its DATA come as two slices, and whatever else as one.
        this.more_follows = slices.len() > 1;
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.more_follows) {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn frames_of_data_wait_for_the_flush_behind_the_last() {
        let (mut peer, stream) = duplex(1 << 20);
        let (mut stream, _) = Gathered::new(stream);
        let mut seen = [0; 16];
        for _ in 0..3 {
            let frame = [IoSlice::new(b"head"), IoSlice::new(b"data")];
            assert_eq!(stream.write_vectored(&frame).await.unwrap(), 8);
            stream.flush().await.unwrap();
        }
        assert_eq!(stream.waiting.len(), 24);
        stream.flush().await.unwrap();
        assert_eq!(peer.read(&mut seen).await.unwrap(), 16);
        assert_eq!(peer.read(&mut seen).await.unwrap(), 8, "in one write");
        stream.write_all(b"a SETTINGS").await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(peer.read(&mut seen).await.unwrap(), 10, "other frames go at once");
    }

    #[tokio::test]
    async fn what_is_large_goes_behind_what_waits() {
        let (mut peer, stream) = duplex(1 << 20);
        let (mut stream, _) = Gathered::new(stream);
        for part in [vec![1; SMALL], vec![2; 3 * SMALL], vec![3; SMALL + 1], vec![4; 1]] {
            stream.write_all(&part).await.unwrap();
        }
        stream.shutdown().await.unwrap();
        let mut seen = Vec::new();
        peer.read_to_end(&mut seen).await.unwrap();
        let expect = [vec![1; SMALL], vec![2; 3 * SMALL], vec![3; SMALL + 1], vec![4; 1]].concat();
        assert!(seen == expect);
        assert!(stream.waiting.is_empty());
    }
}
