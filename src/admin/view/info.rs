//! The running mesh as a whole: where it came from and which doors are open.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;

/// One running mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeshInfo {
    /// This program's version.
    pub version: String,
    /// The name by which commands find it (`--context`).
    pub context: String,
    /// The process.
    pub pid: u32,
    /// `demo mesh`, or the files that it was read from.
    pub mesh_source: String,
    /// The trust domain of its identities.
    pub trust_domain: String,
    /// `istio` or `ztunnel`.
    pub semantics: String,
    /// Who issues its certificates, in words.
    pub ca: String,
    /// The folder where its CA is kept; absent when everything is in memory and nothing is written to disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_dir: Option<String>,
    /// Whether the CA is one of the user's own, whose identities are real somewhere.
    #[serde(default)]
    pub ca_is_plugged_in: bool,
    /// Whether the beginnings of connections are kept, with their keys: what `trace` and `capture` show.
    #[serde(default)]
    pub is_tapped: bool,
    /// The address of the doors that no single workload has.
    pub node_ip: IpAddr,
    /// What its host names end with.
    pub cluster_domain: String,
    /// The user namespace that the pods' networks belong to, as a path, where it is not the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_namespace: Option<String>,
    /// The outbound door for every workload, where there is one: SOCKS5, the user name says which; HTTP CONNECT on the same
    /// port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socks: Option<SocketAddr>,
    /// The admin listener on TCP, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
    /// From the start of the process until all doors listened.
    pub ready_in_ns: u64,
    /// The workloads, in the order of their names.
    pub workloads: Vec<WorkloadDoors>,
}

/// Where one workload is on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadDoors {
    /// `namespace/name`.
    pub name: String,
    /// Its address as policies and logs know it.
    pub mesh_ip: IpAddr,
    /// Its address on this machine.
    pub local_ip: IpAddr,
    /// Its network namespace as a path, for `nsenter --net=PATH`, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_namespace: Option<String>,
    /// `hbone`, `sidecar` or `plain`.
    pub reach: String,
    /// Its listeners.
    pub doors: Vec<DoorView>,
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DoorView {
    /// `captured`, `hbone`, `outbound` or `app`.
    pub door: String,
    /// Where it listens.
    pub address: SocketAddr,
}

impl MeshInfo {
    /// The doors of the workload `namespace/name`.
    pub fn doors_of(&self, name: &str) -> Option<&WorkloadDoors> {
        self.workloads.iter().find(|workload| workload.name == name)
    }
}

impl WorkloadDoors {
    /// The listeners of one kind, in their order.
    pub fn at<'a>(&'a self, door: &'a str) -> impl Iterator<Item = SocketAddr> + 'a {
        self.doors.iter().filter(move |listener| listener.door == door).map(|listener| listener.address)
    }
}

impl Kind for MeshInfo {
    const KIND: &'static str = "MeshInfo";
}
