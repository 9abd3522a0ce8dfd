//! A workload: one pod or virtual machine of the mesh.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::name::{Name, Source};
use crate::mesh::reach::Reach;

/// What answers behind a workload's port on this machine (`glasstunnel.dev/backend`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum BackendKind {
    /// Answers every HTTP request with who it is, who called, and over which wire.
    #[default]
    Http,
    /// Sends back what it gets.
    Echo,
    /// As `Http`, but behind TLS of its own (the app's HTTPS).
    Tls,
    /// Echoes late and in small pieces.
    Slow,
    /// Reads, then resets the connection.
    Reset,
    /// Reads and never answers.
    Silent,
    /// Speaks before the client does, as SMTP and MySQL do.
    ServerFirst,
    /// The user's own server, `HOST:PORT`.
    At(Arc<str>),
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Echo => "echo",
            Self::Tls => "tls",
            Self::Slow => "slow",
            Self::Reset => "reset",
            Self::Silent => "silent",
            Self::ServerFirst => "server-first",
            Self::At(target) => target,
        })
    }
}

/// A port that the workload's containers listen on: what policies call the workload port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerPort {
    /// 1 to 65535.
    pub number: u16,
    /// The name that a Service's `targetPort` may use.
    pub name: Option<String>,
}

/// One workload of the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Namespace and pod name.
    pub name: Name,
    /// Who it is; also for workloads outside the mesh, which never get to show it.
    pub identity: SpiffeId,
    /// The pod's labels, which selectors match.
    pub labels: BTreeMap<String, String>,
    /// Its addresses in the mesh, the first one being the primary; never empty.
    pub addresses: Vec<IpAddr>,
    /// A number of its own, stable for its name: the address on loopback is made from it. `None` where a mesh has more
    /// workloads than loopback has addresses.
    pub slot: Option<u16>,
    /// Its declared ports, in ascending order.
    pub ports: Vec<ContainerPort>,
    /// How peers reach it.
    pub reach: Reach,
    /// What answers behind its ports here.
    pub backend: BackendKind,
    /// `deployment`, `pod`, `job` or `cronjob`, for baggage.
    pub controller_kind: &'static str,
    /// The name of that controller.
    pub controller: String,
    /// `service.istio.io/canonical-name`, or the `app` label, or the controller's name.
    pub canonical_name: String,
    /// `service.istio.io/canonical-revision`, or the `version` label, or `latest`.
    pub canonical_revision: String,
    /// The node that it is said to run on.
    pub node: Option<String>,
    /// The waypoint that it is enrolled with (`istio.io/use-waypoint`).
    pub waypoint: Option<String>,
    /// Where it is declared.
    pub source: Source,
}

impl Workload {
    /// The primary address in the mesh, with `port`.
    pub fn address(&self, port: u16) -> MeshAddr {
        let unspecified = IpAddr::from([0, 0, 0, 0]);
        MeshAddr::new(self.addresses.first().copied().unwrap_or(unspecified), port)
    }

    /// The address by which somebody reaches it who dialled `wanted`: that one if it has it, else one of the same family,
    /// else the primary one; `None` for a workload without addresses.
    pub fn address_like(&self, wanted: IpAddr) -> Option<IpAddr> {
        let same = |family: &&IpAddr| family.is_ipv4() == wanted.is_ipv4();
        let exact = self.addresses.iter().find(|own| **own == wanted);
        exact.or_else(|| self.addresses.iter().find(same)).or_else(|| self.addresses.first()).copied()
    }

    /// Its end of a connection whose other end is `other`, with `port`.
    pub fn address_towards(&self, other: IpAddr, port: u16) -> MeshAddr {
        self.address_like(other).map_or_else(|| self.address(port), |ip| MeshAddr::new(ip, port))
    }

    /// Whether `selector` picks this workload: every pair must be among its labels.
    pub fn matches(&self, selector: &BTreeMap<String, String>) -> bool {
        selector.iter().all(|(key, value)| self.labels.get(key) == Some(value))
    }
}
