//! [`StreamPipe`]: any byte stream as a [`Pipe`].

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::io::buffer::{Incoming, Outgoing};
use crate::io::pipe::{Pipe, ResetCause};

/// A byte stream (a TLS stream, an in-memory one) as one end of a relay.
///
/// Small chunks are gathered until a flush. A stream that is dropped before `poll_finish` succeeded is reset, so that a
/// task that is cut in the middle never looks to its peer like a clean end.
#[derive(Debug)]
pub struct StreamPipe<S> {
    /// Absent after a reset.
    stream: Option<S>,
    prefix: Bytes,
    incoming: Incoming,
    outgoing: Outgoing,
    on_reset: fn(&mut S),
    ended: bool,
    finished: bool,
}

impl<S> StreamPipe<S> {
    /// A pipe over `stream`. `on_reset` makes the drop that follows it abrupt, for example by
    /// [`reset_on_close`](crate::io::reset_on_close) on the socket beneath; it must not block.
    pub fn new(stream: S, on_reset: fn(&mut S)) -> Self {
        Self::with_prefix(stream, Bytes::new(), on_reset)
    }

    /// A pipe whose first chunk is `prefix`: bytes that were read from `stream` already.
    pub fn with_prefix(stream: S, prefix: Bytes, on_reset: fn(&mut S)) -> Self {
        let (incoming, outgoing) = (Incoming::default(), Outgoing::default());
        Self { stream: Some(stream), prefix, incoming, outgoing, on_reset, ended: false, finished: false }
    }

    /// The stream beneath, unless it was reset.
    pub fn get_ref(&self) -> Option<&S> {
        self.stream.as_ref()
    }

    /// The stream beneath, if no byte of it was read ahead.
    pub(crate) fn receiving(&self) -> Option<&S> {
        self.stream.as_ref().filter(|_| self.prefix.is_empty())
    }

    /// The stream beneath, if no byte waits to be sent.
    pub(crate) fn sending(&self) -> Option<&S> {
        self.stream.as_ref().filter(|_| self.outgoing.is_empty())
    }

    /// Gives the stream back with the prefix if nobody has read it; nothing is reset any more.
    pub(crate) fn take_parts(&mut self) -> Option<(S, Bytes)> {
        Some((self.stream.take()?, std::mem::take(&mut self.prefix)))
    }

    /// Remembers that the peer was told the end, so that a drop is not a reset.
    pub(crate) fn mark_finished(&mut self) {
        self.finished = true;
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    fn abort(&mut self) {
        if let Some(mut stream) = self.stream.take() {
            (self.on_reset)(&mut stream);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Pipe for StreamPipe<S> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Err(was_reset())) };
        if !self.prefix.is_empty() || self.ended {
            return Poll::Ready(Ok(std::mem::take(&mut self.prefix)));
        }
        let chunk = ready!(self.incoming.poll_read(stream, cx))?;
        self.ended = chunk.is_empty();
        Poll::Ready(Ok(chunk))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Err(was_reset())) };
        self.outgoing.poll_write(stream, cx, chunk)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Err(was_reset())) };
        ready!(self.outgoing.poll_drain(stream, cx))?;
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.finished {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_flush(cx))?;
        let Some(stream) = &mut self.stream else { return Poll::Ready(Err(was_reset())) };
        ready!(Pin::new(stream).poll_shutdown(cx))?;
        self.finished = true;
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, _cause: ResetCause) {
        // A byte stream has one way to be reset; only a tunnel can tell its peer the cause.
        self.abort();
    }
}

impl<S> Drop for StreamPipe<S> {
    fn drop(&mut self) {
        if !self.finished {
            self.abort();
        }
    }
}

fn was_reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "this end was already reset by us")
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn prefix_then_stream_then_end_again_and_again() {
        let (mut peer, stream) = duplex(64);
        let mut pipe = StreamPipe::with_prefix(stream, Bytes::from_static(b"first"), |_| {});
        peer.write_all(b"second").await.unwrap();
        drop(peer);
        for expect in ["first", "second", "", ""] {
            assert_eq!(poll_fn(|cx| pipe.poll_chunk(cx)).await.unwrap(), expect);
        }
    }

    #[tokio::test]
    async fn small_writes_wait_for_a_flush_and_large_ones_keep_the_order() {
        let (mut peer, stream) = duplex(1 << 16);
        let mut pipe = StreamPipe::new(stream, |_| {});
        let mut sent = Vec::new();
        for chunk in [vec![1; 10], vec![2; 5000], vec![3; 1000], vec![4; 7]] {
            sent.extend_from_slice(&chunk);
            let mut chunk = Bytes::from(chunk);
            poll_fn(|cx| pipe.poll_write(cx, &mut chunk)).await.unwrap();
            assert!(chunk.is_empty());
        }
        let mut seen = vec![0; 5010];
        peer.read_exact(&mut seen).await.unwrap();
        let mut more = [0; 1];
        assert!(
            pin!(peer.read(&mut more)).poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending()
        );
        poll_fn(|cx| pipe.poll_finish(cx)).await.unwrap();
        peer.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, sent);
    }

    #[tokio::test]
    async fn after_a_reset_every_call_says_so() {
        let (_peer, stream) = duplex(64);
        let mut pipe = StreamPipe::new(stream, |_| {});
        pipe.reset(ResetCause::Cut);
        pipe.reset(ResetCause::PeerReset);
        assert!(pipe.get_ref().is_none());
        let kinds = [
            poll_fn(|cx| pipe.poll_chunk(cx)).await.unwrap_err().kind(),
            poll_fn(|cx| pipe.poll_write(cx, &mut Bytes::from_static(b"x"))).await.unwrap_err().kind(),
            poll_fn(|cx| pipe.poll_finish(cx)).await.unwrap_err().kind(),
        ];
        assert_eq!(kinds, [io::ErrorKind::ConnectionAborted; 3]);
    }
}
