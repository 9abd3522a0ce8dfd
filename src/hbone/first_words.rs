//! [`FirstWords`]: what a peer says first, kept: HTTP/2 says of a web server's answer only that its frame is too large.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The header of a frame (RFC 9113 §4.1).
const HEADER: usize = 9;

/// SETTINGS, which is how a server begins (RFC 9113 §3.4).
const SETTINGS: u8 = 4;

/// What was said first, where that is no SETTINGS frame; clones share it.
pub(crate) type NotHttp2 = Arc<OnceLock<String>>;

/// A stream whose first bytes are looked at.
pub(crate) struct FirstWords<S> {
    stream: S,
    /// As much as has come of a header; `None` once it was judged.
    heard: Option<Vec<u8>>,
    found: NotHttp2,
}

impl<S> FirstWords<S> {
    /// `stream`, and where to look for what it says in the place of HTTP/2.
    pub(crate) fn new(stream: S) -> (Self, NotHttp2) {
        let found = NotHttp2::default();
        (Self { stream, heard: Some(Vec::with_capacity(HEADER)), found: Arc::clone(&found) }, found)
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Some(heard) = &mut self.heard else { return };
        let missing = HEADER - heard.len();
        heard.extend(bytes.iter().take(missing));
        if heard.len() < HEADER {
            return;
        }
        if heard.get(3) != Some(&SETTINGS) {
            self.found.get_or_init(|| String::from_utf8_lossy(heard).into_owned());
        }
        self.heard = None;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstWords<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.heard.is_some() {
            self.hear(buffer.filled().get(before..).unwrap_or_default());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstWords<S> {
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_is_no_settings_frame_is_kept() {
        let check = async |pieces: &[&[u8]], expect: Option<&str>| {
            let (near, mut far) = duplex(64);
            let (mut stream, found) = FirstWords::new(near);
            for piece in pieces {
                far.write_all(piece).await.unwrap();
                stream.read_exact(&mut vec![0; piece.len()]).await.unwrap();
            }
            assert_eq!(found.get().map(String::as_str), expect);
        };
        check(&[b"HTTP/1.1 400 Bad Request"], Some("HTTP/1.1 ")).await;
        check(&[b"HTT", b"P/1.", b"0 2", b"00"], Some("HTTP/1.0 ")).await;
        check(&[b"\0\0\x06\x04\0\0\0\0\0rest"], None).await;
        check(&[b"HTTP"], None).await;
    }
}
