//! [`relay`]: moves bytes between two ends until both have finished, or one breaks.
//!
//! Each direction goes through the same three states:
//!
//! ```text
//!            from: empty chunk              to: poll_finish ready
//!  Moving ──────────────────────▶ Finishing ─────────────────────▶ Finished
//!    │                                │
//!    └─────────── error ──────────────┴──▶ deliver what has arrived, then reset both ends
//!                 (of an end that is not being read, too, where it tells: a stream of a tunnel does)
//! ```

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::io::counts::ByteCounts;
use crate::io::flow::{Broken, Flow, Pumped};
use crate::io::pipe::{Pipe, ResetCause};
use crate::io::tap::{Direction, Tap};
use crate::reason::{Reason, Side};

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
    let mut relay = Relay { client, backend, counts, to_backend, to_client, unread: false };
    let Err(error) = poll_fn(|cx| relay.poll(cx)).await else { return Ok(()) };
    // A timer would be a third of what a relay holds, and few need one.
    let last_words = poll_fn(|cx| relay.poll_last_words(cx, &error));
    let last_words = Box::pin(tokio::time::timeout(LAST_WORDS, last_words)).await;
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
    /// Whether the end that broke had said more than the other would take until then.
    unread: bool,
}

impl<C: Pipe + ?Sized, B: Pipe + ?Sized> Relay<'_, C, B> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        let to_backend = self.pump_to_backend(cx)?;
        let there = match to_backend {
            Pumped::Ended => {
                self.to_backend.finish(cx, self.backend).map_err(|source| closing(End::Backend, source))?
            }
            Pumped::Idle | Pumped::Busy => Poll::Pending,
        };
        let to_client = self.pump_to_client(cx)?;
        let back = match to_client {
            Pumped::Ended => {
                self.to_client.finish(cx, self.client).map_err(|source| closing(End::Client, source))?
            }
            Pumped::Idle | Pumped::Busy => Poll::Pending,
        };
        if there.is_ready() && back.is_ready() {
            return Poll::Ready(Ok(()));
        }
        self.look(cx, End::Client, to_backend)?;
        self.look(cx, End::Backend, to_client)?;
        Poll::Pending
    }

    /// Looks whether an end is still there that is not being read: nobody else would notice that it broke, and what it holds
    /// would be held until the other end moves.
    fn look(&mut self, cx: &mut Context<'_>, end: End, pumped: Pumped) -> Result<(), RelayError> {
        let broken = match (pumped, end) {
            (Pumped::Idle, _) => Poll::Pending,
            (_, End::Client) => self.client.poll_broken(cx),
            (_, End::Backend) => self.backend.poll_broken(cx),
        };
        let Poll::Ready(source) = broken else { return Ok(()) };
        self.unread = matches!(pumped, Pumped::Busy);
        Err(RelayError { end, during: if self.unread { During::Receive } else { During::Send }, source })
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
            (During::Receive, End::Client) if self.unread => self.pump_to_backend(cx),
            (During::Receive, End::Backend) if self.unread => self.pump_to_client(cx),
            (During::Receive, _) => Ok(Pumped::Ended),
            (During::Send | During::Close, End::Backend) => self.pump_to_client(cx),
            (During::Send | During::Close, End::Client) => self.pump_to_backend(cx),
        };
        match (pumped, error.end) {
            // Idle is not the end: a write may fail before the event loop has heard that there is something to read.
            (Ok(Pumped::Busy | Pumped::Idle), _) => Poll::Pending,
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

impl Broken {
    fn between(self, from: End, to: End) -> RelayError {
        match self {
            Self::Receive(source) => RelayError { end: from, during: During::Receive, source },
            Self::Send(source) => RelayError { end: to, during: During::Send, source },
        }
    }
}

#[cfg(test)]
mod tests;
