//! [`Tap`]: the bytes of one connection as they pass, for whoever asked to look into that connection.
//!
//! A tap of a TLS connection holds its secrets too. It is made only when somebody asks for it, never shows them in
//! `Debug`, and keeps a bounded beginning. All taps together keep no more than their [`TapBudget`] allows: the oldest
//! forget first.

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// How many secrets are kept: TLS 1.3 has five for a connection and one more for each key update (RFC 8446 §7.1).
const MOST_SECRETS: usize = 64;

/// How many chunks and ends are kept; a peer that sends byte by byte must not cost more than its bytes do.
const MOST_CHUNKS: usize = 1 << 14;

/// What a chunk costs beside its bytes.
const CHUNK: usize = size_of::<Chunk>();

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From us to the peer; in a relay, from the client to the backend.
    Out,
    /// From the peer to us; in a relay, from the backend to the client.
    In,
}

/// Bytes that were read or written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which way they went.
    pub direction: Direction,
    /// When, counted from the making of the tap: before they were written, or after they were read. So of two taps at
    /// the two ends of a connection, the sender's time is never the later one.
    pub at: Duration,
    /// The bytes, as they are on the wire.
    pub bytes: Bytes,
}

/// The end of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub direction: Direction,
    /// When, counted from the making of the tap.
    pub at: Duration,
    /// Whether it broke; else its sender said that nothing more follows.
    pub is_reset: bool,
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

/// So many taps are not worth looking through.
const FEW: usize = 64;

/// How much all taps of a mesh keep together; clones share it.
#[derive(Clone)]
pub struct TapBudget {
    books: Arc<Books>,
}

struct Books {
    most: usize,
    kept: AtomicUsize,
    taps: Mutex<VecDeque<Weak<Inside>>>,
}

/// A look into one connection; clones share it.
#[derive(Clone)]
pub struct Tap {
    began: Instant,
    inside: Arc<Inside>,
}

struct Inside {
    most: usize,
    is_full: AtomicBool,
    kept: Mutex<Kept>,
    budget: Option<Arc<Books>>,
}

#[derive(Default)]
struct Kept {
    chunks: Vec<Chunk>,
    ends: Vec<Ended>,
    bytes: usize,
    secrets: Vec<Secret>,
    is_forgotten: bool,
}

impl TapBudget {
    /// All taps together keep at most about `most` bytes.
    pub fn new(most: usize) -> Self {
        let books = Books { most, kept: AtomicUsize::new(0), taps: Mutex::default() };
        Self { books: Arc::new(books) }
    }

    /// A tap that keeps the first `most` bytes of its connection; older ones forget, if that is needed.
    pub fn tap(&self, most: usize) -> Tap {
        let tap = Tap::with(most, Some(Arc::clone(&self.books)));
        let mut taps = self.books.taps.lock().unwrap_or_else(PoisonError::into_inner);
        while self.books.kept.load(Ordering::Relaxed) > self.books.most {
            let Some(oldest) = taps.pop_front() else { break };
            oldest.upgrade().iter().for_each(|inside| inside.forget());
        }
        while taps.front().is_some_and(|oldest| oldest.strong_count() == 0) {
            taps.pop_front();
        }
        // One that lives long keeps nobody behind it: all are looked through as often as their number has doubled.
        if taps.len() == taps.capacity() {
            taps.retain(|tap| tap.strong_count() > 0);
            let room = FEW.max(2 * taps.len());
            taps.shrink_to(room);
        }
        taps.push_back(Arc::downgrade(&tap.inside));
        tap
    }
}

impl Tap {
    /// A tap of its own that keeps the first `most` bytes of its connection.
    pub fn new(most: usize) -> Self {
        Self::with(most, None)
    }

    fn with(most: usize, budget: Option<Arc<Books>>) -> Self {
        let inside = Inside { most, is_full: AtomicBool::new(most == 0), kept: Mutex::default(), budget };
        Self { began: Instant::now(), inside: Arc::new(inside) }
    }

