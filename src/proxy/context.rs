//! What every connection borrows.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;

use crate::addr::LocalAddr;
use crate::drain::Tasks;
use crate::hbone::Pool;
use crate::mesh::Place;
use crate::policy::Snapshots;
use crate::proxy::backends::Backends;
use crate::proxy::config::Config;
use crate::proxy::identities::Identities;
use crate::proxy::ports;
use crate::telemetry::{EventSender, Failure};

/// What all workers share; each part is read without a lock.
#[derive(Clone)]
pub struct Shared {
    /// The mesh and its policies.
    pub snapshots: Snapshots,
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
    turn: AtomicUsize,
}

impl Context {
    /// A worker's context with an empty pool.
    pub fn new(shared: Shared, events: EventSender, tasks: Tasks) -> Self {
        Self { shared, pool: Pool::new(), events, tasks, turn: AtomicUsize::new(0) }
    }

    /// The next turn of the round robin over endpoints.
    pub(crate) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}
