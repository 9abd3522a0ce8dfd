//! [`Prefixed`]: a stream whose first bytes were already read, and are read again.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Replays `prefix`, then reads on from the stream. Writes go straight through.
///
/// Reading and replaying instead of MSG_PEEK: a peek that returns too little cannot wait for more without spinning, and
/// it does not exist on anything but a socket.
#[derive(Debug)]
pub struct Prefixed<S> {
    stream: S,
    prefix: Bytes,
}

impl<S> Prefixed<S> {
    /// A stream that yields `prefix` first.
    pub fn new(stream: S, prefix: Bytes) -> Self {
        Self { stream, prefix }
    }

    /// The stream beneath.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream and the part of the prefix that nobody has read yet.
    pub fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.prefix)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.prefix.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let replayed = this.prefix.len().min(buf.remaining());
        buf.put_slice(&this.prefix.split_to(replayed));
        if !this.prefix.has_remaining() {
            // An empty view would keep the sniff buffer alive for as long as the connection lives.
            this.prefix = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn replays_in_pieces_then_reads_on() {
        let (mut peer, stream) = tokio::io::duplex(64);
        let mut prefixed = Prefixed::new(stream, Bytes::from_static(b"GET /"));
        peer.write_all(b" HTTP/1.1").await.unwrap();
        let mut first = [0; 3];
        prefixed.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"GET");
        prefixed.write_all(b"hello").await.unwrap();
        prefixed.shutdown().await.unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.unwrap();
        drop(peer);
        let mut rest = String::new();
        prefixed.read_to_string(&mut rest).await.unwrap();
        assert_eq!((rest.as_str(), answer.as_str()), (" / HTTP/1.1", "hello"));
    }

    #[tokio::test]
    async fn what_was_not_read_comes_back_with_the_stream() {
        let (_peer, stream) = tokio::io::duplex(64);
        let mut prefixed = Prefixed::new(stream, Bytes::from_static(b"abcd"));
        assert_eq!(prefixed.read_u8().await.unwrap(), b'a');
        assert_eq!(prefixed.into_parts().1, "bcd");
    }
}
