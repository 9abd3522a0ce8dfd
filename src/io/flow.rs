//! [`Flow`]: one direction of a relay: reads, writes, flushes, and lets the kernel move what nobody has to see.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::net::TcpStream;

use crate::io::lull::served;
use crate::io::pipe::Pipe;
use crate::io::splice::Splice;
use crate::io::tap::{Direction, Tap};

/// Chunks that one direction moves before the other gets its turn. Half of tokio's own budget of 128, so that a pair
/// of ends that are always ready (a tunnel has no budget of its own) shares the thread with other connections.
const CHUNKS_PER_TURN: usize = 64;

/// What a direction moves before it is worth a pipe in the kernel: a tenth of a second of a modest line. Short connections
/// pay for none.
const SPLICED_AFTER: u64 = 1 << 20;

/// Pipes filled before the other direction and other connections get their turn.
const PIPES_PER_TURN: usize = 4;

/// One direction.
pub(crate) struct Flow<'a> {
    /// Who looks into it.
    seen: Option<(&'a Tap, Direction)>,
    /// Read and not yet written.
    chunk: Bytes,
    /// What was written.
    moved: u64,
    /// Where bytes go that need not be seen.
    splice: Splicing,
    /// Written and not yet flushed.
    unflushed: bool,
    /// The sender has finished.
    ended: bool,
    /// The receiver has been told so.
    finished: bool,
}

/// Whether bytes go from socket to socket inside the kernel.
enum Splicing {
    /// Not now: too few have gone by, or an end is no bare socket.
    NotYet,
    /// Not ever: somebody looks, or the system has no pipe.
    Never,
    /// From here on.
    Through(Splice),
}

/// How far a direction got in its turn.
#[derive(Clone, Copy)]
pub(crate) enum Pumped {
    /// Nothing to read; what was written is flushed as far as the receiver takes it.
    Idle,
    /// The receiver is full, or the turn is over with more to read.
    Busy,
    /// The sender has finished and all it sent is written.
    Ended,
}

/// What broke a direction: its sender's end or its receiver's.
pub(crate) enum Broken {
    Receive(io::Error),
    Send(io::Error),
}

impl<'a> Flow<'a> {
    pub(crate) fn new(seen: Option<(&'a Tap, Direction)>) -> Self {
        let splice = if seen.is_some() { Splicing::Never } else { Splicing::NotYet };
        Self { seen, chunk: Bytes::new(), moved: 0, splice, unflushed: false, ended: false, finished: false }
    }

    /// Tells whoever looks.
    fn tell(&self, read: &io::Result<Bytes>) {
        let Some((tap, direction)) = self.seen else { return };
        match read {
            Ok(chunk) if chunk.is_empty() => tap.end(direction, false),
            Ok(chunk) => tap.keep(direction, tap.now(), chunk),
            Err(_) => tap.end(direction, true),
        }
    }

    /// Moves what is ready, as far as its turn goes.
    pub(crate) fn pump<F: Pipe + ?Sized, T: Pipe + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &mut T,
        count: impl Fn(u64),
    ) -> Result<Pumped, Broken> {
        for _ in 0..CHUNKS_PER_TURN {
            if self.write(cx, to, &count)?.is_pending() {
                return Ok(Pumped::Busy);
            }
            if self.ended {
                return Ok(Pumped::Ended);
            }
            if self.is_spliced(from, to) {
                return self.pump_spliced(cx, (from.receiving(), to.sending()), count);
            }
            match from.poll_chunk(cx) {
                Poll::Ready(read) => {
                    self.tell(&read);
                    self.chunk = read.map_err(Broken::Receive)?;
                    self.ended = self.chunk.is_empty();
                }
                Poll::Pending => return self.flush(cx, to).map(|()| Pumped::Idle),
            }
        }
        cx.waker().wake_by_ref();
        Ok(Pumped::Busy)
    }

    /// Whether this direction, which holds nothing, goes through the kernel's pipe: it begins to when it has moved enough.
    /// A bare socket has nothing to flush, and a sender that is always ahead must not keep this from being asked.
    fn is_spliced<F: Pipe + ?Sized, T: Pipe + ?Sized>(&mut self, from: &F, to: &T) -> bool {
        let is_due = matches!(self.splice, Splicing::NotYet) && self.moved >= SPLICED_AFTER;
        if is_due && from.receiving().is_some() && to.sending().is_some() {
            self.unflushed = false;
            self.splice = Splice::new().map_or(Splicing::Never, Splicing::Through);
        }
        matches!(self.splice, Splicing::Through(_))
    }

    fn pump_spliced(
        &mut self,
        cx: &mut Context<'_>,
        (from, to): (Option<&TcpStream>, Option<&TcpStream>),
        count: impl Fn(u64),
    ) -> Result<Pumped, Broken> {
        let Splicing::Through(splice) = &mut self.splice else { return Ok(Pumped::Idle) };
        // An end that was reset by us is not asked again.
        let reset = || io::Error::from(io::ErrorKind::ConnectionAborted);
        for _ in 0..PIPES_PER_TURN {
            while !splice.is_empty() {
                let to = to.ok_or_else(|| Broken::Send(reset()))?;
                match splice.poll_drain(cx, to) {
                    Poll::Ready(moved) => count(moved.map_err(Broken::Send)? as u64),
                    Poll::Pending => return Ok(Pumped::Busy),
                }
            }
            if self.ended {
                return Ok(Pumped::Ended);
            }
            let from = from.ok_or_else(|| Broken::Receive(reset()))?;
            match splice.poll_fill(cx, from) {
                Poll::Ready(filled) => self.ended = filled.map_err(Broken::Receive)? == 0,
                Poll::Pending => return Ok(Pumped::Idle),
            }
        }
        cx.waker().wake_by_ref();
        Ok(Pumped::Busy)
    }

