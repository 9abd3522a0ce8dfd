//! The mesh and its policies at one moment, swapped as one, read without a lock.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::mesh::Mesh;
use crate::policy::destination_rule::DestinationRule;
use crate::policy::destination_rules::DestinationRules;
use crate::policy::namespace_modes::NamespaceModes;
use crate::policy::peer_authentication::PeerAuthentication;
use crate::policy::set::PolicySet;
use crate::policy::subset_route::SubsetRoute;

/// A mesh with the policies that were resolved against it.
#[derive(Debug)]
pub struct Snapshot {
    /// The mesh.
    pub mesh: Arc<Mesh>,
    /// Its policies.
    pub policies: PolicySet,
    /// What a service's clients see of its modes.
    pub namespace_modes: NamespaceModes,
    /// What decides how its clients connect.
    pub destination_rules: DestinationRules,
}

impl Snapshot {
    /// Resolves `policies` against `mesh`.
    pub fn new(mesh: Arc<Mesh>, policies: Vec<Arc<PeerAuthentication>>) -> Self {
        let policies = PolicySet::new(&mesh, policies);
        let namespace_modes = NamespaceModes::new(policies.root_namespace(), policies.peer_authentications());
        let destination_rules = DestinationRules::new(&mesh, Vec::new(), Vec::new());
        Self { mesh, policies, namespace_modes, destination_rules }
    }

    /// The same with these rules for clients; without this call there are none.
    pub fn with_destination_rules(
        self,
        rules: Vec<Arc<DestinationRule>>,
        routes: Vec<Arc<SubsetRoute>>,
    ) -> Self {
        Self { destination_rules: DestinationRules::new(&self.mesh, rules, routes), ..self }
    }
}

/// The current snapshot; clones share it.
#[derive(Clone, Debug)]
pub struct Snapshots {
    current: Arc<ArcSwap<Snapshot>>,
}

impl Snapshots {
    /// Starts with `snapshot`.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { current: Arc::new(ArcSwap::from_pointee(snapshot)) }
    }

    /// The current snapshot; a connection keeps the one it started with until it asks again.
    pub fn load(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Replaces it, for every connection that asks from now on.
    pub fn store(&self, snapshot: Snapshot) {
        self.current.store(Arc::new(snapshot));
    }
}
