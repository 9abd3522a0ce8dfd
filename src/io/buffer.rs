//! The two buffers of a pipe: one that grows with the bytes it has seen, one that gathers small writes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

/// How much is read at once, by how many bytes have flowed before: ztunnel's steps (hbone.md section 2.7).
///
/// Most connections are small, and an idle one should cost 1 KiB. 64 bytes short of the round number, a chunk and an
/// HTTP/2 frame header fit one TLS record of 16 KiB (RFC 8446 §5.1).
const STEPS: [(u64, usize); 3] =
    [(0, 1024), (128 * 1024, 16 * 1024 - 64), (10 * 1024 * 1024, 256 * 1024 - 64)];

/// A chunk up to this size is cheaper to copy than to write by itself: a system call or an HTTP/2 frame costs more.
const SMALL_CHUNK: usize = 1024;

/// What is gathered at most before it is written: one TLS record.
const GATHERED: usize = 16 * 1024 - 64;

/// Where an end's bytes are read into; chunks are handed out of it without a copy.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    buffer: BytesMut,
    received: u64,
}

impl Incoming {
    /// An empty buffer with room for the next read.
    ///
    /// Once the chunks handed out before are dropped their memory is used again, which is the steady state. If they
    /// are still held (a tunnel's send queue), what is left of the buffer serves until less than a quarter remains.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        let want = self.step();
        if self.buffer.capacity() < want
            && !self.buffer.try_reclaim(want)
            && self.buffer.capacity() < want / 4
        {
            self.buffer = BytesMut::with_capacity(want);
        }
        &mut self.buffer
    }

    /// What was read, as an owned chunk.
    pub(crate) fn take(&mut self) -> Bytes {
        self.received += self.buffer.len() as u64;
        self.buffer.split().freeze()
    }

    fn step(&self) -> usize {
        STEPS.iter().rev().find(|(after, _)| self.received >= *after).map_or(SMALL_CHUNK, |(_, size)| *size)
    }
}

/// Small chunks on their way out, until a flush.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    buffer: BytesMut,
}

impl Outgoing {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Writes all of `chunk`: small ones into the buffer, others to the stream, behind what was gathered.
    pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        chunk: &mut Bytes,
    ) -> Poll<io::Result<()>> {
        if self.buffer.len() + chunk.len() > GATHERED || chunk.len() > SMALL_CHUNK {
            ready!(self.poll_drain(stream, cx))?;
        }
        if chunk.len() <= SMALL_CHUNK {
            self.buffer.extend_from_slice(chunk);
            chunk.clear();
            return Poll::Ready(Ok(()));
        }
        poll_write_all(stream, cx, chunk)
    }

    /// Writes what was gathered.
    pub(crate) fn poll_drain<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        poll_write_all(stream, cx, &mut self.buffer)
    }
}

fn poll_write_all<S: AsyncWrite + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    bytes: &mut impl Buf,
) -> Poll<io::Result<()>> {
    while bytes.has_remaining() {
        let written = ready!(Pin::new(&mut *stream).poll_write(cx, bytes.chunk()))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        bytes.advance(written);
    }
    Poll::Ready(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(incoming: &mut Incoming, bytes: usize) -> Bytes {
        incoming.room().resize(bytes, 0);
        incoming.take()
    }

    #[test]
    fn grows_with_the_bytes_and_reuses_its_memory() {
        let mut incoming = Incoming::default();
        let mut sizes = Vec::new();
        for _ in 0..2_000 {
            let room = incoming.room().capacity();
            if sizes.last() != Some(&room) {
                sizes.push(room);
            }
            let place = incoming.room().as_ptr();
            drop(read(&mut incoming, room));
            if incoming.room().capacity() == room {
                assert_eq!(incoming.room().as_ptr(), place, "a chunk that was dropped is room again");
            }
        }
        assert_eq!(sizes, STEPS.map(|(_, size)| size));
    }

    #[test]
    fn chunks_that_are_held_share_a_buffer_until_little_is_left() {
        let mut incoming = Incoming::default();
        let held: Vec<_> = (0..9).map(|_| read(&mut incoming, 100)).collect();
        for pair in held[..8].windows(2) {
            assert_eq!(pair[1].as_ptr(), pair[0].as_ptr_range().end);
        }
        assert_eq!(
            incoming.buffer.capacity(),
            1024 - 100,
            "after eight, 224 were left: the ninth has a new buffer"
        );
    }
}
