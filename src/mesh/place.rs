//! Where workloads are on this machine: the one translation between mesh addresses and local addresses.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::addr::{LocalAddr, MeshAddr};
use crate::mesh::allot;
use crate::mesh::registry::Mesh;
use crate::mesh::workload::Workload;

/// How mesh addresses become local ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Loopback mode: each workload has an address of its own in `127.BLOCK.0.0/16`.
    Loopback {
        /// The second octet, which keeps several meshes on one machine apart.
        block: u8,
    },
    /// In network namespaces the two are the same.
    Direct,
}

impl Place {
    /// The local IP of `workload`; `None` when it has no address of its own there.
    pub fn local_ip(self, workload: &Workload) -> Option<IpAddr> {
        match self {
            Self::Direct => workload.addresses.first().copied(),
            Self::Loopback { block } => {
                let [third, fourth] = allot::octets(workload.slot?);
                Some(IpAddr::V4(Ipv4Addr::new(127, block, third, fourth)))
            }
        }
    }

    /// The address of the mesh's own doors (admin, the shared SOCKS5 listener), which no workload has.
    pub fn node_ip(self) -> IpAddr {
        match self {
            Self::Direct => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::Loopback { block } => IpAddr::V4(Ipv4Addr::new(127, block, 0, 1)),
        }
    }

    /// Where `workload`, which the mesh knows by `address`, is reached here on `port`.
    pub fn local(self, workload: &Workload, address: IpAddr, port: u16) -> Option<LocalAddr> {
        match self {
            Self::Direct => Some(LocalAddr::new(address, port)),
            Self::Loopback { .. } => Some(LocalAddr::new(self.local_ip(workload)?, port)),
        }
    }

    /// Whose local address `ip` is.
    pub fn workload(self, mesh: &Mesh, ip: IpAddr) -> Option<&Arc<Workload>> {
        match (self, ip.to_canonical()) {
            (Self::Direct, ip) => mesh.workload_at(ip),
            (Self::Loopback { block }, IpAddr::V4(ip)) => match ip.octets() {
                [127, second, third, fourth] if second == block => {
                    mesh.workload_in_slot(allot::slot(third, fourth)?)
                }
                _ => None,
            },
            (Self::Loopback { .. }, IpAddr::V6(_)) => None,
        }
    }

    /// A local address as the mesh sees it: the workload's mesh address, or unchanged for anyone outside.
    pub fn mesh_addr(self, mesh: &Mesh, local: LocalAddr) -> MeshAddr {
        match (self, self.workload(mesh, local.ip())) {
            (Self::Loopback { .. }, Some(workload)) => workload.address(local.port()),
            _ => MeshAddr::new(local.ip(), local.port()),
        }
    }
}
