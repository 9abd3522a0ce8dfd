//! Which doors a mesh has in loopback mode. Pure: binding is `app`'s.

use crate::addr::LocalAddr;
use crate::mesh::{Mesh, Name, Place, Reach, Workload};
use crate::proxy::ports;

/// What comes in through a door, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DoorKind {
    /// A workload port of its own address: bytes as clients send them.
    Captured {
        /// Whose.
        workload: Name,
        /// The workload port.
        port: u16,
    },
    /// 15008.
    Hbone {
        /// Whose.
        workload: Name,
    },
    /// 15080: SOCKS5 and HTTP CONNECT.
    Outbound {
        /// Whose; `None` is the shared door, where the user name says it.
        workload: Option<Name>,
    },
}

impl DoorKind {
    /// The word in tables: `captured`, `hbone` or `outbound`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Captured { .. } => "captured",
            Self::Hbone { .. } => "hbone",
            Self::Outbound { .. } => "outbound",
        }
    }

    /// The workload that the door belongs to.
    pub fn workload(&self) -> Option<&Name> {
        match self {
            Self::Captured { workload, .. } | Self::Hbone { workload } => Some(workload),
            Self::Outbound { workload } => workload.as_ref(),
        }
    }
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Door {
    /// What it is.
    pub kind: DoorKind,
    /// Where it listens.
    pub addr: LocalAddr,
}

/// All doors of `mesh`: the shared outbound door first, then each workload's.
pub fn doors(mesh: &Mesh, place: Place) -> Vec<Door> {
    let shared = LocalAddr::new(place.node_ip(), ports::SOCKS5);
    let mut all = vec![Door { kind: DoorKind::Outbound { workload: None }, addr: shared }];
    for workload in mesh.workloads() {
        all.extend(doors_of(workload, place));
    }
    all
}

/// The doors of one workload. Outside the mesh it has only a way out: its app listens for itself.
fn doors_of(workload: &Workload, place: Place) -> Vec<Door> {
    let name = || workload.name.clone();
    let captured = workload
        .ports
        .iter()
        .filter(|_| workload.reach.in_mesh())
        .map(|port| (DoorKind::Captured { workload: name(), port: port.number }, port.number));
    let hbone =
        (workload.reach == Reach::Hbone).then(|| (DoorKind::Hbone { workload: name() }, ports::HBONE));
    let outbound = (DoorKind::Outbound { workload: Some(name()) }, ports::SOCKS5);
    captured
        .chain(hbone)
        .chain([outbound])
        .filter_map(|(kind, port)| Some(Door { kind, addr: place.local(workload, port)? }))
        .collect()
}
