//! [`Noted`]: a stream that keeps how reading from it ended, because HTTP/2 passes on an error's words and not the error.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How reading ended, once it has; clones share it.
pub type Note<T> = Arc<OnceLock<T>>;

/// What is noted of an end: of a close `Ok`, else of the error.
pub type Of<T> = fn(Result<(), &io::Error>) -> T;

/// A stream with a note beside it.
#[derive(Debug)]
pub struct Noted<S, T> {
    stream: S,
    of: Of<T>,
    note: Note<T>,
}

impl<S, T> Noted<S, T> {
    /// `stream`, and where to look for what `of` made of its end.
    pub fn new(stream: S, of: Of<T>) -> (Self, Note<T>) {
        let note = Note::default();
        (Self { stream, of, note: Arc::clone(&note) }, note)
    }
}

impl<S: AsyncRead + Unpin, T> AsyncRead for Noted<S, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let end = match &polled {
            Poll::Ready(Err(error)) => Some(Err(error)),
            Poll::Ready(Ok(())) if buffer.filled().len() == before => Some(Ok(())),
            _ => None,
        };
        if let Some(end) = end {
            self.note.get_or_init(|| (self.of)(end));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin, T> AsyncWrite for Noted<S, T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn kind(end: Result<(), &io::Error>) -> Option<io::ErrorKind> {
        end.err().map(io::Error::kind)
    }

    /// A reader that closes, or fails.
    struct Ending(Option<io::ErrorKind>);

    impl AsyncRead for Ending {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(self.0.map_or(Ok(()), |kind| Err(kind.into())))
        }
    }

    #[tokio::test]
    async fn the_end_is_kept() {
        for expect in [None, Some(io::ErrorKind::ConnectionReset)] {
            let (mut stream, note) = Noted::new(Ending(expect), kind);
            let _whatever = stream.read_to_end(&mut Vec::new()).await;
            assert_eq!(note.get(), Some(&expect));
        }
    }
}
