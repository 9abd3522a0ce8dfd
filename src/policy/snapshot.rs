//! The mesh and its policies at one moment, swapped as one, read without a lock.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::mesh::Mesh;
use crate::policy::destination_rules::DestinationRules;
use crate::policy::namespace_modes::NamespaceModes;
use crate::policy::set::{Policies, PolicySet};

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
    pub destination_rules: Arc<DestinationRules>,
}

impl Snapshot {
    /// Resolves `policies` against `mesh`.
    pub fn new(mesh: Arc<Mesh>, policies: Policies) -> Self {
        let rules =
            DestinationRules::new(&mesh, policies.destination_rules.clone(), policies.subset_routes.clone());
        let policies = PolicySet::new(&mesh, policies);
        let namespace_modes = NamespaceModes::new(policies.root_namespace(), policies.peer_authentications());
        Self { mesh, policies, namespace_modes, destination_rules: Arc::new(rules) }
    }

    /// The same mesh and rules for clients under other policies: a what-if.
    pub fn with_policies(&self, policies: PolicySet) -> Self {
        Self {
            mesh: Arc::clone(&self.mesh),
            namespace_modes: NamespaceModes::new(policies.root_namespace(), policies.peer_authentications()),
            destination_rules: Arc::clone(&self.destination_rules),
            policies,
        }
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