    /// When it was made; all its times count from here.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// What was read and written so far, in order; a long connection's beginning.
    pub fn chunks(&self) -> Vec<Chunk> {
        self.inside.locked().chunks.clone()
    }

    /// The directions that have ended, in order.
    pub fn ends(&self) -> Vec<Ended> {
        self.inside.locked().ends.clone()
    }

    /// The secrets so far.
    pub fn secrets(&self) -> Vec<Secret> {
        self.inside.locked().secrets.clone()
    }

    /// Whether more went over the connection than was kept.
    pub fn is_full(&self) -> bool {
        self.inside.is_full.load(Ordering::Relaxed)
    }

    /// Whether it had to forget, because others came after it.
    pub fn is_forgotten(&self) -> bool {
        self.inside.locked().is_forgotten
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn keep(&self, direction: Direction, at: Duration, bytes: &[u8]) {
        if bytes.is_empty() || self.is_full() {
            return;
        }
        let mut kept = self.inside.locked();
        let room = self.inside.most.saturating_sub(kept.bytes);
        let taken = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        if !taken.is_empty() {
            kept.bytes += taken.len();
            kept.chunks.push(Chunk { direction, at, bytes: Bytes::copy_from_slice(taken) });
            self.inside.charge(taken.len() + CHUNK);
        }
        if taken.len() < bytes.len() || kept.chunks.len() >= MOST_CHUNKS {
            self.inside.is_full.store(true, Ordering::Relaxed);
        }
    }

    /// The first `written` bytes of what was to be written.
    pub(crate) fn keep_slices(&self, at: Duration, slices: &[IoSlice<'_>], mut written: usize) {
        for slice in slices {
            let taken = written.min(slice.len());
            self.keep(Direction::Out, at, slice.get(..taken).unwrap_or_default());
            written -= taken;
        }
    }

    /// A direction ended; only its first end counts.
    pub(crate) fn end(&self, direction: Direction, is_reset: bool) {
        let at = self.now();
        let mut kept = self.inside.locked();
        if !kept.ends.iter().any(|ended| ended.direction == direction) {
            kept.ends.push(Ended { direction, at, is_reset });
        }
    }

    pub(crate) fn keep_secret(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut kept = self.inside.locked();
        if kept.secrets.len() < MOST_SECRETS && !kept.is_forgotten {
            kept.secrets.push(Secret {
                label: label.to_owned(),
                client_random: client_random.to_vec(),
                secret: secret.to_vec(),
            });
        }
    }
}

impl Inside {
    /// Only whole chunks and secrets are put in, so that a poisoned lock holds sound data all the same.
    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn charge(&self, bytes: usize) {
        if let Some(books) = &self.budget {
            books.kept.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    fn refund(&self, kept: &Kept) {
        if let Some(books) = &self.budget {
            books.kept.fetch_sub(kept.bytes + kept.chunks.len() * CHUNK, Ordering::Relaxed);
        }
    }

    fn forget(&self) {
        self.is_full.store(true, Ordering::Relaxed);
        let mut kept = self.locked();
        self.refund(&kept);
        *kept = Kept { is_forgotten: true, ..Kept::default() };
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let kept = std::mem::take(&mut *self.locked());
        self.refund(&kept);
    }
}

impl Secret {
    /// The secret itself.
    pub fn secret_bytes(&self) -> &[u8] {
        &self.secret
    }

    /// Its line in a key log, without the end of the line: the form that Wireshark reads (SSLKEYLOGFILE).
    pub fn line(&self) -> String {
        line(&self.label, &self.client_random, &self.secret)
    }
}

/// A secret as a line of a key log, without its end (RFC 9850).
pub(crate) fn line(label: &str, client_random: &[u8], secret: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{label} {} {}", hex(client_random), hex(secret))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.label)
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tap({} bytes)", self.inside.locked().bytes)
    }
}

impl fmt::Debug for TapBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TapBudget({} of {} bytes)", self.books.kept.load(Ordering::Relaxed), self.books.most)
    }
}

#[cfg(test)]
mod tests;
