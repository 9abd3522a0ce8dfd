//! A service: a name and a VIP in front of workloads, with its own port numbers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::name::{Name, Source};
use crate::mesh::workload::Workload;

/// What a service port points at inside the pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TargetPort {
    /// A workload port by number.
    Number(u16),
    /// A workload port by its container port's name.
    Name(String),
}

/// One port of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServicePort {
    /// The port clients dial, 1 to 65535.
    pub number: u16,
    /// Its name, which Istio reads the protocol from.
    pub name: Option<String>,
    /// The workload port behind it.
    pub target: TargetPort,
}

/// One workload behind a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The workload.
    pub workload: Arc<Workload>,
    /// Service port to workload port; a service port that this workload lacks is absent.
    pub ports: BTreeMap<u16, u16>,
}

/// One service of the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Namespace and name.
    pub name: Name,
    /// The fully qualified host name.
    pub hostname: String,
    /// Its virtual addresses; empty for a headless service.
    pub vips: Vec<IpAddr>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// The workloads behind it, in the order of their names.
    pub endpoints: Vec<Endpoint>,
    /// The waypoint that it is enrolled with.
    pub waypoint: Option<String>,
    /// Where it is declared.
    pub source: Source,
}

impl Service {
    /// The endpoints that serve `port`, with their workload port.
    pub fn endpoints_of(&self, port: u16) -> impl Iterator<Item = (&Arc<Workload>, u16)> {
        self.endpoints
            .iter()
            .filter_map(move |endpoint| endpoint.ports.get(&port).map(|target| (&endpoint.workload, *target)))
    }

    /// Picks one endpoint for `port`; `turn` is any counter or random number.
    ///
    /// `None` when no endpoint serves the port, which ztunnel calls `no healthy upstream`.
    pub fn pick(&self, port: u16, turn: usize) -> Option<(&Arc<Workload>, u16)> {
        let count = self.endpoints_of(port).count();
        self.endpoints_of(port).nth(turn.checked_rem(count)?)
    }
}
