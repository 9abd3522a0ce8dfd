//! Which rule holds, level by level, and that the answer is total.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::mesh::{
    BackendKind, Controller, MeshSpec, Name, ServicePort, ServiceSpec, Source, TargetPort, WorkloadSpec,
    build,
};
use crate::policy::client_tls::ClientTlsMode;
use crate::policy::passed_over::WhyPassedOver;

/// Pods `a` in `foo` and `bar`, and a service `a` in front of each; `headless` stands before `foo/a`, too.
fn mesh() -> Mesh {
    let mut spec = MeshSpec::default();
    for (namespace, service, headless) in
        [("foo", "a", false), ("bar", "a", false), ("istio-system", "a", false), ("foo", "headless", true)]
    {
        let labels: std::collections::BTreeMap<_, _> = [("app".to_owned(), "a".to_owned())].into();
        if !headless {
            spec.workloads.push(WorkloadSpec {
                name: Name::new(namespace, "a"),
                service_account: "a".to_owned(),
                labels: labels.clone(),
                addresses: Vec::new(),
                host_network: false,
                ports: Vec::new(),
                backend: BackendKind::Http,
                controller: Controller { kind: "pod", name: "a".to_owned() },
                node: None,
                source: Source::new("f", 1),
            });
        }
        let port = ServicePort { number: 80, name: None, target: TargetPort::Number(80) };
        spec.services.push(ServiceSpec {
            name: Name::new(namespace, service),
            vips: Vec::new(),
            headless,
            ports: vec![port],
            selector: labels.clone(),
            labels,
            source: Source::new("f", 1),
        });
    }
    build(spec).unwrap()
}

fn tls(mode: ClientTlsMode) -> Option<Arc<ClientTlsSettings>> {
    Some(Arc::new(ClientTlsSettings {
        mode,
        sni: None,
        subject_alt_names: Vec::new(),
        ca_certificates: None,
        client_certificate: None,
        private_key: None,
        credential_name: None,
        insecure_skip_verify: false,
        source: Source::new("f", 1),
    }))
}

/// A rule `namespace/name` for `host` with ISTIO_MUTUAL.
fn rule(name: &str, host: &str) -> DestinationRule {
    let (namespace, name) = name.split_once('/').unwrap();
    DestinationRule {
        name: Name::new(namespace, name),
        host: host.to_owned(),
        export_to: Vec::new(),
        workload_selector: None,
        traffic_policy: Some(TrafficPolicy {
            tls: tls(ClientTlsMode::IstioMutual),
            ..TrafficPolicy::default()
        }),
        subsets: Vec::new(),
        created: None,
        source: Source::new("f", 1),
    }
}

/// Which rule decides for the pod `a` of `client` calling port 80 of the service `a` of `service`.
#[track_caller]
fn check(rules: Vec<DestinationRule>, (client, service): (&str, &str), expect: &str) -> Vec<WhyPassedOver> {
    let mesh = mesh();
    let rules = DestinationRules::new(&mesh, rules.into_iter().map(Arc::new).collect(), Vec::new());
    let client = mesh.workload(&Name::new(client, "a")).unwrap();
    let service = mesh.service(&Name::new(service, "a")).unwrap();
    let choice = rules.choose(client, service, 80, None);
    let found = choice.map_or_else(|| "none".to_owned(), |choice| choice.rule.name.to_string());
    assert_eq!(found, expect);
    rules.passed_over(client, service, None).into_iter().map(|passed| passed.why).collect()
}

#[test]
fn namespaces_in_order() {
    let full = "a.foo.svc.cluster.local";
    let rules = || {
        ["foo/service", "bar/client", "istio-system/root", "baz/elsewhere"]
            .map(|name| rule(name, full))
            .to_vec()
    };
    let passed = check(rules(), ("bar", "foo"), "bar/client");
    assert!(matches!(passed[0], WhyPassedOver::NeverLookedAt), "{passed:?}");
    assert!(matches!(passed[1], WhyPassedOver::EarlierNamespace(_)), "{passed:?}");
    check(rules(), ("foo", "foo"), "foo/service");
    // A client of the root namespace looks at the service's namespace first.
    check(rules(), ("istio-system", "foo"), "foo/service");
    check(rules().split_off(2), ("bar", "foo"), "istio-system/root");
    check(rules().split_off(3), ("bar", "foo"), "none");
}

