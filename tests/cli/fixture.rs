//! The demo mesh's shape, small and with fixed addresses, so that what is printed stays the same.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use glasstunnel::admin::{
    CertificateView, ConnectionView, DoorView, IdentityView, MeshInfo, PartyView, PolicyView, ServiceView,
    WorkloadDoors, WorkloadView,
};
use glasstunnel::mesh::{
    BackendKind, ContainerPort, Controller, MeshSpec, Name, NamespaceSpec, Reach, ServicePort, ServiceSpec,
    Source, TargetPort, Workload, WorkloadSpec, build,
};
use glasstunnel::policy::{MtlsMode, PeerAuthentication, Policies, Snapshot};

type Labels = BTreeMap<String, String>;

fn labels(key: &str, value: &str) -> Labels {
    Labels::from([(key.to_owned(), value.to_owned())])
}

fn source(line: u32) -> Source {
    Source::new("demo mesh", line)
}

fn workload(namespace: &str, name: &str, last: u8, ports: &[u16]) -> WorkloadSpec {
    WorkloadSpec {
        name: Name::new(namespace, name),
        service_account: name.to_owned(),
        labels: labels("app", name),
        addresses: vec![IpAddr::from([10, 244, if namespace == "default" { 1 } else { 2 }, last])],
        host_network: false,
        ports: ports.iter().map(|number| ContainerPort { number: *number, name: None }).collect(),
        backend: BackendKind::Http,
        controller: Controller { kind: "deployment", name: name.to_owned() },
        node: None,
        source: source(u32::from(last) * 10),
    }
}

fn service(name: &str, last: u8, ports: &[(u16, u16)]) -> ServiceSpec {
    let port = |(number, target): &(u16, u16)| ServicePort {
        number: *number,
        name: None,
        target: TargetPort::Number(*target),
    };
    ServiceSpec {
        name: Name::new("default", name),
        vips: vec![IpAddr::from([10, 96, 0, last])],
        headless: false,
        ports: ports.iter().map(port).collect(),
        selector: labels("app", name),
        labels: Labels::new(),
        source: source(100 + u32::from(last)),
    }
}

fn policy(name: &str, mode: Option<MtlsMode>, ports: &[(u16, Option<MtlsMode>)]) -> Arc<PeerAuthentication> {
    Arc::new(PeerAuthentication {
        name: Name::new("default", name),
        selector: Some(labels("app", name)),
        mode,
        ports: ports.iter().copied().collect(),
        created: None,
        source: source(200),
    })
}

fn doors(workload: &Workload, last: u8) -> WorkloadDoors {
    let local_ip = IpAddr::from([127, 77, 1, last]);
    let door = |door: &str, port: u16| DoorView { door: door.to_owned(), address: (local_ip, port).into() };
    let mut doors: Vec<_> = workload.ports.iter().map(|port| door("captured", port.number)).collect();
    if workload.reach == Reach::Hbone {
        doors.push(door("hbone", 15008));
    }
    doors.push(door("outbound", 15080));
    WorkloadDoors {
        name: workload.name.to_string(),
        mesh_ip: workload.addresses[0],
        local_ip,
        network_namespace: None,
        reach: if workload.reach.in_mesh() { "hbone" } else { "plain" }.to_owned(),
        doors,
    }
}

/// The mesh as every view of it.
pub(crate) struct Demo {
    pub(crate) info: MeshInfo,
    pub(crate) workloads: Vec<WorkloadView>,
    pub(crate) services: Vec<ServiceView>,
    pub(crate) policies: Vec<PolicyView>,
}

pub(crate) fn demo() -> Demo {
    let spec = MeshSpec {
        namespaces: vec![NamespaceSpec {
            name: "default".to_owned(),
            labels: labels("istio.io/dataplane-mode", "ambient"),
            source: source(1),
        }],
        workloads: vec![
            workload("default", "curl-client", 1, &[]),
            workload("default", "customers", 2, &[3000]),
            workload("default", "orders", 3, &[8080, 9090]),
            workload("default", "web-frontend", 4, &[8080]),
            workload("default", "webhook", 5, &[3000, 3001]),
            workload("outside", "curl-client", 1, &[]),
        ],
        services: vec![
            service("customers", 2, &[(80, 3000)]),
            service("orders", 3, &[(80, 8080), (9090, 9090)]),
            service("payments", 9, &[(80, 8080)]),
            service("webhook", 5, &[(80, 3000), (443, 3001)]),
        ],
        ..MeshSpec::default()
    };
    let (strict, permissive) = (Some(MtlsMode::Strict), Some(MtlsMode::Permissive));
    let peer_authentications = vec![
        policy("orders", None, &[(9090, Some(MtlsMode::Disable))]),
        policy("webhook", strict, &[(3000, permissive)]),
    ];
    let snapshot = Snapshot::new(
        Arc::new(build(spec).unwrap()),
        Policies { peer_authentications, ..Policies::default() },
    );
    let all_doors: Vec<_> =
        snapshot.mesh.workloads().zip(1..).map(|(workload, last)| doors(workload, last)).collect();
    let views = snapshot.mesh.workloads().zip(&all_doors);
    Demo {
        workloads: views
            .map(|(workload, doors)| WorkloadView::of(workload, &snapshot.policies, Some(doors)))
            .collect(),
        services: snapshot.mesh.services().map(|service| ServiceView::of(service)).collect(),
        policies: snapshot
            .policies
            .peer_authentications()
            .iter()
            .map(|policy| PolicyView::of(policy, "istio-system"))
            .collect(),
        info: info(all_doors),
    }
}

