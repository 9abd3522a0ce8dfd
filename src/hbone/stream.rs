//! [`TunnelStream`]: one CONNECT stream as a pipe.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::{Reason, RecvStream, SendStream};

use crate::hbone::error::to_io;
use crate::hbone::reset_budget::ResetBudget;
use crate::io::{Pipe, ResetCause};

/// Chunks up to this size are gathered, so that a chatty application does not become a flood of tiny DATA frames.
const SMALL: usize = 1024;
/// How much is gathered before it is sent without waiting for a flush.
const GATHERED: usize = 16 * 1024;

/// What a stream holds on to while it lives.
pub(crate) enum Held {
    /// A stream that a peer opened: its resets count.
    Server(ResetBudget),
    /// A stream that we opened: it counts on its tunnel.
    Client {
        /// Counts down on drop.
        _lease: Arc<dyn Send + Sync>,
    },
}

/// One stream of a tunnel, in both directions.
///
/// Bytes that were read are acknowledged to the peer only when the next chunk is asked for, which the relay does once it
/// has written them: a stalled backend stalls its own stream, and holds no more than the stream's window.
pub struct TunnelStream {
    send: SendStream<Bytes>,
    receive: RecvStream,
    unacknowledged: usize,
    gathered: BytesMut,
    peer_finished: bool,
    we_finished: bool,
    held: Held,
}

impl TunnelStream {
    pub(crate) fn new(send: SendStream<Bytes>, receive: RecvStream, held: Held) -> Self {
        Self {
            send,
            receive,
            unacknowledged: 0,
            gathered: BytesMut::new(),
            peer_finished: false,
            we_finished: false,
            held,
        }
    }

    /// Gives the window of the chunk before back to the peer.
    fn acknowledge(&mut self) -> io::Result<()> {
        let count = std::mem::take(&mut self.unacknowledged);
        if count == 0 {
            return Ok(());
        }
        self.receive.flow_control().release_capacity(count).map_err(to_io)
    }

    fn broken(&mut self, error: h2::Error) -> io::Error {
        if let Held::Server(budget) = &self.held
            && error.is_reset()
            && error.is_remote()
        {
            budget.spend();
        }
        to_io(error)
    }

    /// Sends from the front of `data` as capacity allows; ready when `data` is empty. Never sends an empty frame.
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &mut Bytes) -> Poll<io::Result<()>> {
        while !data.is_empty() {
            self.send.reserve_capacity(data.len());
            let mut capacity = self.send.capacity();
            while capacity == 0 {
                capacity = match ready!(self.send.poll_capacity(cx)) {
                    Some(Ok(capacity)) => capacity,
                    Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                    None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                };
            }
            let part = data.split_to(capacity.min(data.len()));
            if let Err(error) = self.send.send_data(part, false) {
                return Poll::Ready(Err(self.broken(error)));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_gathered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.gathered.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut data = self.gathered.split().freeze();
        let sent = self.poll_send(cx, &mut data);
        if !data.is_empty() {
            // What did not fit stays in front of what is gathered next.
            self.gathered.extend_from_slice(&data);
        }
        sent
    }
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
                Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                None => self.peer_finished = true,
            }
        }
        Poll::Ready(Ok(Bytes::new()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>> {
        if self.gathered.len() + chunk.len() > GATHERED || chunk.len() > SMALL {
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

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_gathered(cx))?;
        if !self.we_finished {
            self.send.send_data(Bytes::new(), true).map_err(|error| self.broken(error))?;
            self.we_finished = true;
        }
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, cause: ResetCause) {
        self.gathered.clear();
        self.send.send_reset(match cause {
            // RFC 9113 §8.5: a reset or failed TCP connection is CONNECT_ERROR.
            ResetCause::PeerReset => Reason::CONNECT_ERROR,
            ResetCause::Cut => Reason::CANCEL,
        });
    }
}
