//! How many streams a peer may reset: h2 itself does not stop a rapid reset that is slow enough to be accepted
//! (reference/reliability.md section 0, traps), and each stream may have cost a dial.
//!
//! What counts is a stream that the peer resets before it was sent a byte of the backend's answer. Past that byte a
//! reset costs the peer as much as us, and it is what an ordinary client that closes with RST looks like on a tunnel,
//! where many of those share one connection.
//!
//! Not every reset is noticed at once, since a request may be dialling when it happens. So the streams that are still
//! being worked on are bounded too: a peer has no more of them than it may have open, unless it resets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::hbone::limits::Limits;

/// One connection's budget; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ResetBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    /// When the current window began, and how many resets it has seen.
    spent: Mutex<(Instant, u32)>,
    /// Streams that are being worked on.
    live: AtomicUsize,
    exceeded: Notify,
}

impl ResetBudget {
    pub(crate) fn new(limits: &Limits) -> Self {
        let spent = Mutex::new((Instant::now(), 0));
        let inner = Inner { limits: *limits, spent, live: AtomicUsize::new(0), exceeded: Notify::new() };
        Self(Arc::new(inner))
    }

    /// Opens the account of a stream.
    pub(crate) fn open(&self) -> Account {
        let live = self.0.live.fetch_add(1, Ordering::Relaxed) + 1;
        let most = self.0.limits.max_streams as usize + self.0.limits.resets as usize;
        if live > most {
            self.0.exceeded.notify_one();
        }
        Account(Arc::clone(&self.0))
    }

    /// Resolves once the budget is exceeded.
    pub(crate) async fn exceeded(&self) {
        self.0.exceeded.notified().await;
    }
}

/// A stream's account, open for as long as we work for it.
#[derive(Debug)]
pub(crate) struct Account(Arc<Inner>);

impl Account {
    /// Counts the stream as reset by the peer, and closes the account.
    pub(crate) fn spend(self) {
        let mut spent = self.0.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.0.elapsed() > self.0.limits.reset_window {
            *spent = (Instant::now(), 0);
        }
        spent.1 = spent.1.saturating_add(1);
        if spent.1 > self.0.limits.resets {
            self.0.exceeded.notify_one();
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::Relaxed);
    }
}
