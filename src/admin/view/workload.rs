//! Workloads, with the modes that hold for them and the doors they have here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::info::{DoorView, WorkloadDoors};
use crate::admin::view::policy::{ModeView, PortMode};
use crate::mesh::{Reach, Workload};
use crate::policy::PolicySet;

/// One workload; fields that ztunnel's dump has, too, carry ztunnel's names (reference/hbone.md 8.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadView {
    /// Its namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// Its addresses in the mesh, the primary one first.
    pub workload_ips: Vec<IpAddr>,
    /// `HBONE` or `TCP`.
    pub protocol: String,
    /// `hbone`, `sidecar` or `plain`: TCP is two things.
    pub reach: String,
    /// Its identity, which a workload outside the mesh never gets to show.
    pub identity: String,
    /// Its service account.
    pub service_account: String,
    /// `deployment`, `pod`, `job` or `cronjob`.
    pub workload_type: String,
    /// The name of what made it.
    pub workload_name: String,
    /// The name under which telemetry groups it.
    pub canonical_name: String,
    /// The revision under which telemetry groups it.
    pub canonical_revision: String,
    /// The node that it is said to run on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The waypoint that it is enrolled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waypoint: Option<String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its declared ports, in ascending order.
    pub ports: Vec<PortView>,
    /// What answers behind them here.
    pub backend: String,
    /// The mode that holds for it, ports apart.
    pub mode: ModeView,
    /// The ports with a mode of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub port_modes: Vec<PortMode>,
    /// Its address on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_ip: Option<IpAddr>,
    /// Its network namespace as a path, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_namespace: Option<String>,
    /// Its listeners on this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doors: Vec<DoorView>,
    /// Where it is declared, `file:line`.
    pub source: String,
}

/// One declared port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortView {
    /// The workload port.
    pub number: u16,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl WorkloadView {
    /// The view of `workload` under `policies`, with its doors if it has any here.
    pub fn of(workload: &Workload, policies: &PolicySet, doors: Option<&WorkloadDoors>) -> Self {
        let (base, ports) = policies.effective_of(&workload.name);
        let own = ports.filter(|(_, mode)| mode.mode != base.mode);
        Self {
            namespace: workload.name.namespace.to_string(),
            name: workload.name.name.to_string(),
            workload_ips: workload.addresses.clone(),
            protocol: workload.reach.to_string(),
            reach: reach(workload.reach).to_owned(),
            identity: workload.identity.to_string(),
            service_account: workload.identity.service_account().to_owned(),
            workload_type: workload.controller_kind.to_owned(),
            workload_name: workload.controller.clone(),
            canonical_name: workload.canonical_name.clone(),
            canonical_revision: workload.canonical_revision.clone(),
            node: workload.node.clone(),
            waypoint: workload.waypoint.clone(),
            labels: workload.labels.clone(),
            ports: workload
                .ports
                .iter()
                .map(|port| PortView { number: port.number, name: port.name.clone() })
                .collect(),
            backend: workload.backend.to_string(),
            mode: base.into(),
            port_modes: own.map(|(port, mode)| PortMode { port, mode: mode.into() }).collect(),
            local_ip: doors.map(|doors| doors.local_ip),
            network_namespace: doors.and_then(|doors| doors.network_namespace.clone()),
            doors: doors.map(|doors| doors.doors.clone()).unwrap_or_default(),
            source: workload.source.to_string(),
        }
    }

    /// `namespace/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// `name.namespace`, as people type it.
    pub fn dotted(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }

    /// Whether it has an identity that peers get to see.
    pub fn in_mesh(&self) -> bool {
        self.reach != reach(Reach::Plain)
    }

    /// The mode of `port`.
    pub fn mode_of(&self, port: u16) -> &ModeView {
        self.port_modes.iter().find(|own| own.port == port).map_or(&self.mode, |own| &own.mode)
    }
}

/// The word for how peers reach a workload, in [`WorkloadView`] and in [`WorkloadDoors`].
fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Hbone => "hbone",
        Reach::Sidecar => "sidecar",
        Reach::Plain => "plain",
    }
}

impl Kind for WorkloadView {
    const KIND: &'static str = "Workload";
}