fn info(workloads: Vec<WorkloadDoors>) -> MeshInfo {
    MeshInfo {
        version: "0.1.0".to_owned(),
        context: "default".to_owned(),
        pid: 4121,
        mesh_source: "demo mesh".to_owned(),
        trust_domain: "cluster.local".to_owned(),
        semantics: "istio".to_owned(),
        ca: "in memory, ECDSA P-256, leaves valid for 24h".to_owned(),
        ca_dir: None,
        ca_is_plugged_in: false,
        is_tapped: true,
        node_ip: IpAddr::from([127, 77, 0, 1]),
        cluster_domain: "cluster.local".to_owned(),
        user_namespace: None,
        socks: Some("127.77.0.1:15080".parse().unwrap()),
        admin: Some("127.77.0.1:15000".parse().unwrap()),
        ready_in_ns: 41_234_567,
        workloads,
    }
}

pub(crate) fn certificates() -> Vec<CertificateView> {
    let certificate = |role: &str, serial: &str, not_after: &str| CertificateView {
        identity: "spiffe://cluster.local/ns/default/sa/customers".to_owned(),
        role: role.to_owned(),
        status: "Available".to_owned(),
        valid: true,
        serial_number: serial.to_owned(),
        not_before: "2026-11-21T06:18:00Z".to_owned(),
        not_after: not_after.to_owned(),
        public_key: "P-256".to_owned(),
        pem: String::new(),
    };
    vec![
        certificate("Leaf", "3887c4a1b20f5350", "2026-11-22T06:20:00Z"),
        certificate("Root", "1c6f0e", "2036-11-18T06:20:00Z"),
        CertificateView::missing("spiffe://cluster.local/ns/default/sa/webhook", "Initializing"),
    ]
}

pub(crate) fn identities() -> Vec<IdentityView> {
    const HOUR: u64 = 3_600_000_000_000;
    let identity = |name: &str, status: &str, left: Option<u64>, trusted: &[&str]| IdentityView {
        identity: format!("spiffe://cluster.local/ns/default/sa/{name}"),
        status: status.to_owned(),
        public_key: left.map_or("", |_| "P-256").to_owned(),
        serial_number: left.map_or("", |_| "3887c4a1b20f5350").to_owned(),
        not_before: left.map_or("", |_| "2026-11-21T06:18:00Z").to_owned(),
        not_after: left.map_or("", |_| "2026-11-22T06:20:00Z").to_owned(),
        expires_in_ns: left.map(|hours| hours * HOUR),
        renewal_in_ns: left.map(|hours| hours.saturating_sub(12) * HOUR),
        trusted_by: trusted.iter().map(|name| (*name).to_owned()).collect(),
        others: 2,
    };
    vec![
        identity("customers", "Available", Some(18), &["a", "b"]),
        identity("webhook", "Available", Some(5), &["a"]),
        identity("legacy", "Initializing", None, &[]),
    ]
}

pub(crate) fn connections() -> Vec<ConnectionView> {
    let party = |workload: Option<&str>, identity: bool, address: &str, service: Option<&str>| PartyView {
        workload: workload.map(str::to_owned),
        identity: workload.filter(|_| identity).map(|name| {
            let (namespace, name) = name.split_once('/').unwrap();
            format!("spiffe://cluster.local/ns/{namespace}/sa/{name}")
        }),
        address: Some(address.to_owned()),
        service: service.map(str::to_owned),
        port: None,
    };
    let client = |identity| party(Some("default/curl-client"), identity, "10.244.1.1:41000", None);
    let customers = |service| party(Some("default/customers"), true, "10.244.1.2:3000", service);
    let connection =
        |id, direction: &str, workload: &str, protocol: &str, source, destination| ConnectionView {
            id,
            state: "open".to_owned(),
            direction: direction.to_owned(),
            workload: Some(workload.to_owned()),
            protocol: Some(protocol.to_owned()),
            source,
            destination,
            started: "2026-11-21T06:20:22Z".to_owned(),
            age_ns: 12_345_000_000,
            to_backend: 78,
            to_client: 2_150,
        };
    let stranger = party(None, false, "192.0.2.7:50000", None);
    vec![
        connection(
            1,
            "Outbound",
            "default/curl-client",
            "HBONE",
            client(false),
            customers(Some("default/customers")),
        ),
        connection(1, "Inbound", "default/customers", "HBONE", client(true), customers(None)),
        connection(2, "Inbound", "default/customers", "TCP", stranger, customers(None)),
    ]
}
