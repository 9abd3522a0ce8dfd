//! [`Ground`]: where a mesh stands on this machine, and what follows from that for doors, sockets and backends.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::addr::LocalAddr;
use crate::mesh::{Mesh, Name, Place, Workload};
use crate::net::Network;
use crate::proxy::{Door, Networks, doors, pod_doors};

/// Where a mesh stands on this machine.
#[derive(Clone, Debug, Default)]
pub enum Ground {
    /// Every workload has an address of its own in 127.0.0.0/8, and its doors there.
    #[default]
    Loopback,
    /// The network that this process runs in belongs to one workload; its app is a program of its own.
    One(One),
}

/// The proxy of one workload.
#[derive(Clone, Debug)]
pub struct One {
    /// Whose.
    pub workload: Name,
    /// Where 15001, 15006 and 15008 listen; `::` takes both families.
    pub bind: IpAddr,
    /// How its sockets are made.
    pub network: Network,
}

/// Where the app behind one port of a workload listens.
pub(crate) struct Spot {
    /// What to bind.
    pub(crate) bind: SocketAddr,
    /// How.
    pub(crate) network: Arc<Network>,
}

impl Ground {
    /// Whose proxy the process is.
    pub(crate) fn networks(&self) -> Networks {
        match self {
            Self::Loopback => Networks::default(),
            Self::One(one) => Networks::of_one(one.workload.clone(), one.network.clone()),
        }
    }

    /// The doors that `mesh` has there.
    pub(crate) fn doors(&self, mesh: &Mesh, place: Place) -> Vec<Door> {
        match self {
            Self::Loopback => doors(mesh, place),
            Self::One(one) => {
                mesh.workload(&one.workload).map(|own| pod_doors(own, one.bind)).unwrap_or_default()
            }
        }
    }

    /// Where this process runs the app of `port` of `workload`; `None` if that is a program of the user's.
    ///
    /// Behind a proxy on loopback the app listens on its workload's address and any free port; outside the mesh there is no
    /// proxy in front, and the app has the declared port itself.
    pub(crate) fn spot(&self, workload: &Workload, place: Place, port: u16) -> Option<Spot> {
        match self {
            Self::Loopback => {
                let port = if workload.reach.in_mesh() { 0 } else { port };
                let bind = LocalAddr::new(place.local_ip(workload)?, port).0;
                Some(Spot { bind, network: Arc::default() })
            }
            Self::One(_) => None,
        }
    }
}
