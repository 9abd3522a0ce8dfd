//! Spec to mesh: addresses allotted, labels read, selectors resolved, everything indexed.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use crate::identity::SpiffeId;
use crate::mesh::allot::{self, SLOTS, Slots};
use crate::mesh::error::MeshError;
use crate::mesh::name::{Name, Source};
use crate::mesh::reach::Reach;
use crate::mesh::registry::{Mesh, Owner};
use crate::mesh::service::{Endpoint, Service, TargetPort};
use crate::mesh::spec::{MeshSpec, ServiceSpec, WorkloadSpec};
use crate::mesh::workload::Workload;

type Labels = BTreeMap<String, String>;

/// Builds the mesh.
///
/// # Errors
///
/// The first of [`MeshError`]'s disagreements, in the order of names; nothing is built then.
pub fn build(spec: MeshSpec) -> Result<Mesh, MeshError> {
    let namespaces = index_namespaces(&spec)?;
    let mut owners = Owners::declared(&spec)?;
    let mut mesh = Mesh::empty(spec.settings);
    mesh.namespaces = namespaces;
    for workload in sorted(spec.workloads, |workload| &workload.name) {
        let workload = Arc::new(owners.workload(&mesh, workload)?);
        mesh.add_workload(workload);
    }
    let labelled = Labelled::index(&mesh);
    for service in sorted(spec.services, |service| &service.name) {
        let service = Arc::new(owners.service(&mesh, &labelled, service)?);
        mesh.add_service(service);
    }
    Ok(mesh)
}

fn sorted<T>(mut items: Vec<T>, name: impl Fn(&T) -> &Name) -> Vec<T> {
    items.sort_by(|left, right| name(left).cmp(name(right)));
    items
}

fn index_namespaces(spec: &MeshSpec) -> Result<BTreeMap<String, Labels>, MeshError> {
    let mut seen: BTreeMap<&str, &Source> = BTreeMap::new();
    for namespace in &spec.namespaces {
        if let Some(first) = seen.insert(&namespace.name, &namespace.source) {
            return Err(MeshError::DuplicateName {
                kind: "Namespace",
                name: Name::new("", namespace.name.as_str()),
                first: first.clone(),
                second: namespace.source.clone(),
            });
        }
    }
    Ok(spec.namespaces.iter().map(|namespace| (namespace.name.clone(), namespace.labels.clone())).collect())
}

/// Who has which name and address while the mesh is being built.
struct Owners {
    addresses: HashMap<IpAddr, (Name, Source)>,
    pods: Slots,
    services: Slots,
}

impl Owners {
    /// Takes every declared name and address first, so that an allotted one never collides with a later document.
    fn declared(spec: &MeshSpec) -> Result<Self, MeshError> {
        let mut owners =
            Self { addresses: HashMap::new(), pods: Slots::default(), services: Slots::default() };
        unique("Workload", spec.workloads.iter().map(|workload| (&workload.name, &workload.source)))?;
        unique("Service", spec.services.iter().map(|service| (&service.name, &service.source)))?;
        for workload in spec.workloads.iter().filter(|workload| !workload.host_network) {
            owners.claim(&workload.addresses, &workload.name, &workload.source)?;
        }
        for service in &spec.services {
            owners.claim(&service.vips, &service.name, &service.source)?;
        }
        Ok(owners)
    }

    fn claim(&mut self, addresses: &[IpAddr], name: &Name, source: &Source) -> Result<(), MeshError> {
        for ip in addresses {
            if let Some((first_owner, first)) = self.addresses.insert(*ip, (name.clone(), source.clone())) {
                return Err(MeshError::DuplicateAddress {
                    ip: *ip,
                    first_owner,
                    first,
                    second_owner: name.clone(),
                    second: source.clone(),
                });
            }
        }
        Ok(())
    }

    fn workload(&mut self, mesh: &Mesh, spec: WorkloadSpec) -> Result<Workload, MeshError> {
        let taken = &self.addresses;
        let slot =
            self.pods.take(&spec.name.to_string(), |slot| !taken.contains_key(&allot::pod_address(slot)));
        let addresses = or_allotted(spec.addresses, slot.map(allot::pod_address))
            .ok_or_else(|| exhausted(&spec.name, &spec.source))?;
        let trust_domain = &mesh.settings().trust_domain;
        let identity =
            SpiffeId::new(trust_domain, &spec.name.namespace, &spec.service_account).map_err(|source| {
                MeshError::Identity { name: spec.name.clone(), at: spec.source.clone(), source }
            })?;
        let mut ports = spec.ports;
        ports.sort_by_key(|port| port.number);
        ports.dedup_by_key(|port| port.number);
        let no_labels = Labels::new();
        let namespace = mesh.namespaces.get(&*spec.name.namespace).unwrap_or(&no_labels);
        let reach = if spec.host_network { Reach::Plain } else { Reach::of(namespace, &spec.labels) };
        let label = |keys: [&str; 2]| keys.iter().find_map(|key| spec.labels.get(*key)).cloned();
        Ok(Workload {
            identity,
            addresses,
            slot,
            ports,
            reach,
            waypoint: waypoint(&spec.labels).or_else(|| waypoint(namespace)),
            canonical_name: label(["service.istio.io/canonical-name", "app"])
                .unwrap_or_else(|| spec.controller.name.clone()),
            canonical_revision: label(["service.istio.io/canonical-revision", "version"])
                .unwrap_or_else(|| "latest".to_owned()),
            controller_kind: spec.controller.kind,
            controller: spec.controller.name,
            labels: spec.labels,
            backend: spec.backend,
            node: spec.node,
            name: spec.name,
            source: spec.source,
        })
    }

