//! [`ByteCounts`]: how much a relay has moved so far, readable while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes moved in each direction. Clones share the numbers.
///
/// A byte counts when the receiving end's pipe has taken it. Relaxed atomics: a reader may be a chunk late, never wrong.
#[derive(Clone, Debug, Default)]
pub struct ByteCounts(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    to_backend: AtomicU64,
    to_client: AtomicU64,
}

impl ByteCounts {
    /// Two zeros.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that went from the client to the backend.
    pub fn to_backend(&self) -> u64 {
        self.0.to_backend.load(Ordering::Relaxed)
    }

    /// Bytes that went from the backend to the client.
    pub fn to_client(&self) -> u64 {
        self.0.to_client.load(Ordering::Relaxed)
    }

    pub(crate) fn add_to_backend(&self, bytes: u64) {
        self.0.to_backend.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_to_client(&self, bytes: u64) {
        self.0.to_client.fetch_add(bytes, Ordering::Relaxed);
    }
}
