//! [`Layout`]: pods, backends and doors of a mesh, all of them bound before anything runs.

use std::collections::{HashSet, VecDeque};
use std::net::{SocketAddr, TcpListener};

use crate::app::backends::{Placement, Rearranged, rearrange};
use crate::app::bind;
use crate::app::error::StartError;
use crate::app::ground::Ground;
use crate::app::pods::PodMap;
use crate::app::there::There;
use crate::mesh::{Mesh, Place};
use crate::proxy::{Door, DoorKind, Networks};

/// Pods, backends and doors of a mesh that is about to start.
pub(crate) struct Layout {
    pub(crate) pods: PodMap,
    pub(crate) networks: Networks,
    pub(crate) backends: Rearranged,
    pub(crate) doors: Vec<Door>,
    /// The listeners of all doors, a share for each worker.
    pub(crate) shares: Vec<VecDeque<(Door, TcpListener)>>,
}

impl Layout {
    /// What `mesh` wants on `ground`; an error closes again what was opened.
    pub(crate) fn new(
        mesh: &Mesh,
        (ground, place): (&Ground, Place),
        workers: usize,
    ) -> Result<Self, StartError> {
        let pods = ground.pods(mesh, &PodMap::new())?;
        let networks = ground.networks(&pods);
        let nothing = (&Placement::new(), &HashSet::new());
        let backends = rearrange(mesh, (ground, place, &networks), nothing)?;
        let doors = ground.doors(mesh, place);
        let shares = bind::open(&doors, workers.max(1), &networks)?;
        Ok(Self { pods, networks, backends, doors, shares })
    }

    /// The same, for descriptions of it.
    pub(crate) fn there(&self) -> There<'_> {
        There { doors: &self.doors, placement: &self.backends.placement, pods: &self.pods }
    }

    /// The door for programs that say whom they stand for.
    pub(crate) fn shared_door(&self) -> Option<SocketAddr> {
        let shared = DoorKind::Outbound { workload: None };
        self.doors.iter().find(|door| door.kind == shared).map(|door| door.addr.0)
    }

    /// Where anything of the mesh listens, and what else is this process's.
    pub(crate) fn listeners(&self, own: &HashSet<SocketAddr>) -> HashSet<SocketAddr> {
        own.iter().copied().chain(self.doors.iter().map(|door| door.addr.0)).collect()
    }
}