#[test]
fn hosts() {
    let one = |host: &str, expect: &str| check(vec![rule("foo/r", host)], ("bar", "foo"), expect);
    one("a", "foo/r");
    one("a.foo.svc.cluster.local", "foo/r");
    one("*.foo.svc.cluster.local", "foo/r");
    one("*.local", "foo/r");
    one("*", "foo/r");
    one("b", "none");
    one("*.bar.svc.cluster.local", "none");
    for slip in ["a.foo", "a.foo.svc"] {
        let passed = one(slip, "none");
        assert!(matches!(passed.as_slice(), [WhyPassedOver::NotFullName { .. }]), "{passed:?}");
    }
    // A short name is completed with the rule's namespace, not with the client's.
    check(vec![rule("bar/r", "a")], ("bar", "foo"), "none");
    let rules = vec![rule("foo/1", "*"), rule("foo/2", "*.foo.svc.cluster.local"), rule("foo/3", "a")];
    let passed = check(rules, ("foo", "foo"), "foo/3");
    assert!(passed.iter().all(|why| matches!(why, WhyPassedOver::NearerHost(_))), "{passed:?}");
}

#[test]
fn visibility() {
    let exported = |to: &[&str]| {
        let export_to = to.iter().map(|entry| (*entry).to_owned()).collect();
        vec![DestinationRule { export_to, ..rule("foo/r", "a") }]
    };
    for (to, elsewhere, at_home) in [
        (&[][..], "foo/r", "foo/r"),
        (&["*"], "foo/r", "foo/r"),
        (&["."], "none", "foo/r"),
        (&["bar"], "foo/r", "foo/r"),
        (&["baz"], "none", "foo/r"),
        (&["~"], "none", "none"),
    ] {
        check(exported(to), ("bar", "foo"), elsewhere);
        check(exported(to), ("foo", "foo"), at_home);
    }
    assert!(matches!(check(exported(&["."]), ("bar", "foo"), "none")[..], [WhyPassedOver::NotExported]));
}

#[test]
fn selectors_pick_clients_of_their_own_namespace() {
    let selecting = |name: &str, app: &str| {
        let labels = [("app".to_owned(), app.to_owned())].into();
        DestinationRule { workload_selector: Some(labels), ..rule(name, "a.foo.svc.cluster.local") }
    };
    check(vec![selecting("bar/s", "a")], ("bar", "foo"), "bar/s");
    check(vec![selecting("foo/s", "a")], ("bar", "foo"), "none");
    check(vec![selecting("bar/s", "b")], ("bar", "foo"), "none");
    let plain = || rule("bar/plain", "a.foo.svc.cluster.local");
    let passed = check(vec![plain(), selecting("bar/s", "a")], ("bar", "foo"), "bar/s");
    assert!(matches!(passed[..], [WhyPassedOver::Selector(_)]), "{passed:?}");
    let passed = check(vec![plain(), selecting("bar/s", "b")], ("bar", "foo"), "bar/plain");
    assert!(matches!(passed[..], [WhyPassedOver::OtherClients]), "{passed:?}");
}

#[test]
fn rules_for_one_host_are_merged_oldest_first() {
    let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let young = DestinationRule { created: at(2), ..rule("foo/a-young", "a") };
    let old = DestinationRule { created: at(1), ..rule("foo/b-old", "a") };
    let passed = check(vec![young.clone(), old], ("foo", "foo"), "foo/b-old");
    assert!(matches!(passed[..], [WhyPassedOver::Older(_)]), "{passed:?}");
    let silent = DestinationRule { created: at(1), traffic_policy: None, ..rule("foo/b-old", "a") };
    check(vec![young, silent.clone()], ("foo", "foo"), "foo/a-young");
    check(vec![silent], ("foo", "foo"), "foo/b-old");
}

