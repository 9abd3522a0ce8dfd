//! [`Incoming`]: requests read from a stream, one after the other, with every length and wait bounded.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::backend::request::{BadRequest, Body, Head};

/// A connection from which requests are read, pipelined ones too.
pub(crate) struct Incoming<S> {
    stream: S,
    buffer: BytesMut,
}

/// Why there is no next request.
#[derive(Debug)]
pub(crate) enum Stop {
    Bad(BadRequest),
    Io(io::Error),
}

impl From<BadRequest> for Stop {
    fn from(bad: BadRequest) -> Self {
        Self::Bad(bad)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The longest head; what nginx and hyper allow is of the same order.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// The longest line between chunks: a size, and extensions that nobody sends.
const MAX_LINE: usize = 1024;

/// How long a connection may be idle, and how long a head may take.
pub(crate) const IDLE: Duration = Duration::from_secs(60);

/// How long and how much is read after a refusal, so that the answer is not lost in a reset.
const LINGER: Duration = Duration::from_secs(1);
const MAX_LINGER: u64 = 64 * 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> Incoming<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(4 * 1024) }
    }

    /// The next head; `None` if the client has finished, or was idle for too long, between two requests.
    pub(crate) async fn head(&mut self) -> Result<Option<Head>, Stop> {
        let deadline = Instant::now() + IDLE;
        let mut searched = 0;
        loop {
            if searched == 0 {
                self.skip_empty_lines();
            }
            // No request begins like this (RFC 9110 §5.6.2): TLS sent to a plain HTTP port would otherwise wait for its
            // answer until it is idle.
            if self.buffer.first().is_some_and(|byte| !byte.is_ascii_graphic() && *byte != b'\r') {
                return Err(BadRequest::Line { found: self.buffer.split_to(1).freeze() }.into());
            }
            match end_of_head(&self.buffer, searched) {
                Some(end) if end <= MAX_HEAD => {
                    return Ok(Some(Head::parse(&self.buffer.split_to(end).freeze())?));
                }
                None if self.buffer.len() < MAX_HEAD => {}
                _ => return Err(BadRequest::TooLong { limit: MAX_HEAD }.into()),
            }
            // The end is at most three bytes long: two of them may have been seen.
            searched = self.buffer.len().saturating_sub(2);
            match self.fill(deadline).await {
                Ok(()) => {}
                Err(_) if self.buffer.is_empty() => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads a body away; its length in bytes.
    pub(crate) async fn skip(&mut self, body: Body) -> Result<u64, Stop> {
        match body {
            Body::Length(length) => {
                self.discard(length).await?;
                Ok(length)
            }
            Body::Chunked => self.skip_chunks().await,
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Finishes, then reads for a while: a close with unread bytes would be a reset, which overtakes the answer.
    pub(crate) async fn close(mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let rest =
            async { tokio::io::copy(&mut (&mut self.stream).take(MAX_LINGER), &mut tokio::io::sink()).await };
        match timeout_at(Instant::now() + LINGER, rest).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// RFC 9112 §7.1: chunks, the last chunk, trailers, an empty line.
    async fn skip_chunks(&mut self) -> Result<u64, Stop> {
        let mut total: u64 = 0;
        loop {
            let line = self.line().await?;
            let size = chunk_size(&line).ok_or(BadRequest::Chunk { found: line })?;
            if size == 0 {
                break;
            }
            self.discard(size).await?;
            total = total.saturating_add(size);
            let end = self.line().await?;
            if !end.is_empty() {
                return Err(BadRequest::Chunk { found: end }.into());
            }
        }
        let mut trailers = 0;
        loop {
            let length = self.line().await?.len();
            trailers += length;
            match length {
                0 => return Ok(total),
                _ if trailers > MAX_HEAD => return Err(BadRequest::TooLong { limit: MAX_HEAD }.into()),
                _ => {}
            }
        }
    }

    async fn discard(&mut self, mut length: u64) -> io::Result<()> {
        while length > 0 {
            if self.buffer.is_empty() {
                self.fill(Instant::now() + IDLE).await?;
            }
            let here = usize::try_from(length).unwrap_or(usize::MAX).min(self.buffer.len());
            self.buffer.advance(here);
            length -= here as u64;
        }
        Ok(())
    }

    /// The next line without its end.
    async fn line(&mut self) -> Result<Bytes, Stop> {
        let deadline = Instant::now() + IDLE;
        loop {
            if let Some(end) = self.buffer.iter().take(MAX_LINE).position(|byte| *byte == b'\n') {
                let mut line = self.buffer.split_to(end + 1).freeze();
                line.truncate(end);
                line.truncate(line.strip_suffix(b"\r").unwrap_or(&line).len());
                return Ok(line);
            }
            if self.buffer.len() >= MAX_LINE {
                let found = Bytes::copy_from_slice(self.buffer.get(..64).unwrap_or_default());
                return Err(BadRequest::Chunk { found }.into());
            }
            self.fill(deadline).await?;
        }
    }

    /// RFC 9112 §2.2: empty lines before a request are ignored.
    fn skip_empty_lines(&mut self) {
        while self.buffer.starts_with(b"\n") || self.buffer.starts_with(b"\r\n") {
            let length = if self.buffer.starts_with(b"\n") { 1 } else { 2 };
            self.buffer.advance(length);
        }
    }

    /// Reads something; the end of the stream and the deadline are errors.
    async fn fill(&mut self, deadline: Instant) -> io::Result<()> {
        match timeout_at(deadline, self.stream.read_buf(&mut self.buffer)).await {
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// The place after the empty line. A bare line feed ends a line too (RFC 9112 §2.2): people type requests by hand.
fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let line_feeds = bytes.iter().enumerate().skip(searched).filter(|(_, byte)| **byte == b'\n');
    line_feeds.map(|(place, _)| place + 1).find_map(|next| match bytes.get(next..)? {
        [b'\n', ..] => Some(next + 1),
        [b'\r', b'\n', ..] => Some(next + 2),
        _ => None,
    })
}

/// The size in hexadecimal before any extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let size = str::from_utf8(size).ok().filter(|size| size.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u64::from_str_radix(size, 16).ok()
}
