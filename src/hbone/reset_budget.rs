//! How many streams a peer may reset: h2 itself does not stop a rapid reset that is slow enough to be accepted
//! (reference/reliability.md section 0, traps), and each stream may have cost a dial.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// One connection's budget; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ResetBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: u32,
    window: Duration,
    /// When the current window began, and how many resets it has seen.
    spent: Mutex<(Instant, u32)>,
    exceeded: Notify,
}

impl ResetBudget {
    pub(crate) fn new(limit: u32, window: Duration) -> Self {
        let spent = Mutex::new((Instant::now(), 0));
        Self(Arc::new(Inner { limit, window, spent, exceeded: Notify::new() }))
    }

    /// Counts one stream that the peer reset.
    pub(crate) fn spend(&self) {
        let mut spent = self.0.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.0.elapsed() > self.0.window {
            *spent = (Instant::now(), 0);
        }
        spent.1 = spent.1.saturating_add(1);
        if spent.1 > self.0.limit {
            self.0.exceeded.notify_one();
        }
    }

    /// Resolves once the budget is exceeded.
    pub(crate) async fn exceeded(&self) {
        self.0.exceeded.notified().await;
    }
}
