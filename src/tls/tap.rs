//! [`Tap`]: the records of one TLS connection as they are on the wire, and the secrets to read them by, for whoever asked to
//! look into that connection.
//!
//! A tap holds keys. It is made only when somebody asks for it, never shows them in `Debug`, and keeps a bounded beginning of
//! each connection.

use std::fmt;
use std::io::IoSlice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustls::KeyLog;

/// How many bytes are kept: a handshake with long chains is some 30 kB, and what follows is there to be seen begin.
const MOST: usize = 1 << 20;
/// How many secrets are kept: TLS 1.3 has five for a connection and one more for each key update (RFC 8446 §7.1).
const MOST_SECRETS: usize = 64;

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From us to the peer.
    Out,
    /// From the peer to us.
    In,
}

/// Bytes that were read or written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which way they went.
    pub direction: Direction,
    /// When, counted from the making of the tap.
    pub at: Duration,
    /// The bytes, as they are on the wire.
    pub bytes: Bytes,
}

/// One secret of a connection, as the key log of NSS names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Such as `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    pub label: String,
    /// The random of the connection's ClientHello, by which it is found.
    pub client_random: Vec<u8>,
    secret: Vec<u8>,
}

/// A look into one connection; clones share it.
#[derive(Clone)]
pub struct Tap {
    began: Instant,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    chunks: Vec<Chunk>,
    bytes: usize,
    secrets: Vec<Secret>,
}

impl Tap {
    /// A tap that has seen nothing yet.
    pub fn new() -> Self {
        Self { began: Instant::now(), kept: Arc::default() }
    }

    /// What was read and written so far, in order; a long connection's beginning.
    pub fn chunks(&self) -> Vec<Chunk> {
        self.locked().chunks.clone()
    }

    /// The secrets so far.
    pub fn secrets(&self) -> Vec<Secret> {
        self.locked().secrets.clone()
    }

    pub(crate) fn keep(&self, direction: Direction, bytes: &[u8]) {
        let at = self.began.elapsed();
        let mut kept = self.locked();
        let room = MOST.saturating_sub(kept.bytes);
        let bytes = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        if !bytes.is_empty() {
            kept.bytes += bytes.len();
            kept.chunks.push(Chunk { direction, at, bytes: Bytes::copy_from_slice(bytes) });
        }
    }

    /// The first `written` bytes of what was to be written.
    pub(crate) fn keep_slices(&self, slices: &[IoSlice<'_>], mut written: usize) {
        for slice in slices {
            let taken = written.min(slice.len());
            self.keep(Direction::Out, slice.get(..taken).unwrap_or_default());
            written -= taken;
        }
    }

    /// Only whole chunks and secrets are put in, so that a poisoned lock holds sound data all the same.
    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Tap {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyLog for Tap {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut kept = self.locked();
        if kept.secrets.len() < MOST_SECRETS {
            kept.secrets.push(Secret {
                label: label.to_owned(),
                client_random: client_random.to_vec(),
                secret: secret.to_vec(),
            });
        }
    }
}

impl Secret {
    /// The secret itself.
    pub fn secret_bytes(&self) -> &[u8] {
        &self.secret
    }

    /// Its line in a key log, without the end of the line: the form that Wireshark reads (SSLKEYLOGFILE).
    pub fn line(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("{} {} {}", self.label, hex(&self.client_random), hex(&self.secret))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.label)
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tap({} bytes)", self.locked().bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_kept_and_no_more() {
        let tap = Tap::new();
        tap.keep_slices(&[IoSlice::new(b"abc"), IoSlice::new(b"defg"), IoSlice::new(b"hi")], 5);
        tap.keep(Direction::In, b"");
        let kept: Vec<_> = tap.chunks().into_iter().map(|chunk| (chunk.direction, chunk.bytes)).collect();
        assert_eq!(kept, [(Direction::Out, "abc".into()), (Direction::Out, "de".into())]);
    }

    #[test]
    fn a_long_connection_is_kept_in_part() {
        let tap = Tap::new();
        for _ in 0..20 {
            tap.keep(Direction::In, &vec![7; MOST / 8 + 1]);
        }
        assert_eq!(tap.chunks().iter().map(|chunk| chunk.bytes.len()).sum::<usize>(), MOST);
        for _ in 0..2 * MOST_SECRETS {
            tap.log("CLIENT_TRAFFIC_SECRET_0", &[1; 32], &[2; 48]);
        }
        assert_eq!(tap.secrets().len(), MOST_SECRETS);
    }

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        let tap = Tap::new();
        tap.log("EXPORTER_SECRET", &[0xab; 2], &[0x01, 0xff]);
        let [secret] = <[Secret; 1]>::try_from(tap.secrets()).unwrap();
        assert_eq!(secret.line(), "EXPORTER_SECRET abab 01ff");
        assert_eq!(secret.secret_bytes(), [0x01, 0xff]);
        assert_eq!(format!("{secret:?} {tap:?}"), "Secret(EXPORTER_SECRET) Tap(0 bytes)");
    }
}
