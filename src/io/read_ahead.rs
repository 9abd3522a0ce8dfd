//! [`ReadAhead`]: fewer and larger reads from a stream that has much to say.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// After so many bytes a stream counts as busy, as in ztunnel's own steps (hbone.md section 2.7): the many that say less
/// have no buffer here.
const BUSY: usize = 128 * 1024;

/// What is read at once from then on. TLS asks for a record or less, 16 KiB, and each read from a socket is a system call.
const AHEAD: usize = 64 * 1024;

/// A stream that is read in larger pieces than are asked for, once it is busy. Writes go straight through.
#[derive(Debug)]
pub struct ReadAhead<S> {
    stream: S,
    /// Read, and not yet asked for.
    ahead: BytesMut,
    received: usize,
}

impl<S> ReadAhead<S> {
    /// A stream over `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, ahead: BytesMut::new(), received: 0 }
    }

    /// The stream beneath; what was read ahead of it is not there any more.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream beneath; what was read ahead of it is not there any more.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: AsyncRead + Unpin> ReadAhead<S> {
    fn poll_straight(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.received += buffer.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            if this.received < BUSY || buffer.remaining() >= AHEAD {
                return this.poll_straight(cx, buffer);
            }
            this.ahead.reserve(AHEAD);
            // The future holds no state, so making one per poll loses nothing (tokio: `read_buf` is cancel safe).
            ready!(pin!(this.stream.read_buf(&mut this.ahead)).poll(cx))?;
        }
        let count = this.ahead.len().min(buffer.remaining());
        buffer.put_slice(this.ahead.get(..count).unwrap_or_default());
        this.ahead.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
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
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn all_bytes_come_in_order_and_then_the_end() {
        let sent: Vec<u8> = (0..=250).cycle().take(3 * BUSY).collect();
        let (mut peer, stream) = duplex(AHEAD);
        let mut stream = ReadAhead::new(stream);
        let writing = async {
            peer.write_all(&sent).await.unwrap();
            drop(peer);
        };
        let reading = async {
            let (mut seen, mut some) = (Vec::new(), [0; 5_000]);
            loop {
                match stream.read(&mut some).await.unwrap() {
                    0 => return seen,
                    count => seen.extend_from_slice(&some[..count]),
                }
            }
        };
        assert!(tokio::join!(reading, writing).0 == sent);
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "the end again and again");
    }

    #[tokio::test]
    async fn only_the_busy_have_a_buffer() {
        let (mut peer, stream) = duplex(2 * BUSY);
        let mut stream = ReadAhead::new(stream);
        peer.write_all(&vec![1; BUSY + AHEAD]).await.unwrap();
        let mut some = vec![0; BUSY - 1];
        stream.read_exact(&mut some).await.unwrap();
        stream.read_exact(&mut [0; 1]).await.unwrap();
        assert_eq!(stream.ahead.capacity(), 0);
        stream.read_exact(&mut [0; 1]).await.unwrap();
        assert_eq!(stream.ahead.len(), AHEAD - 1, "one read takes what is there");
    }
}