    fn write<T: Pipe + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut T,
        count: &impl Fn(u64),
    ) -> Result<Poll<()>, Broken> {
        if self.chunk.is_empty() {
            return Ok(Poll::Ready(()));
        }
        let before = self.chunk.len();
        let written = to.poll_write(cx, &mut self.chunk);
        let bytes = (before - self.chunk.len()) as u64;
        self.moved += bytes;
        count(bytes);
        self.unflushed = true;
        match written {
            Poll::Ready(Ok(())) => {
                // Even an empty chunk holds its buffer, and the reader wants to use it again.
                self.chunk = Bytes::new();
                Ok(Poll::Ready(()))
            }
            Poll::Ready(Err(error)) => Err(Broken::Send(error)),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    fn flush<T: Pipe + ?Sized>(&mut self, cx: &mut Context<'_>, to: &mut T) -> Result<(), Broken> {
        if self.unflushed
            && let Poll::Ready(flushed) = to.poll_flush(cx)
        {
            flushed.map_err(Broken::Send)?;
            self.unflushed = false;
            served();
        }
        Ok(())
    }

    /// Tells the receiver, once, that the sender has finished.
    pub(crate) fn finish<T: Pipe + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut T,
    ) -> io::Result<Poll<()>> {
        if !self.finished {
            match to.poll_finish(cx) {
                Poll::Ready(finished) => finished?,
                Poll::Pending => return Ok(Poll::Pending),
            }
            self.finished = true;
        }
        Ok(Poll::Ready(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use socket2::SockRef;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::io::TcpPipe;

    async fn tcp() -> (TcpStream, TcpPipe) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (peer, TcpPipe::new(listener.accept().await.unwrap().0))
    }

    /// Moves `bytes` through one direction; whether the kernel moved the last of them, and how many were counted.
    async fn moved(bytes: usize, tap: Option<&Tap>) -> (bool, u64) {
        let ((mut sender, mut from), (mut receiver, mut to)) = (tcp().await, tcp().await);
        let (counted, mut flow) = (std::cell::Cell::new(0), Flow::new(tap.map(|tap| (tap, Direction::Out))));
        let sent = vec![7; bytes];
        let mut seen = Vec::new();
        let (relayed, written, read) = tokio::join!(
            poll_fn(|cx| {
                let count = |bytes| counted.set(counted.get() + bytes);
                match flow.pump(cx, &mut from, &mut to, count) {
                    Ok(Pumped::Ended) => flow.finish(cx, &mut to).unwrap().map(|()| true),
                    Ok(Pumped::Idle | Pumped::Busy) => Poll::Pending,
                    Err(_) => Poll::Ready(false),
                }
            }),
            async {
                sender.write_all(&sent).await.unwrap();
                sender.shutdown().await
            },
            receiver.read_to_end(&mut seen)
        );
        written.unwrap();
        assert!(relayed && read.unwrap() == bytes && seen == sent);
        (matches!(flow.splice, Splicing::Through(_)), counted.get())
    }

    #[tokio::test]
    async fn what_is_long_and_not_looked_at_goes_through_the_kernel() {
        let much = 8 << 20;
        assert_eq!(moved(much, None).await, (true, much as u64));
        assert_eq!(moved(1_000, None).await, (false, 1_000));
        let tap = Tap::new(much);
        assert_eq!(moved(much, Some(&tap)).await, (false, much as u64));
    }
    /// Each turn ends with the receiver full: nothing is ever idle.
    #[tokio::test]
    async fn a_sender_that_is_always_ahead_is_spliced_too() {
        let ((mut sender, mut from), (receiver, mut to)) = (tcp().await, tcp().await);
        SockRef::from(&receiver).set_recv_buffer_size(16 * 1024).unwrap();
        SockRef::from(to.sending().unwrap()).set_send_buffer_size(16 * 1024).unwrap();
        let mut flow = Flow::new(None);
        let sending = async {
            sender.write_all(&vec![7; 16 << 20]).await.unwrap();
            sender.shutdown().await.unwrap();
        };
        let relaying = poll_fn(|cx| {
            let _a_sip = receiver.try_read(&mut [0; 64 * 1024]);
            cx.waker().wake_by_ref();
            match flow.pump(cx, &mut from, &mut to, |_| {}) {
                Ok(Pumped::Ended) => Poll::Ready(()),
                Ok(Pumped::Idle | Pumped::Busy) => Poll::Pending,
                Err(_) => panic!("the relay broke"),
            }
        });
        tokio::join!(sending, relaying);
        assert!(matches!(flow.splice, Splicing::Through(_)));
    }
}
