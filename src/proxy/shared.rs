//! What all workers share; each part is read without a lock.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::addr::LocalAddr;
use crate::mesh::Place;
use crate::policy::Snapshots;
use crate::proxy::backends::Backends;
use crate::proxy::changes::Changes;
use crate::proxy::config::Config;
use crate::proxy::detours::Detours;
use crate::proxy::identities::Identities;
use crate::proxy::networks::Networks;
use crate::proxy::ports;
use crate::proxy::tapping::Tapping;

/// What all workers share; each part is read without a lock.
#[derive(Clone)]
pub struct Shared {
    /// The mesh and its policies.
    pub snapshots: Snapshots,
    /// Rings when these are others.
    pub changes: Changes,
    /// Where workloads are on this machine.
    pub place: Place,
    /// Whose proxy this process is, and how sockets are made.
    pub networks: Networks,
    /// Deadlines and limits.
    pub config: Config,
    /// The certificates in use.
    pub identities: Identities,
    /// What answers behind the ports.
    pub backends: Backends,
    /// Which dials go elsewhere.
    pub detours: Detours,
    /// Whether anybody looks into connections.
    pub tapping: Tapping,
    /// Every address that this process listens on, so that no connection is led back into it.
    pub own: Arc<ArcSwap<HashSet<SocketAddr>>>,
}

impl Shared {
    /// Whether dialling `addr` would reach a listener of this process.
    pub(crate) fn is_own(&self, addr: LocalAddr) -> bool {
        let here = match self.place {
            Place::Loopback { .. } => addr.ip() == self.place.node_ip(),
            Place::Direct => addr.ip().is_loopback(),
        };
        self.own.load().contains(&addr.0) || (here && ports::is_own(addr.port()))
    }
}
