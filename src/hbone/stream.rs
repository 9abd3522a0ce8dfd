//! [`TunnelStream`]: one CONNECT stream as a pipe.

use std::io;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use h2::{Reason, RecvStream, SendStream};

use crate::hbone::error::{Lost, of_stream};
use crate::hbone::reset_budget::Account;
use crate::hbone::send_budget::{Charged, Share};
use crate::io::{Pipe, ResetCause};

/// Chunks up to this size are gathered, so that a chatty application does not become a flood of tiny DATA frames.
const SMALL: usize = 1024;
/// How much is gathered before it is sent without waiting for a flush: one TLS record.
const GATHERED: usize = 16 * 1024;

/// What a stream holds on to while it lives.
pub(crate) enum Held {
    /// A stream that a peer opened: its reset counts.
    Server(Account),
    /// A stream that we opened: it counts on its tunnel until this is dropped.
    Client {
        /// Counts down on drop.
        _lease: Box<dyn Send + Sync>,
    },
    /// Nothing: a reset has been counted.
    Nothing,
}

/// One stream of a tunnel, in both directions.
///
/// Bytes that were read are acknowledged to the peer only when the next chunk is asked for, which the relay does once it
/// has written them: a stalled backend stalls its own stream, and holds no more than the stream's window.
///
/// Dropped before both sides have finished, it resets the stream: nothing that was cut off looks whole.
pub struct TunnelStream {
    send: SendStream<Charged>,
    receive: RecvStream,
    share: Share,
    lost: Lost,
    unacknowledged: usize,
    /// Small chunks, in front of which `leaving` goes.
    gathered: BytesMut,
    /// What was gathered and is on its way.
    leaving: Bytes,
    /// Whether a byte of the answer has been sent.
    answered: bool,
    peer_finished: bool,
    we_finished: bool,
    we_reset: bool,
    held: Held,
}

impl TunnelStream {
    /// `lost` is where the tunnel's end is told, if it is the proxy that ends it.
    pub(crate) fn new(
        send: SendStream<Charged>,
        receive: RecvStream,
        (share, lost): (Share, Lost),
        held: Held,
    ) -> Self {
        Self {
            send,
            receive,
            share,
            lost,
            unacknowledged: 0,
            gathered: BytesMut::new(),
            leaving: Bytes::new(),
            answered: false,
            peer_finished: false,
            we_finished: false,
            we_reset: false,
            held,
        }
    }

    /// Gives the window of the chunk before back to the peer.
    fn acknowledge(&mut self) -> io::Result<()> {
        let count = std::mem::take(&mut self.unacknowledged);
        if count == 0 {
            return Ok(());
        }
        self.receive.flow_control().release_capacity(count).map_err(|error| of_stream(&self.lost, error))
    }

    /// Whether the stream was reset, and why. It forgets who waits for capacity, so only the end of a stream asks.
    fn poll_reset(&mut self) -> Poll<Result<Reason, h2::Error>> {
        self.send.poll_reset(&mut Context::from_waker(Waker::noop()))
    }

    /// Whether the peer has said everything and then, with RST_STREAM(NO_ERROR), that it wants no more from us: so Envoy
    /// tells that its backend has closed. It is no error (RFC 9113 §8.1), as long as there is nothing to say.
    fn is_not_wanted(&mut self) -> bool {
        self.peer_finished && matches!(self.poll_reset(), Poll::Ready(Ok(Reason::NO_ERROR)))
    }

    /// Why a write failed: h2 itself only says that the stream takes no more.
    fn unwritable(&mut self) -> io::Error {
        match self.poll_reset() {
            Poll::Ready(Ok(reason)) => was_reset(reason),
            Poll::Ready(Err(error)) => of_stream(&self.lost, error),
            Poll::Pending => io::ErrorKind::BrokenPipe.into(),
        }
    }

    /// How much of `wanted` the peer's windows and the stream's own buffer admit: never 0.
    fn poll_capacity(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        self.send.reserve_capacity(wanted);
        loop {
            match self.send.capacity() {
                0 => match ready!(self.send.poll_capacity(cx)) {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Poll::Ready(Err(of_stream(&self.lost, error))),
                    None => return Poll::Ready(Err(self.unwritable())),
                },
                capacity => return Poll::Ready(Ok(capacity.min(wanted))),
            }
        }
    }

