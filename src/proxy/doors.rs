//! Which doors a mesh has. Pure: binding is `app`'s.

use std::net::{IpAddr, Ipv4Addr};

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
    /// 15006: connections to any port of the workload that were led there; the kernel knows which.
    Redirected {
        /// Whose.
        workload: Name,
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
    /// 15001: connections of the workload's programs that were led there; the kernel knows where to.
    OutboundRedirected {
        /// Whose.
        workload: Name,
    },
}

impl DoorKind {
    /// The word in tables: `captured`, `hbone` or `outbound`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Captured { .. } | Self::Redirected { .. } => "captured",
            Self::Hbone { .. } => "hbone",
            Self::Outbound { .. } | Self::OutboundRedirected { .. } => "outbound",
        }
    }

    /// The workload that the door belongs to.
    pub fn workload(&self) -> Option<&Name> {
        match self {
            Self::Captured { workload, .. }
            | Self::Redirected { workload }
            | Self::Hbone { workload }
            | Self::OutboundRedirected { workload } => Some(workload),
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

/// All doors of `mesh` in loopback mode: the shared outbound door first, then each workload's.
pub fn doors(mesh: &Mesh, place: Place) -> Vec<Door> {
    let shared = LocalAddr::new(place.node_ip(), ports::SOCKS5);
    let mut all = vec![Door { kind: DoorKind::Outbound { workload: None }, addr: shared }];
    for workload in mesh.workloads() {
        all.extend(doors_of(workload, place));
    }
    all
}

/// ztunnel's doors of one workload in a network that is its own, listening on `bind`. Outside the mesh it has only ways out.
pub fn pod_doors(workload: &Workload, bind: IpAddr) -> Vec<Door> {
    let name = || workload.name.clone();
    let at = |kind, ip, port| Door { kind, addr: LocalAddr::new(ip, port) };
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let captured = workload.reach.in_mesh();
    let captured = captured.then(|| at(DoorKind::Redirected { workload: name() }, bind, ports::CAPTURED));
    let hbone = workload.reach == Reach::Hbone;
    let hbone = hbone.then(|| at(DoorKind::Hbone { workload: name() }, bind, ports::HBONE));
    let out = at(DoorKind::OutboundRedirected { workload: name() }, bind, ports::OUTBOUND);
    let socks = at(DoorKind::Outbound { workload: Some(name()) }, loopback, ports::SOCKS5);
    captured.into_iter().chain(hbone).chain([out, socks]).collect()
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
        .filter_map(|(kind, port)| Some(Door { kind, addr: LocalAddr::new(place.local_ip(workload)?, port) }))
        .collect()
}
