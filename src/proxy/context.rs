//! What every connection of one worker borrows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::drain::Tasks;
use crate::hbone::Pool;
use crate::policy::Snapshot;
use crate::proxy::live::{LetIn, Listed, Live};
use crate::proxy::shared::Shared;
use crate::proxy::verified::Verified;
use crate::telemetry::{EventSender, Failure};

/// One worker's share: what is its own, and what all have.
pub struct Context {
    /// What all workers share.
    pub shared: Shared,
    /// Tunnels of this worker; a connection's tunnel, streams and sockets stay on one thread.
    pub(crate) pool: Pool<Failure, Verified>,
    /// Where events go.
    pub events: EventSender,
    /// The spawn door.
    pub tasks: Tasks,
    /// The connections that were let in and are still open.
    pub(crate) live: Arc<Live>,
    turn: AtomicUsize,
}

impl Context {
    /// A worker's context with an empty pool.
    pub fn new(shared: Shared, events: EventSender, tasks: Tasks) -> Self {
        Self { shared, pool: Pool::new(), events, tasks, live: Arc::default(), turn: AtomicUsize::new(0) }
    }

    /// Lists a connection that `snapshot` let in. A change that came before it was listed is made up for here.
    pub(crate) fn list(&self, snapshot: &Arc<Snapshot>, let_in: LetIn) -> Listed {
        let listed = self.live.list(let_in);
        let current = self.shared.snapshots.load();
        if !Arc::ptr_eq(snapshot, &current) {
            self.live.ask_again(&current);
        }
        listed
    }

    /// Asks about all listed connections whenever the policies change; runs until the worker ends.
    pub(crate) async fn watch_changes(&self) {
        let mut changes = self.shared.changes.listen();
        while changes.changed().await.is_ok() {
            self.live.ask_again(&self.shared.snapshots.load());
        }
    }

    /// The next turn of the round robin over endpoints.
    pub(crate) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}
