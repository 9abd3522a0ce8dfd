//! The mesh and its policies at one moment, swapped as one, read without a lock.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::mesh::Mesh;
use crate::policy::set::{Policies, PolicySet};

/// A mesh with the policies that were resolved against it.
#[derive(Debug)]
pub struct Snapshot {
    /// The mesh.
    pub mesh: Arc<Mesh>,
    /// Its policies.
    pub policies: PolicySet,
}

impl Snapshot {
    /// Resolves `policies` against `mesh`.
    pub fn new(mesh: Arc<Mesh>, policies: Policies) -> Self {
        let policies = PolicySet::new(&mesh, policies);
        Self { mesh, policies }
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
