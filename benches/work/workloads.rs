//! A mesh of many workloads, and who is looked for in it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use glasstunnel::addr::MeshAddr;
use glasstunnel::mesh::{
    BackendKind, ContainerPort, Controller, Mesh, MeshSpec, Name, NamespaceSpec, Owner, Place, ServicePort,
    ServiceSpec, Source, TargetPort, Workload, WorkloadSpec, build,
};
use glasstunnel::policy::{Policies, Snapshot};
use glasstunnel::proxy::{Chosen, route};

/// How many workloads stand in a namespace, behind its one service.
const TOGETHER: usize = 2;

/// How many services are dialled in turn: enough that no single place in a hash table decides what is measured.
const DIALLED: usize = 1_000;

fn labels(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

fn address(first: u8, number: usize) -> IpAddr {
    let [_, second, third, fourth] = u32::try_from(number + 1).unwrap().to_be_bytes();
    Ipv4Addr::new(first, second, third, fourth).into()
}

fn workload(number: usize) -> WorkloadSpec {
    WorkloadSpec {
        name: Name::new(format!("ns-{}", number / TOGETHER), format!("app-{number}")),
        service_account: "app".to_owned(),
        labels: labels("app", "app"),
        addresses: vec![address(10, number)],
        host_network: false,
        ports: vec![ContainerPort { number: 3000, name: None }],
        backend: BackendKind::Http,
        controller: Controller { kind: "deployment", name: "app".to_owned() },
        node: None,
        source: Source::new("bench", 1),
    }
}

fn service(number: usize) -> ServiceSpec {
    ServiceSpec {
        name: Name::new(format!("ns-{number}"), "app"),
        vips: vec![address(11, number)],
        headless: false,
        ports: vec![ServicePort { number: 80, name: None, target: TargetPort::Number(3000) }],
        selector: labels("app", "app"),
        labels: BTreeMap::new(),
        source: Source::new("bench", 1),
    }
}

fn namespace(number: usize) -> NamespaceSpec {
    NamespaceSpec {
        name: format!("ns-{number}"),
        labels: labels("istio.io/dataplane-mode", "ambient"),
        source: Source::new("bench", 1),
    }
}

/// A mesh, and what one of its workloads dials in turn.
pub(crate) struct Workloads {
    snapshot: Snapshot,
    source: Arc<Workload>,
    dialled: Vec<(MeshAddr, String)>,
    turn: usize,
}

impl Workloads {
    /// That many of them, all in the mesh.
    pub(crate) fn new(count: usize) -> Self {
        let services = count.div_ceil(TOGETHER);
        let mesh = build(MeshSpec {
            namespaces: (0..services).map(namespace).collect(),
            workloads: (0..count).map(workload).collect(),
            services: (0..services).map(service).collect(),
            ..MeshSpec::default()
        });
        let snapshot = Snapshot::new(Arc::new(mesh.unwrap()), Policies::default());
        let source = Arc::clone(snapshot.mesh.workloads().next().unwrap());
        let one =
            |number| (MeshAddr::new(address(11, number), 80), format!("app.ns-{number}.svc.cluster.local"));
        let dialled = (0..DIALLED).map(|place| one(place * services / DIALLED)).collect();
        Self { snapshot, source, dialled, turn: 0 }
    }

    fn mesh(&self) -> &Mesh {
        &self.snapshot.mesh
    }

    fn next(&mut self) -> usize {
        self.turn += 1;
        self.turn % self.dialled.len()
    }

    /// Who owns the next service's address.
    pub(crate) fn owner(&mut self) -> Option<&Owner> {
        let next = self.next();
        self.mesh().owner(self.dialled[next].0.ip())
    }

    /// The address that the next service's name means.
    pub(crate) fn resolve(&mut self) -> Option<IpAddr> {
        let next = self.next();
        self.mesh().resolve_ip(&self.dialled[next].1, &self.source.name.namespace)
    }

    /// The way to the next service.
    pub(crate) fn route(&mut self) -> Chosen {
        let next = self.next();
        route(&self.snapshot, Place::Direct, &self.source, self.dialled[next].0, self.turn).unwrap()
    }
}