    /// Sends from the front of `data` as capacity allows; ready when `data` is empty. Never sends an empty frame.
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<io::Result<()>> {
        while !data.is_empty() {
            // In this order: who waits for window must not hold what others could use.
            let mut capacity = ready!(self.poll_capacity(cx, data.len()))?;
            if capacity < data.len() {
                // What is still queued may be what takes up the room, and cutting a frame there makes two of what soon fits
                // one: each is a record, a write and a read more at either end.
                ready!(self.share.poll_sent(cx));
                capacity = self.send.capacity().min(data.len());
            }
            let charge = ready!(self.share.poll_charge(cx, capacity));
            // The peer may have taken window back while we waited for our turn.
            let count = data.len().min(charge.bytes()).min(self.send.capacity());
            if count == 0 {
                continue;
            }
            let part = data.split_to(count);
            if self.send.send_data(Charged::new(part, charge), false).is_err() {
                return Poll::Ready(Err(self.unwritable()));
            }
            self.answered = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what was gathered.
    fn poll_gathered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.leaving.is_empty() {
                if self.gathered.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.leaving = self.gathered.split().freeze();
            }
            let mut leaving = std::mem::take(&mut self.leaving);
            let sent = self.poll_send(cx, &mut leaving);
            self.leaving = leaving;
            ready!(sent)?;
        }
    }
}

fn was_reset(reason: Reason) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, format!("stream reset: {reason}"))
}

impl Pipe for TunnelStream {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        self.acknowledge()?;
        while !self.peer_finished {
            match ready!(self.receive.poll_data(cx)) {
                // An empty frame says nothing; h2 limits how many of them a peer may send.
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => {
                    self.unacknowledged = chunk.len();
                    return Poll::Ready(Ok(chunk));
                }
                Some(Err(error)) => return Poll::Ready(Err(of_stream(&self.lost, error))),
                None => self.peer_finished = true,
            }
        }
        Poll::Ready(Ok(Bytes::new()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>> {
        let held = self.leaving.len() + self.gathered.len();
        if chunk.len() > SMALL || held + chunk.len() > GATHERED {
            ready!(self.poll_gathered(cx))?;
        }
        if chunk.len() <= SMALL {
            self.gathered.extend_from_slice(&std::mem::take(chunk));
            return Poll::Ready(Ok(()));
        }
        self.poll_send(cx, chunk)
    }

    /// Hands everything to the connection, whose own task writes it.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_gathered(cx)
    }

    /// h2 throws away what a stream that is reset has queued.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_gathered(cx))?;
        self.share.poll_sent(cx).map(Ok)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_gathered(cx))?;
        if !self.we_finished {
            if self.send.send_data(Charged::nothing(), true).is_err() && !self.is_not_wanted() {
                return Poll::Ready(Err(self.unwritable()));
            }
            self.we_finished = true;
        }
        Poll::Ready(Ok(()))
    }

    /// NO_ERROR takes nothing back of what came before it, and reading finds that.
    fn poll_broken(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        match ready!(self.send.poll_reset(cx)) {
            Ok(Reason::NO_ERROR) => Poll::Pending,
            Ok(reason) => Poll::Ready(was_reset(reason)),
            Err(error) => Poll::Ready(of_stream(&self.lost, error)),
        }
    }

    fn reset(&mut self, cause: ResetCause) {
        self.gathered.clear();
        self.leaving.clear();
        // A peer that was first has been noticed by now, or is noticed here.
        self.count_reset();
        self.we_reset = true;
        self.send.send_reset(match cause {
            // RFC 9113 §8.5: a reset or failed TCP connection is CONNECT_ERROR.
            ResetCause::PeerReset => Reason::CONNECT_ERROR,
            ResetCause::Cut => Reason::CANCEL,
        });
    }
}

impl TunnelStream {
    /// Counts a stream that the peer reset before it was sent a byte. One that h2 had to reset because of what the peer
    /// sent on it (MadeYouReset, CVE-2025-8671) counts as well.
    fn count_reset(&mut self) {
        let counts = matches!(self.held, Held::Server(_)) && !self.answered && !self.we_finished;
        let reset = counts && !self.we_reset && matches!(self.poll_reset(), Poll::Ready(Ok(_)));
        if reset && let Held::Server(account) = std::mem::replace(&mut self.held, Held::Nothing) {
            account.spend();
        }
    }
}

impl Drop for TunnelStream {
    fn drop(&mut self) {
        self.count_reset();
    }
}

#[cfg(test)]
mod tests;
