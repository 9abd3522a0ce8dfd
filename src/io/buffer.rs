//! What a pipe reads into and gathers small writes in: nothing of its own while few bytes have flowed.

use std::cell::Cell;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A connection that has received fewer bytes than this has no buffer: it is read into its thread's, and chunks are copied out
/// of it. Most connections are small, and an idle one costs nothing.
const SHARED_UNTIL: u64 = 128 * 1024;

/// From when on how much is read at once into a buffer of the connection's own: ztunnel's steps (hbone.md section 2.7). 64 bytes short
/// of the round number, a chunk and an HTTP/2 frame header fit one TLS record of 16 KiB (RFC 8446 §5.1).
const STEPS: [(u64, usize); 2] = [(SHARED_UNTIL, RECORD), (10 * 1024 * 1024, 256 * 1024 - 64)];

/// What fits one TLS record with the header of an HTTP/2 frame.
const RECORD: usize = 16 * 1024 - 64;

/// A chunk up to this size is cheaper to copy than to write by itself: a system call or an HTTP/2 frame costs more.
const SMALL_CHUNK: usize = 1024;

thread_local! {
    /// Where this thread's connections read while they are small; empty while one of them does.
    static SHARED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Where an end's bytes are read into; chunks are owned by whoever takes them.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    buffer: BytesMut,
    received: u64,
}

impl Incoming {
    /// The next bytes of `stream`; none at its end.
    pub(crate) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        let read = match self.received < SHARED_UNTIL {
            true => read_shared(stream, cx),
            false => self.read_own(stream, cx),
        };
        let chunk = ready!(read)?;
        self.received += chunk.len() as u64;
        Poll::Ready(Ok(chunk))
    }

    fn read_own<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        // The future holds no state, so making one per poll loses nothing (tokio: `read_buf` is cancel safe).
        ready!(pin!(stream.read_buf(self.room())).poll(cx))?;
        Poll::Ready(Ok(self.buffer.split().freeze()))
    }

    /// An empty buffer with room for the next read.
    ///
    /// Once the chunks handed out before are dropped their memory is used again, which is the steady state. If they
    /// are still held (a tunnel's send queue), what is left of the buffer serves until less than a quarter remains.
    fn room(&mut self) -> &mut BytesMut {
        let want = self.step();
        if self.buffer.capacity() < want
            && !self.buffer.try_reclaim(want)
            && self.buffer.capacity() < want / 4
        {
            self.buffer = BytesMut::with_capacity(want);
        }
        &mut self.buffer
    }

    fn step(&self) -> usize {
        STEPS.iter().rev().find(|(after, _)| self.received >= *after).map_or(RECORD, |(_, size)| *size)
    }
}

/// Reads into the thread's buffer, and copies what was read, which is little.
fn read_shared<S: AsyncRead + Unpin>(stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    let mut shared = SHARED.take();
    // A stream that reads through another pipe finds the buffer taken, and leaves its own in its place.
    shared.resize(RECORD, 0);
    let mut read = ReadBuf::new(&mut shared);
    let done = Pin::new(stream).poll_read(cx, &mut read);
    let chunk = done.map_ok(|()| Bytes::copy_from_slice(read.filled()));
    SHARED.set(shared);
    chunk
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
        if self.buffer.len() + chunk.len() > RECORD || chunk.len() > SMALL_CHUNK {
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
    use std::task::Waker;

    use super::*;

    /// A stream that is always ready with as many bytes as fit, up to `most`.
    struct Ready {
        most: usize,
        asked: Vec<usize>,
    }

    impl AsyncRead for Ready {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let room = into.remaining();
            if self.asked.last() != Some(&room) {
                self.asked.push(room);
            }
            let most = self.most;
            into.put_slice(&vec![7; room.min(most)]);
            Poll::Ready(Ok(()))
        }
    }

    fn read(incoming: &mut Incoming, from: &mut Ready) -> Bytes {
        match incoming.poll_read(from, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(chunk) => chunk.unwrap(),
            Poll::Pending => panic!("it is always ready"),
        }
    }

    #[test]
    fn grows_with_the_bytes_and_reuses_its_memory() {
        let (mut incoming, mut from) = (Incoming::default(), Ready { most: usize::MAX, asked: Vec::new() });
        let mut last = std::ptr::null();
        let mut places = 0;
        for _ in 0..2_000 {
            let chunk = read(&mut incoming, &mut from);
            if incoming.received > SHARED_UNTIL + RECORD as u64 && chunk.as_ptr() != last {
                places += 1;
            }
            last = chunk.as_ptr();
        }
        assert_eq!(
            from.asked,
            STEPS.map(|(_, size)| size),
            "the shared one is as large as the first of its own"
        );
        assert!(places <= STEPS.len(), "a chunk that was dropped is room again: {places} places");
    }

    #[test]
    fn small_connections_have_no_buffer_of_their_own() {
        let (mut incoming, mut from) = (Incoming::default(), Ready { most: 100, asked: Vec::new() });
        let held: Vec<Bytes> = (0..9).map(|_| read(&mut incoming, &mut from)).collect();
        assert!(held.iter().all(|chunk| chunk.len() == 100 && *chunk == [7; 100][..]));
        assert_eq!((incoming.buffer.capacity(), incoming.received), (0, 900));
    }

    #[test]
    fn chunks_that_are_held_share_a_buffer_until_little_is_left() {
        let (mut incoming, mut from) = (Incoming::default(), Ready { most: 1_500, asked: Vec::new() });
        incoming.received = SHARED_UNTIL;
        let held: Vec<Bytes> = (0..9).map(|_| read(&mut incoming, &mut from)).collect();
        for pair in held.windows(2).take(8) {
            assert_eq!(pair[1].as_ptr(), pair[0].as_ptr_range().end);
        }
        assert_eq!(
            incoming.buffer.capacity(),
            RECORD - 9 * 1_500,
            "less than a quarter: the next has a new buffer"
        );
        assert_ne!(read(&mut incoming, &mut from).as_ptr(), held[8].as_ptr_range().end);
    }
}
