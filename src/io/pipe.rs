//! [`Pipe`]: one end of a connection as the relay sees it, in owned chunks, with half-close and reset.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::net::TcpStream;

/// Why the relay aborts an end, which decides what the peer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// The other end's TCP connection was reset (RFC 9113 §8.5: `CONNECT_ERROR` on a tunnel stream).
    PeerReset,
    /// We end it: drain, policy change, idle (`CANCEL` on a tunnel stream).
    Cut,
}

/// One end of a relayed connection.
///
/// Chunks are owned (`Bytes`), so that a chunk travels from socket to TLS record without a copy of ours.
/// A reset read from the peer is an error of kind `ConnectionReset`; it is never reported as a clean end.
pub trait Pipe: Send {
    /// The next chunk; empty means that the peer finished sending (FIN, END_STREAM).
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>>;

    /// Writes from the front of `chunk`, which is advanced; ready only when `chunk` is empty.
    fn poll_write(&mut self, cx: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>>;

    /// Pushes buffered bytes to the peer.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes, and waits until a reset can no longer overtake what was written.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }

    /// The socket to read from, where this is one and no byte was read ahead.
    fn receiving(&self) -> Option<&TcpStream> {
        None
    }

    /// The socket to write to, where this is one and no byte waits to be sent.
    fn sending(&self) -> Option<&TcpStream> {
        None
    }

    /// Half-closes: tells the peer that no more bytes follow. Reading goes on.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when the connection is broken, although nobody reads from it: because the other end is full, or because it has said
    /// all. Pending where that cannot be known before the next read or write.
    fn poll_broken(&mut self, _cx: &mut Context<'_>) -> Poll<io::Error> {
        Poll::Pending
    }

    /// Aborts, so that the peer sees a reset and never a clean end. Idempotent.
    fn reset(&mut self, cause: ResetCause);
}
