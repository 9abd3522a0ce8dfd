//! What a mesh is built from: the documents' content, before addresses are allotted and selectors resolved.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::mesh::name::{Name, Source};
use crate::mesh::service::ServicePort;
use crate::mesh::settings::Settings;
use crate::mesh::workload::{BackendKind, ContainerPort};

/// A namespace and its labels; a namespace that is only mentioned by others has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceSpec {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where it is declared.
    pub source: Source,
}

/// What made a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// `deployment`, `pod`, `job` or `cronjob`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// A workload as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadSpec {
    /// Namespace and pod name.
    pub name: Name,
    /// The service account; `default` where the document has none.
    pub service_account: String,
    /// The pod's labels.
    pub labels: BTreeMap<String, String>,
    /// Declared addresses; empty means that one is allotted.
    pub addresses: Vec<IpAddr>,
    /// Whether it shares its node's address (`hostNetwork`), and so is never in the mesh.
    pub host_network: bool,
    /// Declared ports, in any order.
    pub ports: Vec<ContainerPort>,
    /// What answers behind its ports here.
    pub backend: BackendKind,
    /// What made it.
    pub controller: Controller,
    /// The node that it is said to run on.
    pub node: Option<String>,
    /// Where it is declared.
    pub source: Source,
}

/// A service as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Namespace and name.
    pub name: Name,
    /// Declared cluster IPs; empty and not headless means that one is allotted.
    pub vips: Vec<IpAddr>,
    /// `clusterIP: None`.
    pub headless: bool,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Which pods of its namespace stand behind it; empty selects none.
    pub selector: BTreeMap<String, String>,
    /// The service's labels.
    pub labels: BTreeMap<String, String>,
    /// Where it is declared.
    pub source: Source,
}

/// Everything that a mesh is built from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshSpec {
    /// Mesh-wide settings.
    pub settings: Settings,
    /// The namespaces that are declared.
    pub namespaces: Vec<NamespaceSpec>,
    /// The workloads.
    pub workloads: Vec<WorkloadSpec>,
    /// The services.
    pub services: Vec<ServiceSpec>,
}
