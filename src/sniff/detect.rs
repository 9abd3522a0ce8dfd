//! [`detect`]: reads a connection's first bytes until they are classified.
//!
//! It reads and hands the bytes back, instead of peeking: a peek that returns too little cannot wait for more, and there
//! is no peek on anything but a socket.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

use crate::sniff::classify::{Classifier, Verdict, may_become_hello};
use crate::sniff::error::SniffError;
use crate::sniff::protocol::{FirstBytes, Protocol};

/// How much and how long is read. Both deadlines are fixed points in time, so dripping bytes does not move them.
#[derive(Clone, Copy, Debug)]
pub struct SniffLimits {
    /// The most bytes that are read, record headers included.
    pub max_bytes: usize,
    /// Until when a client may stay silent, or leave a plaintext opening unfinished. Then its bytes are raw.
    pub silence: Instant,
    /// Until when a ClientHello that was begun must be complete. Then the connection is cut.
    pub hello: Instant,
}

/// What was found.
#[derive(Debug)]
pub struct Sniffed {
    /// The verdict.
    pub protocol: Protocol,
    /// All bytes that were read, to be replayed; empty if the client was silent.
    pub bytes: Bytes,
}

impl SniffLimits {
    /// Twice the longest hello: room for one that comes in records of ten bytes or more, five of them header each.
    pub const MAX_BYTES: usize = 128 * 1024;

    /// The usual cap with these deadlines.
    pub fn new(silence: Instant, hello: Instant) -> Self {
        Self { max_bytes: Self::MAX_BYTES, silence, hello }
    }
}

/// Reads until the first bytes are classified.
///
/// Cancel-unsafe: bytes that were read are lost with the future.
///
/// # Errors
///
/// [`SniffError`] if the client closes without a byte, if it begins a ClientHello and does not finish it in time or
/// within the cap, or if the connection cannot be read.
pub async fn detect<S: AsyncRead + Unpin>(
    stream: &mut S,
    limits: &SniffLimits,
) -> Result<Sniffed, SniffError> {
    let mut seen = BytesMut::with_capacity(FIRST_READ);
    let mut classifier = Classifier::default();
    loop {
        let deadline = if may_become_hello(&seen) { limits.hello } else { limits.silence };
        let protocol = match timeout_at(deadline, read(stream, &mut seen, limits.max_bytes)).await {
            Ok(Ok(0)) => closed(&seen, limits.max_bytes)?,
            Ok(Ok(_)) => match classifier.look(&seen) {
                Verdict::Known(protocol) => protocol,
                Verdict::NeedMore => continue,
            },
            Ok(Err(error)) => return Err(SniffError::read(seen.len(), error)),
            Err(_elapsed) => late(&seen)?,
        };
        return Ok(Sniffed { protocol: widened(protocol, &seen), bytes: seen.freeze() });
    }
}

/// Most hellos fit, with a post-quantum key share too.
const FIRST_READ: usize = 2 * 1024;

/// A record header and the handshake type: from here on it is called TLS.
const CALLED_TLS: usize = 6;

/// Reads once, within the cap; 0 at the end of the stream and at the cap.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, seen: &mut BytesMut, cap: usize) -> io::Result<usize> {
    if seen.len() == seen.capacity() {
        // Doubling: memory follows what came, never what was claimed.
        seen.reserve(seen.len());
    }
    let room = cap.saturating_sub(seen.len()).min(seen.capacity() - seen.len());
    stream.read_buf(&mut seen.limit(room)).await
}

/// The client finished, or the cap is reached.
fn closed(seen: &[u8], cap: usize) -> Result<Protocol, SniffError> {
    match seen.len() {
        0 => Err(SniffError::Closed),
        // A few bytes and a half-close are a whole message in some plaintext protocols.
        received if !may_become_hello(seen) || received < CALLED_TLS => {
            Ok(Protocol::Opaque { first: FirstBytes::of(seen) })
        }
        received if received >= cap => Err(SniffError::OverCap { cap, received }),
        received => Err(SniffError::Truncated { received }),
    }
}

/// The deadline is over.
fn late(seen: &[u8]) -> Result<Protocol, SniffError> {
    match seen.len() {
        0 => Ok(Protocol::Silent),
        received if may_become_hello(seen) => Err(SniffError::Timeout { received }),
        _ => Ok(Protocol::Opaque { first: FirstBytes::of(seen) }),
    }
}

/// For people, an opaque protocol shows all of its first bytes and not only those that ruled out the others.
fn widened(protocol: Protocol, seen: &[u8]) -> Protocol {
    match protocol {
        Protocol::Opaque { .. } => Protocol::Opaque { first: FirstBytes::of(seen) },
        known => known,
    }
}

#[cfg(test)]
mod tests;