#[test]
fn port_subset_and_top() {
    use ClientTlsMode::{Disable, IstioMutual, Mutual, Simple};
    let policy = |mode, ports: &[(u16, Option<ClientTlsMode>)]| TrafficPolicy {
        tls: Option::and_then(mode, tls),
        ports: ports.iter().map(|(port, mode)| (*port, mode.and_then(tls))).collect(),
    };
    let subset =
        |name: &str, traffic_policy| Subset { name: name.to_owned(), labels: [].into(), traffic_policy };
    let rule = DestinationRule {
        traffic_policy: Some(policy(Some(IstioMutual), &[(80, Some(Disable)), (81, None)])),
        subsets: vec![
            subset("plain", None),
            subset("own", Some(policy(Some(Simple), &[(80, Some(Mutual)), (82, None)]))),
            subset("silent", Some(policy(None, &[]))),
        ],
        ..rule("foo/r", "a")
    };
    let mesh = mesh();
    let rules = DestinationRules::new(&mesh, vec![Arc::new(rule)], Vec::new());
    let client = mesh.workload(&Name::new("foo", "a")).unwrap();
    let service = mesh.service(&Name::new("foo", "a")).unwrap();
    let check = |port, subset, mode: Option<ClientTlsMode>, level| {
        let choice = rules.choose(client, service, port, subset).unwrap();
        assert_eq!((choice.tls.map(|tls| tls.mode), choice.level), (mode, level), "{port} {subset:?}");
    };
    for subset in [None, Some("plain"), Some("silent"), Some("absent")] {
        check(80, subset, Some(Disable), RuleLevel::Port);
        check(81, subset, None, RuleLevel::Port);
        check(82, subset, Some(IstioMutual), RuleLevel::Top);
    }
    check(80, Some("own"), Some(Mutual), RuleLevel::SubsetPort);
    check(81, Some("own"), Some(Simple), RuleLevel::Subset);
    check(82, Some("own"), None, RuleLevel::SubsetPort);
    let passed = rules.passed_over(client, service, Some("silent"));
    assert_eq!(passed.len(), 1, "{passed:?}");
    assert_eq!(passed[0].why.to_string(), "no route names its subset own");
}

#[test]
fn subset_routes() {
    let mesh = mesh();
    let route = |namespace: &str, host: &str, destination: &str, port| {
        Arc::new(SubsetRoute {
            name: Name::new(namespace, "r"),
            hosts: vec![host.to_owned()],
            destination: destination.to_owned(),
            subset: "v1".to_owned(),
            port,
            export_to: Vec::new(),
            created: None,
            source: Source::new("f", 1),
        })
    };
    let client = mesh.workload(&Name::new("bar", "a")).unwrap();
    let service = mesh.service(&Name::new("foo", "a")).unwrap();
    let check = |route, expect: bool| {
        let rules = DestinationRules::new(&mesh, Vec::new(), vec![route]);
        assert_eq!(rules.subset_route(client, service, 80).is_some(), expect);
    };
    check(route("foo", "a", "a", None), true);
    check(route("foo", "a", "a", Some(80)), true);
    check(route("foo", "a", "a", Some(81)), false);
    check(route("foo", "*", "a", None), true);
    check(route("bar", "a", "a", None), false);
    // To another host: routing that is not simulated.
    check(route("foo", "a", "b", None), false);
}

#[test]
fn a_pod_behind_a_headless_service() {
    let mesh = mesh();
    let rules = DestinationRules::new(&mesh, Vec::new(), Vec::new());
    let ip = mesh.workload(&Name::new("foo", "a")).unwrap().addresses[0];
    assert_eq!(rules.headless_at(ip, 80).map(|service| &*service.name.name), Some("headless"));
    assert_eq!(rules.headless_at(ip, 81), None);
}

proptest! {
    /// Resolution is total, and what it names is among the rules; nothing decides that is also passed over, but for the
    /// subsets of a deciding rule.
    #[test]
    fn resolution_is_total(
        drawn in proptest::collection::vec(
            ("(foo|bar|baz|istio-system)", "[a-d]", r"(\*|a|b|\*\.foo\.svc\.cluster\.local|a\.foo|a\.foo\.svc\.cluster\.local|\*[.a-z]{0,6}|é)",
             proptest::option::of("(\\.|\\*|~|bar|foo)"), any::<bool>(), 0..4u64),
            0..12),
        client in "(foo|bar|istio-system)", service in "(foo|bar)", port in 79..82u16, subset in proptest::option::of("[ab]"),
    ) {
        let rules: Vec<Arc<DestinationRule>> = drawn.into_iter().map(|(namespace, name, host, to, selects, age)| {
            Arc::new(DestinationRule {
                export_to: to.into_iter().collect(),
                workload_selector: selects.then(|| [("app".to_owned(), "a".to_owned())].into()),
                created: (age > 0).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(age)),
                ..rule(&format!("{namespace}/{name}"), &host)
            })
        }).collect();
        let mesh = mesh();
        let index = DestinationRules::new(&mesh, rules.clone(), Vec::new());
        let client = mesh.workload(&Name::new(client.as_str(), "a")).unwrap();
        let service = mesh.service(&Name::new(service.as_str(), "a")).unwrap();
        let choice = index.choose(client, service, port, subset.as_deref());
        let passed = index.passed_over(client, service, subset.as_deref());
        if let Some(choice) = choice {
            prop_assert!(rules.iter().any(|rule| rule.name == choice.rule.name));
            prop_assert!(passed.len() < rules.len());
        } else {
            prop_assert!(index.deciding(client, service).is_none());
        }
    }
}
