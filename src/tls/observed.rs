//! [`Observed`]: what one handshake saw, kept beside it, because rustls' error alone does not say it.
//!
//! [`Watched`] counts the peer's bytes while the handshake runs and is a plain pass-through afterwards.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::identity::{CertificateSummary, Leaf};
use crate::io::{Direction, Tap};
use crate::tls::cause::TlsCause;
use crate::tls::presented::Presented;

/// How many of the peer's first bytes an error shows.
const FIRST_BYTES: usize = 16;

/// What the verifier made of the peer's certificate.
#[derive(Debug)]
pub(crate) enum Judgement {
    /// It is good.
    Good(Box<Good>),
    /// It is an application's, good enough for a client that originates TLS; identities do not matter.
    Application(Box<CertificateSummary>),
    /// It is refused.
    Refused {
        /// What it says, if it can be read.
        presented: Option<Box<CertificateSummary>>,
        /// Why.
        cause: TlsCause,
        /// What else is wrong.
        also: Vec<TlsCause>,
    },
}

/// A certificate that was let pass.
#[derive(Debug)]
pub(crate) struct Good {
    /// What it says.
    pub(crate) leaf: Leaf,
    /// The whole chain, to be asked about again.
    pub(crate) presented: Presented,
}

/// What one handshake saw.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    judgement: Mutex<Option<Judgement>>,
    received: AtomicUsize,
    first: OnceLock<Vec<u8>>,
}

impl Observed {
    /// Keeps the verifier's judgement.
    pub(crate) fn judge(&self, judgement: Judgement) {
        *self.judgement.lock().unwrap_or_else(PoisonError::into_inner) = Some(judgement);
    }

    /// Takes the judgement out.
    pub(crate) fn take_judgement(&self) -> Option<Judgement> {
        self.judgement.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How many bytes the peer sent.
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Relaxed)
    }

    /// The first of them.
    pub(crate) fn first(&self) -> &[u8] {
        self.first.get().map_or(&[], Vec::as_slice)
    }

    fn saw(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.first.get_or_init(|| bytes.iter().copied().take(FIRST_BYTES).collect());
            self.received.fetch_add(bytes.len(), Ordering::Relaxed);
        }
    }
}

/// A byte stream whose first reads are observed, and all of it if there is a tap.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    observed: Option<Arc<Observed>>,
    tap: Option<Tap>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, observed: Arc<Observed>, tap: Option<Tap>) -> Self {
        Self { stream, observed: Some(observed), tap }
    }

    /// Stops observing: from here on nothing is counted. A tap goes on.
    pub(crate) fn stop(&mut self) {
        self.observed = None;
    }

    /// The stream itself.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream itself.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let read = buffer.filled().get(before..).unwrap_or_default();
        if let Some(observed) = &self.observed {
            observed.saw(read);
        }
        if let Some(tap) = &self.tap {
            tap.keep(Direction::In, tap.now(), read);
            match &polled {
                Poll::Ready(Ok(())) if read.is_empty() && buffer.remaining() > 0 => {
                    tap.end(Direction::In, false)
                }
                Poll::Ready(Err(_)) => tap.end(Direction::In, true),
                _ => {}
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let at = self.tap.as_ref().map(Tap::now);
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let (Some(tap), Some(at), Poll::Ready(Ok(written))) = (&self.tap, at, &polled) {
            tap.keep(Direction::Out, at, bytes.get(..*written).unwrap_or_default());
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        if let (Some(tap), Poll::Ready(closed)) = (&self.tap, &polled) {
            tap.end(Direction::Out, closed.is_err());
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let at = self.tap.as_ref().map(Tap::now);
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if let (Some(tap), Some(at), Poll::Ready(Ok(written))) = (&self.tap, at, &polled) {
            tap.keep_slices(at, slices, *written);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
