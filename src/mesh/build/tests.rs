//! A small mesh, built in every way that documents can be written.

use super::*;
use crate::mesh::name::Source;
use crate::mesh::place::Place;
use crate::mesh::service::ServicePort;
use crate::mesh::spec::{Controller, NamespaceSpec};
use crate::mesh::workload::{BackendKind, ContainerPort};

fn source(line: u32) -> Source {
    Source::new("mesh.yaml", line)
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn pod(namespace: &str, name: &str) -> WorkloadSpec {
    WorkloadSpec {
        name: Name::new(namespace, name),
        service_account: name.to_owned(),
        labels: labels(&[("app", name)]),
        addresses: Vec::new(),
        host_network: false,
        ports: vec![ContainerPort { number: 3000, name: Some("http".to_owned()) }],
        backend: BackendKind::Http,
        controller: Controller { kind: "deployment", name: name.to_owned() },
        node: None,
        source: source(7),
    }
}

fn service(namespace: &str, name: &str, target: TargetPort) -> ServiceSpec {
    ServiceSpec {
        name: Name::new(namespace, name),
        vips: Vec::new(),
        headless: false,
        ports: vec![ServicePort { number: 80, name: None, target }],
        selector: labels(&[("app", name)]),
        labels: Labels::new(),
        source: source(20),
    }
}

fn spec() -> MeshSpec {
    MeshSpec {
        namespaces: vec![NamespaceSpec {
            name: "default".to_owned(),
            labels: labels(&[("istio.io/dataplane-mode", "ambient")]),
            source: source(1),
        }],
        workloads: vec![
            pod("default", "customers"),
            pod("outside", "curl-client"),
            pod("default", "webhook"),
        ],
        services: vec![
            service("default", "customers", TargetPort::Name("http".to_owned())),
            service("default", "webhook", TargetPort::Number(9999)),
        ],
        ..MeshSpec::default()
    }
}

#[test]
fn names_resolve_as_in_a_pod() {
    let mesh = build(spec()).unwrap();
    let check = |host: &str, namespace: &str, expect: Option<&str>| {
        let found = mesh.resolve(host, namespace).map(|service| service.name.to_string());
        assert_eq!(found.as_deref(), expect, "{host} from {namespace}");
    };
    check("customers", "default", Some("default/customers"));
    check("customers", "outside", None);
    check("customers.default", "outside", Some("default/customers"));
    check("customers.default.svc", "outside", Some("default/customers"));
    check("Customers.default.svc.cluster.local.", "outside", Some("default/customers"));
    check("customers.default.svc.example.org", "outside", None);
    check("customers.svc", "default", None);
    check("customers.svc.cluster.local", "default", None);
}

#[test]
fn all_addresses_of_a_name_and_the_name_of_an_address() {
    let (pod_v4, pod_v6): (IpAddr, IpAddr) = ("10.0.0.9".parse().unwrap(), "fd00::9".parse().unwrap());
    let mut spec = spec();
    spec.workloads[0].addresses = vec![pod_v4, pod_v6];
    spec.services.push(ServiceSpec {
        name: Name::new("default", "headless"),
        headless: true,
        selector: labels(&[("app", "customers")]),
        ..service("default", "headless", TargetPort::Number(80))
    });
    let mesh = build(spec).unwrap();
    assert_eq!(mesh.resolve_all("headless", "default"), Some(vec![pod_v4, pod_v6]));
    assert_eq!(mesh.resolve_all("nobody", "default"), None);
    let vips = mesh.resolve_all("customers.default", "outside").unwrap();
    assert_eq!(vips, mesh.resolve("customers", "default").unwrap().vips);
    assert_eq!(mesh.host_of(vips[0]), Some("customers.default.svc.cluster.local"));
    assert_eq!(mesh.host_of(pod_v4), None);
    assert!(mesh.is_own_domain("nobody.svc.Cluster.local.") && mesh.is_own_domain("cluster.local"));
    assert!(!mesh.is_own_domain("example.org") && !mesh.is_own_domain("mycluster.local"));
}

#[test]
fn a_named_target_port_is_the_workloads() {
    let mesh = build(spec()).unwrap();
    let customers = mesh.resolve("customers", "default").unwrap();
    let (workload, port) = customers.pick(80, 17).unwrap();
    assert_eq!((workload.name.to_string().as_str(), port), ("default/customers", 3000));
    assert!(customers.pick(81, 0).is_none());
}

#[test]
fn adding_a_workload_moves_no_other() {
    let before = build(spec()).unwrap();
    let mut more = spec();
    more.workloads.insert(0, pod("default", "aaa"));
    let after = build(more).unwrap();
    for workload in before.workloads() {
        assert_eq!(Some(workload), after.workload(&workload.name));
    }
}

#[test]
fn local_and_mesh_addresses_translate_both_ways() {
    let mesh = build(spec()).unwrap();
    let place = Place::Loopback { block: 101 };
    for workload in mesh.workloads() {
        let local = place.local(workload, workload.addresses[0], 3000).unwrap();
        assert_eq!(place.mesh_addr(&mesh, local), workload.address(3000));
        assert_eq!(Place::Loopback { block: 102 }.workload(&mesh, local.ip()), None);
    }
    assert_eq!(place.workload(&mesh, place.node_ip()), None);
}

#[test]
fn people_find_workloads_by_every_name() {
    let mesh = build(spec()).unwrap();
    let check = |text: &str, expect: &str| {
        let found = mesh.find_workload(text).map(|workload| workload.name.to_string());
        assert_eq!(found.unwrap_or_else(|error| error.to_string()), expect, "{text}");
    };
    check("webhook", "default/webhook");
    check("curl-client", "outside/curl-client");
    check("curl-client.outside", "outside/curl-client");
    check("outside/curl-client", "outside/curl-client");
    check("spiffe://cluster.local/ns/default/sa/webhook", "default/webhook");
    check("web-hook", "no workload or service is called `web-hook`; did you mean `webhook.default`?");
}

#[test]
fn disagreements_cite_both_places() {
    let mut twice = spec();
    twice.workloads.push(WorkloadSpec { source: source(99), ..pod("default", "webhook") });
    let error = build(twice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Workload default/webhook is declared twice: first at mesh.yaml:7, again here"
    );
    assert_eq!(error.at(), &source(99));

    let mut same = spec();
    let ip: IpAddr = "10.0.0.9".parse().unwrap();
    same.workloads[0].addresses = vec![ip];
    same.services[0].vips = vec![ip];
    let error = build(same).unwrap_err().to_string();
    assert!(
        error.starts_with("address 10.0.0.9 already belongs to default/customers (mesh.yaml:7)"),
        "{error}"
    );
}

#[test]
fn an_allotted_address_avoids_declared_ones() {
    let free = build(spec()).unwrap();
    let customers = free.workload(&Name::new("default", "customers")).unwrap().addresses.clone();
    let mut taken = spec();
    taken.workloads[1].addresses = customers.clone();
    let mesh = build(taken).unwrap();
    assert_ne!(mesh.workload(&Name::new("default", "customers")).unwrap().addresses, customers);
}

/// A cluster's pods bring their addresses; only those that have none need one of ours, and only loopback needs it for all.
#[test]
fn a_mesh_larger_than_loopback_has_workloads_without_an_address_there() {
    let address = |number: usize| IpAddr::from([20, (number >> 16) as u8, (number >> 8) as u8, number as u8]);
    let declared = |number| WorkloadSpec {
        addresses: vec![address(number)],
        ..pod("default", &format!("pod-{number}"))
    };
    let workloads: Vec<_> = (0..SLOTS + 2).map(declared).collect();
    let large = |more: Option<WorkloadSpec>| MeshSpec {
        workloads: workloads.iter().cloned().chain(more).collect(),
        ..spec()
    };
    let mesh = build(large(None)).unwrap();
    let without: Vec<_> = mesh.workloads().filter(|workload| workload.slot.is_none()).collect();
    assert_eq!(without.len(), 2);
    let (direct, loopback) = (Place::Direct, Place::Loopback { block: 77 });
    assert_eq!(direct.local_ip(without[0]), without[0].addresses.first().copied());
    assert_eq!(loopback.local_ip(without[0]), None);
    // Its name is the last in the alphabet, and so it comes too late.
    let none = build(large(Some(pod("default", "without")))).err();
    assert!(matches!(none, Some(MeshError::Exhausted { limit: SLOTS, .. })), "{none:?}");
}