    fn service(&mut self, mesh: &Mesh, labelled: &Labelled, spec: ServiceSpec) -> Result<Service, MeshError> {
        let taken = &self.addresses;
        let slot = self
            .services
            .take(&spec.name.to_string(), |slot| !taken.contains_key(&allot::service_address(slot)));
        let vips = match spec.headless {
            true => Vec::new(),
            false => or_allotted(spec.vips, slot.map(allot::service_address))
                .ok_or_else(|| exhausted(&spec.name, &spec.source))?,
        };
        let domain = &mesh.settings().cluster_domain;
        Ok(Service {
            hostname: format!("{}.{}.svc.{domain}", spec.name.name, spec.name.namespace),
            vips,
            endpoints: endpoints(labelled, &spec.name, &spec.selector, &spec.ports),
            waypoint: waypoint(&spec.labels),
            ports: spec.ports,
            name: spec.name,
            source: spec.source,
        })
    }
}

fn unique<'a>(
    kind: &'static str,
    objects: impl Iterator<Item = (&'a Name, &'a Source)>,
) -> Result<(), MeshError> {
    let mut seen: HashMap<&Name, &Source> = HashMap::new();
    for (name, source) in objects {
        if let Some(first) = seen.insert(name, source) {
            let (first, second) = (first.clone(), source.clone());
            return Err(MeshError::DuplicateName { kind, name: name.clone(), first, second });
        }
    }
    Ok(())
}

fn exhausted(name: &Name, source: &Source) -> MeshError {
    MeshError::Exhausted { name: name.clone(), at: source.clone(), limit: SLOTS }
}

/// What was declared, or else what was allotted, if there was anything left.
fn or_allotted(declared: Vec<IpAddr>, allotted: Option<IpAddr>) -> Option<Vec<IpAddr>> {
    if declared.is_empty() { allotted.map(|ip| vec![ip]) } else { Some(declared) }
}

fn waypoint(labels: &Labels) -> Option<String> {
    labels.get("istio.io/use-waypoint").filter(|name| *name != "none").cloned()
}

/// Workloads by namespace and label, so that a service looks at its own pods and not at everybody's.
struct Labelled {
    by_label: HashMap<(Arc<str>, String, String), Vec<Arc<Workload>>>,
}

impl Labelled {
    fn index(mesh: &Mesh) -> Self {
        let mut by_label: HashMap<_, Vec<Arc<Workload>>> = HashMap::new();
        for workload in mesh.workloads() {
            for (key, value) in &workload.labels {
                let entry = (Arc::clone(&workload.name.namespace), key.clone(), value.clone());
                by_label.entry(entry).or_default().push(Arc::clone(workload));
            }
        }
        Self { by_label }
    }

    /// The workloads with all labels of `selector`, in the order of their names; an empty selector selects none.
    fn select<'a>(
        &'a self,
        namespace: &Arc<str>,
        selector: &'a Labels,
    ) -> impl Iterator<Item = &'a Arc<Workload>> {
        let with = |(key, value): (&String, &String)| {
            let found = self.by_label.get(&(Arc::clone(namespace), key.clone(), value.clone()));
            found.map(Vec::as_slice).unwrap_or_default()
        };
        let fewest = selector.iter().map(with).min_by_key(|workloads| workloads.len());
        fewest.unwrap_or_default().iter().filter(|workload| workload.matches(selector))
    }
}

/// The workloads behind a service: those of its namespace with all labels of a non-empty selector.
fn endpoints(
    labelled: &Labelled,
    name: &Name,
    selector: &Labels,
    ports: &[crate::mesh::service::ServicePort],
) -> Vec<Endpoint> {
    labelled
        .select(&name.namespace, selector)
        .map(|workload| Endpoint {
            workload: Arc::clone(workload),
            ports: ports
                .iter()
                .filter_map(|port| Some((port.number, workload_port(workload, &port.target)?)))
                .collect(),
        })
        .collect()
}

fn workload_port(workload: &Workload, target: &TargetPort) -> Option<u16> {
    match target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let named = workload.ports.iter().find(|port| port.name.as_ref() == Some(name));
            named.map(|port| port.number)
        }
    }
}

impl Mesh {
    fn add_workload(&mut self, workload: Arc<Workload>) {
        for ip in &workload.addresses {
            self.by_address.entry(*ip).or_insert_with(|| Owner::Workload(Arc::clone(&workload)));
        }
        if let Some(slot) = workload.slot {
            self.by_slot.insert(slot, Arc::clone(&workload));
        }
        self.workloads.insert(workload.name.clone(), workload);
    }

    fn add_service(&mut self, service: Arc<Service>) {
        for ip in &service.vips {
            self.by_address.entry(*ip).or_insert_with(|| Owner::Service(Arc::clone(&service)));
        }
        self.by_hostname.insert(service.hostname.clone(), Arc::clone(&service));
        self.services.insert(service.name.clone(), service);
    }
}

#[cfg(test)]
mod tests;
