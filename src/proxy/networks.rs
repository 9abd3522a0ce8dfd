//! [`Networks`]: whose proxy this process is, and how each one's sockets are made.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::mesh::{Name, Place, Workload};
use crate::net::Network;
use crate::proxy::doors::Door;

/// Whose proxy this process is, and how each one's sockets are made. Clones share it; reading takes no lock.
#[derive(Clone, Default)]
pub struct Networks {
    common: Arc<Network>,
    own: Arc<ArcSwap<HashMap<Name, Arc<Network>>>>,
    only: Option<Arc<[Name]>>,
}

impl Networks {
    /// Those of a process that is the proxy of one workload only.
    pub fn of_one(workload: Name, network: Network) -> Self {
        Self { common: Arc::new(network), own: Arc::default(), only: Some(Arc::from([workload])) }
    }

    /// Those of a process that is the proxy of some workloads of a mesh, and others of the rest.
    pub fn of_some(workloads: Vec<Name>) -> Self {
        Self { only: Some(workloads.into()), ..Self::default() }
    }

    /// Gives workloads networks of their own, in the place of all that were there before.
    pub fn store(&self, networks: HashMap<Name, Arc<Network>>) {
        self.own.store(Arc::new(networks));
    }

    /// How sockets are made that belong to no workload in particular.
    pub(crate) fn common(&self) -> Arc<Network> {
        Arc::clone(&self.common)
    }

    /// How the sockets of `workload`'s proxy are made.
    pub fn of(&self, workload: &Name) -> Arc<Network> {
        let own = self.own.load();
        Arc::clone(own.get(workload).unwrap_or(&self.common))
    }

    /// How the sockets of `door` are made.
    pub fn behind(&self, door: &Door) -> Arc<Network> {
        door.kind.workload().map_or_else(|| self.common(), |workload| self.of(workload))
    }

    /// Whether the proxy of `workload` is in this process, so that its half of a connection is recorded here too.
    pub fn serves(&self, workload: &Name) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(workload))
    }

    /// From where the proxy of `source` dials the next hop; `None` leaves it to the system.
    ///
    /// Where several workloads share a network, the address tells the destination who calls. A process of its own in the
    /// workload's network has the workload's address anyway.
    pub(crate) fn source_ip(&self, place: Place, source: &Workload) -> Option<IpAddr> {
        match (place, &self.only) {
            (Place::Direct, Some(_)) => None,
            (Place::Loopback { .. }, _) | (Place::Direct, None) => place.local_ip(source),
        }
    }
}
