//! Backends that know no protocol: echo, slow, reset, silent, and one that speaks first.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::backend::about::About;

/// As much as is read at once.
const CHUNK: usize = 16 * 1024;

/// The chunks of the slow backend: small, so that a page of text takes several.
const SLOW_CHUNK: usize = 1024;

/// How late the slow backend's first byte is: longer than a person fails to notice, shorter than any usual timeout.
const FIRST_BYTE: Duration = Duration::from_millis(250);

/// The slow backend's pause between chunks.
const PAUSE: Duration = Duration::from_millis(10);

/// Sends back what it receives, and finishes when the client has finished.
///
/// # Errors
///
/// What the stream says.
pub async fn serve_echo<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = stream.read(&mut chunk).await?;
        if length == 0 {
            return stream.shutdown().await;
        }
        send(&mut stream, chunk.get(..length)).await?;
    }
}

/// An echo that takes its time: 250 ms before its first byte, then at most 1 KiB every 10 ms.
///
/// # Errors
///
/// What the stream says.
pub async fn serve_slow<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    let mut chunk = vec![0; SLOW_CHUNK];
    let mut pause = FIRST_BYTE;
    loop {
        let length = stream.read(&mut chunk).await?;
        if length == 0 {
            return stream.shutdown().await;
        }
        sleep(pause).await;
        pause = PAUSE;
        send(&mut stream, chunk.get(..length)).await?;
    }
}

/// Reads the first bytes, then resets the connection (RST, by a linger time of zero).
///
/// A client that closes without a byte gets an ordinary close.
///
/// # Errors
///
/// What the socket says.
pub async fn serve_reset(mut stream: TcpStream) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    if stream.read(&mut chunk).await? > 0 {
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    }
    Ok(())
}

/// Reads all that comes and never answers; closes when the client has finished.
///
/// # Errors
///
/// What the stream says.
pub async fn serve_silent<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    while stream.read(&mut chunk).await? > 0 {}
    stream.shutdown().await
}

/// Speaks first, as SMTP, FTP and MySQL do: `220 NAME glasstunnel server-first`, then echoes line by line.
///
/// A line that is longer than 16 KiB comes back in pieces.
///
/// # Errors
///
/// What the stream says.
pub async fn serve_server_first<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    about: &About,
) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(CHUNK, stream);
    let banner = format!("220 {} glasstunnel server-first\r\n", about.workload);
    send(&mut stream, Some(banner.as_bytes())).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        if (&mut stream).take(limit).read_until(b'\n', &mut line).await? == 0 {
            return stream.shutdown().await;
        }
        send(&mut stream, Some(&line)).await?;
    }
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, bytes: Option<&[u8]>) -> io::Result<()> {
    stream.write_all(bytes.unwrap_or_default()).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests;
