//! [`relay`]: moves bytes between two ends until both have finished, or one breaks.
//!
//! Each direction goes through the same three states:
//!
//! ```text
//!            from: empty chunk              to: poll_finish ready
//!  Moving ──────────────────────▶ Finishing ─────────────────────▶ Finished
//!    │                                │
//!    └─────────── error ──────────────┴──▶ deliver what has arrived, then reset both ends
//! ```

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;

use crate::io::counts::ByteCounts;
use crate::io::pipe::{Pipe, ResetCause};
use crate::io::splice::Splice;
use crate::io::tap::{Direction, Tap};
use crate::reason::{Reason, Side};

/// Chunks that one direction moves before the other gets its turn. Half of tokio's own budget of 128, so that a pair
/// of ends that are always ready (a tunnel has no budget of its own) shares the thread with other connections.
const CHUNKS_PER_TURN: usize = 64;

/// What a direction moves before it is worth a pipe in the kernel: a tenth of a second of a modest line. Short connections
/// pay for none.
const SPLICED_AFTER: u64 = 1 << 20;

/// Pipes filled before the other direction and other connections get their turn.
const PIPES_PER_TURN: usize = 4;

/// How long the bytes that a broken end had sent may take to be delivered before the other end is reset: as long as a
/// refused TLS peer gets for its alert (failures.md section 0.5). An end that reads needs no more than a round trip.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One of the two ends of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The end that opened the connection.
    Client,
    /// The end that was dialled.
    Backend,
}

/// What the relay was doing with the end that broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// Reading from it.
    Receive,
    /// Writing to it.
    Send,
    /// Telling it that no more bytes follow.
    Close,
}

/// Why a relay ended before both ends had finished.
///
/// The sentence is ztunnel's, whose `send` is the direction to the backend and `receive` the one to the client.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: io error: {source}", self.closing(), self.direction())]
pub struct RelayError {
    /// The end that broke.
    pub end: End,
    /// What was being done with it.
    pub during: During,
    /// What the pipe said.
    pub source: io::Error,
}

impl RelayError {
    /// Whether the peer broke the connection, rather than a time-out or our own end.
    fn is_reset(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
        matches!(self.source.kind(), ConnectionReset | BrokenPipe | NotConnected)
    }

    /// The plain sentence for people.
    pub fn plain(&self) -> String {
        let Self { source, .. } = self;
        let (end, doing) = (self.end_name(), self.doing());
        match source.kind() {
            io::ErrorKind::UnexpectedEof => format!(
                "expected the {end} to say that it has said all, found the bare end of its connection: what it sent may be cut off"
            ),
            _ if self.is_reset() => {
                format!("expected the end of the {end}'s bytes, found a reset while {doing}: {source}")
            }
            _ => format!("expected the end of the {end}'s bytes, found an error while {doing}: {source}"),
        }
    }

    fn end_name(&self) -> &'static str {
        match self.end {
            End::Client => "client",
            End::Backend => "backend",
        }
    }

    fn doing(&self) -> &'static str {
        match self.during {
            During::Receive => "we were reading from it",
            During::Send => "we were writing to it",
            During::Close => "we were telling it the end of the stream",
        }
    }

    fn closing(&self) -> &'static str {
        if self.during == During::Close { "while closing connection: " } else { "" }
    }

    fn direction(&self) -> &'static str {
        match (self.end, self.during) {
            (End::Client, During::Receive) | (End::Backend, During::Send | During::Close) => "send",
            (End::Backend, During::Receive) | (End::Client, During::Send | During::Close) => "receive",
        }
    }
}

impl Reason for RelayError {
    fn code(&self) -> &'static str {
        match (self.end, self.is_reset()) {
            (End::Client, true) => "relay.client_reset",
            (End::Client, false) => "relay.client_failed",
            (End::Backend, true) => "relay.backend_reset",
            (End::Backend, false) => "relay.backend_failed",
        }
    }

    fn side(&self) -> Side {
        match self.end {
            End::Client => Side::Downstream,
            End::Backend => Side::Upstream,
        }
    }

    fn hint(&self) -> Option<String> {
        let (end, doing) = (self.end_name(), self.doing());
        Some(format!(
            "the {end} broke the connection while {doing}; the other end was reset too, so that it does not take the part for the whole: see the {end}'s own log"
        ))
    }
}

/// Relays between `client` and `backend` until each has finished sending and has been told that the other did.
///
/// One task moves both directions; `counts` grows as it goes. Half-close goes through both ways without a time limit.
/// If one end breaks, the bytes that had already arrived from it are delivered (within a second), then the other end is reset with
/// [`ResetCause::PeerReset`] and never finished.
///
/// Small chunks are not flushed one by one: the relay reads on while chunks are ready, and flushes when it would wait.
/// What is read, and that an end has finished, is told to `tap` if there is one.
/// Dropping the future leaves both ends as they are; whoever cancels then calls [`Pipe::reset`] on them.
///
/// # Errors
/// [`RelayError`] names the end that broke first; both ends have been reset by then.
pub async fn relay<C, B>(
    client: &mut C,
    backend: &mut B,
    counts: &ByteCounts,
    tap: Option<&Tap>,
) -> Result<(), RelayError>
where
    C: Pipe + ?Sized,
    B: Pipe + ?Sized,
{
    let seen = |direction| tap.map(|tap| (tap, direction));
    let (to_backend, to_client) = (Flow::new(seen(Direction::Out)), Flow::new(seen(Direction::In)));
    let mut relay = Relay { client, backend, counts, to_backend, to_client };
    let Err(error) = poll_fn(|cx| relay.poll(cx)).await else { return Ok(()) };
    let last_words = tokio::time::timeout(LAST_WORDS, poll_fn(|cx| relay.poll_last_words(cx, &error))).await;
    relay.reset_both(error.end);
    // Whether the last words got through changes nothing: the first error is the answer.
    drop(last_words);
    Err(error)
}

