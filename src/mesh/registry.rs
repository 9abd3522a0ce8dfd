//! The mesh, indexed: who owns an address, what a name means.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::HashMap;

use crate::mesh::name::Name;
use crate::mesh::service::Service;
use crate::mesh::settings::{Semantics, Settings};
use crate::mesh::workload::Workload;

/// Who owns a mesh address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A pod's address.
    Workload(Arc<Workload>),
    /// A service's VIP.
    Service(Arc<Service>),
}

/// An immutable snapshot of the mesh; look-ups cost one hash, whatever its size.
#[derive(Debug)]
pub struct Mesh {
    pub(in crate::mesh) settings: Settings,
    pub(in crate::mesh) namespaces: BTreeMap<String, BTreeMap<String, String>>,
    pub(in crate::mesh) workloads: BTreeMap<Name, Arc<Workload>>,
    pub(in crate::mesh) services: BTreeMap<Name, Arc<Service>>,
    pub(in crate::mesh) by_address: HashMap<IpAddr, Owner>,
    pub(in crate::mesh) by_hostname: HashMap<String, Arc<Service>>,
    pub(in crate::mesh) by_slot: HashMap<u16, Arc<Workload>>,
}

impl Mesh {
    pub(in crate::mesh) fn empty(settings: Settings) -> Self {
        Self {
            settings,
            namespaces: BTreeMap::new(),
            workloads: BTreeMap::new(),
            services: BTreeMap::new(),
            by_address: HashMap::default(),
            by_hostname: HashMap::default(),
            by_slot: HashMap::default(),
        }
    }

    /// The mesh-wide settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whose rules decide.
    pub fn semantics(&self) -> Semantics {
        self.settings.semantics
    }

    /// All workloads, in the order of their names.
    pub fn workloads(&self) -> impl ExactSizeIterator<Item = &Arc<Workload>> {
        self.workloads.values()
    }

    /// The workloads of one namespace, in the order of their names.
    pub fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Arc<Workload>> {
        let namespace: Arc<str> = namespace.into();
        let from = Name { namespace: Arc::clone(&namespace), name: "".into() };
        self.workloads
            .range(from..)
            .map(|(_, workload)| workload)
            .take_while(move |workload| workload.name.namespace == namespace)
    }

    /// All services, in the order of their names.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Arc<Service>> {
        self.services.values()
    }

    /// The workload of that name.
    pub fn workload(&self, name: &Name) -> Option<&Arc<Workload>> {
        self.workloads.get(name)
    }

    /// The service of that name.
    pub fn service(&self, name: &Name) -> Option<&Arc<Service>> {
        self.services.get(name)
    }

    /// Who owns `ip`.
    pub fn owner(&self, ip: IpAddr) -> Option<&Owner> {
        self.by_address.get(&ip.to_canonical())
    }

    /// The workload that owns `ip`.
    pub fn workload_at(&self, ip: IpAddr) -> Option<&Arc<Workload>> {
        match self.owner(ip)? {
            Owner::Workload(workload) => Some(workload),
            Owner::Service(_) => None,
        }
    }

    /// The workload in `slot`, which is how a local address is read back.
    pub fn workload_in_slot(&self, slot: u16) -> Option<&Arc<Workload>> {
        self.by_slot.get(&slot)
    }

    /// The service with that fully qualified host name.
    pub fn service_named(&self, hostname: &str) -> Option<&Arc<Service>> {
        self.by_hostname.get(hostname)
    }
}
