//! [`PipeStream`]: any [`Pipe`] as a byte stream, so that TLS can run inside a tunnel.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::io::pipe::{Pipe, ResetCause};

/// A pipe as a byte stream. One written chunk at a time may wait inside; the next write waits for it.
#[derive(Debug)]
pub struct PipeStream<P> {
    pipe: P,
    incoming: Bytes,
    outgoing: Bytes,
}

impl<P: Pipe> PipeStream<P> {
    /// A stream over `pipe`.
    pub fn new(pipe: P) -> Self {
        Self { pipe, incoming: Bytes::new(), outgoing: Bytes::new() }
    }

    /// Resets the pipe beneath.
    pub fn reset(&mut self, cause: ResetCause) {
        self.pipe.reset(cause);
    }

    /// Reads until the pipe beneath ends, and throws away what comes: for a protocol that ended before its carrier.
    ///
    /// # Errors
    ///
    /// The pipe broke.
    pub async fn drain(&mut self) -> io::Result<()> {
        while !poll_fn(|cx| self.pipe.poll_chunk(cx)).await?.is_empty() {}
        Ok(())
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outgoing.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.pipe.poll_write(cx, &mut self.outgoing)
    }
}

impl<P: Pipe + Unpin> AsyncRead for PipeStream<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.incoming.is_empty() {
            this.incoming = ready!(this.pipe.poll_chunk(cx))?;
        }
        let count = this.incoming.len().min(buffer.remaining());
        buffer.put_slice(&this.incoming.split_to(count));
        if !this.incoming.has_remaining() {
            // An empty view would keep the whole chunk alive.
            this.incoming = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<P: Pipe + Unpin> AsyncWrite for PipeStream<P> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        this.outgoing = Bytes::copy_from_slice(bytes);
        match this.poll_drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // What waits is written by the next call of any kind.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        this.pipe.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        this.pipe.poll_finish(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::io::stream::StreamPipe;

    #[tokio::test]
    async fn bytes_arrive_in_order_through_a_narrow_pipe() {
        let (mut peer, stream) = duplex(7);
        let mut stream = PipeStream::new(StreamPipe::new(stream, |_| {}));
        let sent: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let writing = async {
            stream.write_all(&sent).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            answer
        };
        let reading = async {
            let mut seen = Vec::new();
            peer.read_to_end(&mut seen).await.unwrap();
            peer.write_all(b"an answer after the end").await.unwrap();
            drop(peer);
            seen
        };
        let (answer, seen) = tokio::join!(writing, reading);
        assert!(seen == sent);
        assert_eq!(answer, b"an answer after the end");
    }

    #[tokio::test]
    async fn what_comes_behind_the_end_is_waited_for() {
        let (mut peer, stream) = duplex(64);
        let mut stream = PipeStream::new(StreamPipe::new(stream, |_| {}));
        peer.write_all(b"more").await.unwrap();
        {
            let mut drained = std::pin::pin!(stream.drain());
            assert!(drained.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
            drop(peer);
            drained.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_reset_goes_through() {
        let (_peer, stream) = duplex(64);
        let mut stream = PipeStream::new(StreamPipe::new(stream, |_| {}));
        stream.reset(ResetCause::Cut);
        let error = stream.write_all(b"x").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    }
}