fn closing(end: End, source: io::Error) -> RelayError {
    RelayError { end, during: During::Close, source }
}

/// Both ends and both directions.
struct Relay<'a, C: ?Sized, B: ?Sized> {
    client: &'a mut C,
    backend: &'a mut B,
    counts: &'a ByteCounts,
    to_backend: Flow<'a>,
    to_client: Flow<'a>,
}

impl<C: Pipe + ?Sized, B: Pipe + ?Sized> Relay<'_, C, B> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        let there = match self.pump_to_backend(cx)? {
            Pumped::Ended => {
                self.to_backend.finish(cx, self.backend).map_err(|source| closing(End::Backend, source))?
            }
            Pumped::Idle | Pumped::Busy => Poll::Pending,
        };
        let back = match self.pump_to_client(cx)? {
            Pumped::Ended => {
                self.to_client.finish(cx, self.client).map_err(|source| closing(End::Client, source))?
            }
            Pumped::Idle | Pumped::Busy => Poll::Pending,
        };
        if there.is_ready() && back.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn pump_to_backend(&mut self, cx: &mut Context<'_>) -> Result<Pumped, RelayError> {
        let counts = self.counts;
        let pumped =
            self.to_backend.pump(cx, self.client, self.backend, |bytes| counts.add_to_backend(bytes));
        pumped.map_err(|broken| broken.between(End::Client, End::Backend))
    }

    fn pump_to_client(&mut self, cx: &mut Context<'_>) -> Result<Pumped, RelayError> {
        let counts = self.counts;
        let pumped = self.to_client.pump(cx, self.backend, self.client, |bytes| counts.add_to_client(bytes));
        pumped.map_err(|broken| broken.between(End::Backend, End::Client))
    }

    /// Delivers what a broken end had sent before it broke, so that the reset does not overtake it.
    ///
    /// An end that refuses our bytes may have answered already: a server that rejects an upload sends its answer,
    /// closes with the upload unread, and its kernel sends RST right behind. The answer is in our receive queue then.
    /// That end's EOF is not passed on: after a failed write, Linux reports EOF where the reset was.
    fn poll_last_words(&mut self, cx: &mut Context<'_>, error: &RelayError) -> Poll<()> {
        let pumped = match (error.during, error.end) {
            (During::Receive, _) => Ok(Pumped::Ended),
            (During::Send | During::Close, End::Backend) => self.pump_to_client(cx),
            (During::Send | During::Close, End::Client) => self.pump_to_backend(cx),
        };
        match (pumped, error.end) {
            (Ok(Pumped::Busy), _) => Poll::Pending,
            (_, End::Backend) => self.client.poll_sent(cx).map(drop),
            (_, End::Client) => self.backend.poll_sent(cx).map(drop),
        }
    }

    fn reset_both(&mut self, broken: End) {
        let (client, backend) = match broken {
            End::Client => (ResetCause::Cut, ResetCause::PeerReset),
            End::Backend => (ResetCause::PeerReset, ResetCause::Cut),
        };
        self.client.reset(client);
        self.backend.reset(backend);
    }
}

/// One direction.
struct Flow<'a> {
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
enum Pumped {
    /// Nothing to read; what was written is flushed as far as the receiver takes it.
    Idle,
    /// The receiver is full, or the turn is over with more to read.
    Busy,
    /// The sender has finished and all it sent is written.
    Ended,
}

/// What broke a direction: its sender's end or its receiver's.
enum Broken {
    Receive(io::Error),
    Send(io::Error),
}

impl Broken {
    fn between(self, from: End, to: End) -> RelayError {
        match self {
            Self::Receive(source) => RelayError { end: from, during: During::Receive, source },
            Self::Send(source) => RelayError { end: to, during: During::Send, source },
        }
    }
}

impl<'a> Flow<'a> {
    fn new(seen: Option<(&'a Tap, Direction)>) -> Self {
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

    fn pump<F: Pipe + ?Sized, T: Pipe + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &mut T,
        count: impl Fn(u64),
    ) -> Result<Pumped, Broken> {
        if self.is_spliced(from, to) {
            return self.pump_spliced(cx, (from.receiving(), to.sending()), count);
        }
        for _ in 0..CHUNKS_PER_TURN {
            if self.write(cx, to, &count)?.is_pending() {
                return Ok(Pumped::Busy);
            }
            if self.ended {
                return Ok(Pumped::Ended);
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

    /// Whether this direction goes through the kernel's pipe, which it begins to when it has moved enough and holds nothing.
    fn is_spliced<F: Pipe + ?Sized, T: Pipe + ?Sized>(&mut self, from: &F, to: &T) -> bool {
        if matches!(self.splice, Splicing::NotYet) && self.moved >= SPLICED_AFTER {
            let idle = self.chunk.is_empty() && !self.unflushed && !self.ended;
            if idle && from.receiving().is_some() && to.sending().is_some() {
                self.splice = Splice::new().map_or(Splicing::Never, Splicing::Through);
            }
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
        }
        Ok(())
    }

    fn finish<T: Pipe + ?Sized>(&mut self, cx: &mut Context<'_>, to: &mut T) -> io::Result<Poll<()>> {
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
mod tests;
