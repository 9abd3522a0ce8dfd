//! What every connection borrows.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::addr::LocalAddr;
use crate::drain::Tasks;
use crate::hbone::Pool;
use crate::mesh::Place;
use crate::policy::{Snapshot, Snapshots};
use crate::proxy::backends::Backends;
use crate::proxy::config::Config;
use crate::proxy::identities::Identities;
use crate::proxy::live::{LetIn, Listed, Live};
use crate::proxy::ports;
use crate::telemetry::{EventSender, Failure};

/// Tells all workers that the snapshot is another one.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: watch::Sender<()>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { sender: watch::Sender::new(()) }
    }
}

impl Changes {
    /// Tells them; call it once the new snapshot is stored.
    pub fn tell(&self) {
        self.sender.send_replace(());
    }

    /// A worker's ear.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.sender.subscribe()
    }
}

/// What all workers share; each part is read without a lock.
#[derive(Clone)]
pub struct Shared {
    /// The mesh and its policies.
    pub snapshots: Snapshots,
    /// Rings when these are others.
    pub changes: Changes,
    /// Where workloads are on this machine.
    pub place: Place,
    /// Deadlines and limits.
    pub config: Config,
    /// The certificates in use.
    pub identities: Identities,
    /// What answers behind the ports.
    pub backends: Backends,
    /// Every address that this process listens on, so that no connection is led back into it.
    pub own: Arc<ArcSwap<HashSet<SocketAddr>>>,
}

impl Shared {
    /// Whether dialling `addr` would reach a listener of this process.
    pub(crate) fn is_own(&self, addr: LocalAddr) -> bool {
        self.own.load().contains(&addr.0) || (addr.ip() == self.place.node_ip() && ports::is_own(addr.port()))
    }
}

/// One worker's share: what is its own, and what all have.
pub struct Context {
    /// What all workers share.
    pub shared: Shared,
    /// Tunnels of this worker; a connection's tunnel, streams and sockets stay on one thread.
    pub pool: Pool<Failure>,
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
