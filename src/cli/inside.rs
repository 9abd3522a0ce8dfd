//! What makes a program believe that it runs inside a pod: its environment, or a network namespace.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::admin::{MeshInfo, WorkloadView};
use crate::dns::resolv_conf;
use crate::netns::{NetnsError, enter_pod};

/// Variables that would lead a program around the mesh. Lower case wins in curl, upper case in others.
const LEAD_ASTRAY: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A workload's way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    workload: String,
    context: String,
    way: Way,
}

/// How a program's connections become the workload's.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// It is told of a SOCKS door; a shared one wants to hear from whom.
    Socks { door: SocketAddr, shared: bool },
    /// It runs in the workload's network, where they are taken over.
    Network(PodNetwork),
    /// There is neither.
    None,
}

/// A pod's network, as other processes enter it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PodNetwork {
    user_namespace: Option<PathBuf>,
    namespace: PathBuf,
    resolv_conf: String,
}

impl Inside {
    /// The way out of `workload` in the mesh that `info` describes: its own network, its outbound door, or the shared one.
    pub fn of(info: &MeshInfo, workload: &WorkloadView) -> Self {
        let own = workload.doors.iter().find(|door| door.door == "outbound").map(|door| door.address);
        let way = match (&workload.network_namespace, own, info.socks) {
            (Some(namespace), ..) => Way::Network(PodNetwork {
                user_namespace: info.user_namespace.as_ref().map(PathBuf::from),
                namespace: namespace.into(),
                resolv_conf: resolv_conf(
                    IpAddr::V4(Ipv4Addr::LOCALHOST),
                    &workload.namespace,
                    &info.cluster_domain,
                ),
            }),
            (None, Some(door), _) => Way::Socks { door, shared: false },
            (None, None, Some(door)) => Way::Socks { door, shared: true },
            (None, None, None) => Way::None,
        };
        Self { workload: workload.dotted(), context: info.context.clone(), way }
    }

    /// Moves this process, and what it starts from now on, into the workload's network, if it has one of its own.
    ///
    /// # Errors
    ///
    /// [`NetnsError`] when the pod cannot be entered.
    pub(crate) fn enter(&self) -> Result<(), NetnsError> {
        match &self.way {
            Way::Network(PodNetwork { user_namespace, namespace, resolv_conf }) => {
                enter_pod(user_namespace.as_deref(), namespace, resolv_conf)
            }
            Way::Socks { .. } | Way::None => Ok(()),
        }
    }

    /// The variables to set.
    ///
    /// `socks5h` rather than `socks5`: the proxy resolves names, because only the mesh knows them.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("GLASSTUNNEL_WORKLOAD", self.workload.clone()),
            ("GLASSTUNNEL_CONTEXT", self.context.clone()),
        ];
        if let Way::Socks { door, shared } = self.way {
            let proxy = match shared {
                true => format!("socks5h://{}@{door}", self.workload),
                false => format!("socks5h://{door}"),
            };
            variables.push(("ALL_PROXY", proxy.clone()));
            variables.push(("all_proxy", proxy));
            variables.push(("GLASSTUNNEL_PROXY", door.to_string()));
        }
        variables
    }

    /// The variables to take away, before those are set.
    pub fn removed(&self) -> [&'static str; 8] {
        LEAD_ASTRAY
    }
}
