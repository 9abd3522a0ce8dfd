//! [`Noted`]: a stream that keeps how reading from it ended, because HTTP/2 passes on an error's words and not the error.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::probe::attempt::End;
use crate::probe::dial::end_of;

/// How reading ended, once it has.
pub(crate) type Note = Arc<OnceLock<End>>;

/// A stream with a note beside it.
#[derive(Debug)]
pub(crate) struct Noted<S> {
    stream: S,
    note: Note,
}

impl<S> Noted<S> {
    pub(crate) fn new(stream: S) -> (Self, Note) {
        let note = Note::default();
        (Self { stream, note: Arc::clone(&note) }, note)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let end = match &polled {
            Poll::Ready(Err(error)) => Some(end_of(error)),
            Poll::Ready(Ok(())) if buffer.filled().len() == before => Some(End::Closed),
            _ => None,
        };
        if let Some(end) = end {
            self.note.get_or_init(|| end);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
