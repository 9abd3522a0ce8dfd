//! Scope, inheritance and age, as reference/policy.md 1.2 has them.

use std::time::{Duration, SystemTime};

use super::*;
use crate::mesh::{BackendKind, Controller, MeshSpec, Source, WorkloadSpec, build};
use MtlsMode::{Disable, Permissive, Strict};

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn mesh(semantics: Semantics) -> Mesh {
    let pod = |namespace: &str, name: &str| WorkloadSpec {
        name: Name::new(namespace, name),
        service_account: name.to_owned(),
        labels: labels(&[("app", name)]),
        addresses: Vec::new(),
        host_network: false,
        ports: Vec::new(),
        backend: BackendKind::Http,
        controller: Controller { kind: "pod", name: name.to_owned() },
        node: None,
        source: Source::new("mesh.yaml", 1),
    };
    let mut spec =
        MeshSpec { workloads: vec![pod("foo", "a"), pod("istio-system", "b")], ..MeshSpec::default() };
    spec.settings.semantics = semantics;
    build(spec).unwrap()
}

fn policy(namespace: &str, name: &str, app: Option<&str>, mode: Option<MtlsMode>) -> PeerAuthentication {
    PeerAuthentication {
        name: Name::new(namespace, name),
        selector: app.map(|app| labels(&[("app", app)])),
        mode,
        ports: BTreeMap::new(),
        created: None,
        source: Source::new("mesh.yaml", 9),
    }
}

fn check(policies: Vec<PeerAuthentication>, workload: (&str, &str), port: u16, expect: (MtlsMode, Level)) {
    let peer_authentications = policies.into_iter().map(Arc::new).collect();
    let policies = Policies { peer_authentications, ..Policies::default() };
    let set = PolicySet::new(&mesh(Semantics::Istio), policies);
    let effective = set.effective(&Name::new(workload.0, workload.1), port);
    assert_eq!((effective.mode, effective.level), expect);
}

#[test]
fn the_narrowest_set_mode_wins() {
    let mesh = |mode| policy("istio-system", "default", None, mode);
    let namespace = |mode| policy("foo", "default", None, mode);
    let workload = |mode| policy("foo", "a", Some("a"), mode);
    let a = ("foo", "a");
    check(vec![], a, 80, (Permissive, Level::Default));
    check(vec![mesh(None)], a, 80, (Permissive, Level::Default));
    check(vec![mesh(Some(Strict))], a, 80, (Strict, Level::Mesh));
    check(vec![mesh(Some(Strict)), namespace(Some(Disable))], a, 80, (Disable, Level::Namespace));
    check(vec![mesh(Some(Strict)), namespace(None)], a, 80, (Strict, Level::Mesh));
    check(vec![namespace(Some(Strict)), workload(Some(Permissive))], a, 80, (Permissive, Level::Workload));
    check(vec![namespace(Some(Strict)), workload(None)], a, 80, (Strict, Level::Namespace));
    check(vec![policy("foo", "other", Some("zzz"), Some(Strict))], a, 80, (Permissive, Level::Default));
}

#[test]
fn port_entries_hold_for_their_port_only() {
    let mut exception = policy("foo", "a", Some("a"), Some(Strict));
    exception.ports = BTreeMap::from([(3000, Some(Permissive)), (4000, None)]);
    check(vec![exception.clone()], ("foo", "a"), 3000, (Permissive, Level::Port));
    check(vec![exception.clone()], ("foo", "a"), 4000, (Strict, Level::Workload));
    check(vec![exception], ("foo", "a"), 5000, (Strict, Level::Workload));
}

#[test]
fn a_selector_in_the_root_namespace_is_ignored_whole() {
    check(
        vec![policy("istio-system", "b", Some("b"), Some(Strict))],
        ("istio-system", "b"),
        80,
        (Permissive, Level::Default),
    );
    check(
        vec![policy("istio-system", "x", None, Some(Strict))],
        ("istio-system", "b"),
        80,
        (Strict, Level::Mesh),
    );
}

#[test]
fn the_oldest_of_one_scope_wins_whole() {
    let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let young = PeerAuthentication { created: at(9), ..policy("foo", "aaa", None, Some(Strict)) };
    let old = PeerAuthentication { created: at(5), ..policy("foo", "zzz", None, Some(Disable)) };
    let unset = PeerAuthentication { created: at(1), ..policy("foo", "mmm", None, None) };
    let timeless = policy("foo", "000", None, Some(Permissive));
    check(vec![young.clone(), old.clone(), timeless.clone()], ("foo", "a"), 80, (Disable, Level::Namespace));
    check(vec![young, old, unset], ("foo", "a"), 80, (Permissive, Level::Default));
    check(
        vec![policy("foo", "b", None, Some(Strict)), timeless],
        ("foo", "a"),
        80,
        (Permissive, Level::Namespace),
    );
}

/// Who may call, and whom a caller expects: Istio's sidecars know the aliases, a ztunnel does not.
#[test]
fn aliases_of_the_trust_domain_count_under_istios_rules() {
    let check = |semantics: Semantics, expect: &[&str]| {
        let mut settings = mesh(semantics).settings().clone();
        settings.trust_domain_aliases = vec!["old.example".to_owned(), "cluster.local".to_owned()];
        let mesh = mesh(semantics);
        let mut set = PolicySet::new(&mesh, Policies::default());
        set.settings = settings;
        let workload = mesh.workload(&Name::new("foo", "a")).unwrap();
        let names: Vec<String> =
            set.identities_of(workload, workload).iter().map(ToString::to_string).collect();
        assert_eq!(names, expect);
        assert_eq!(set.trust_domain_aliases(workload).is_empty(), semantics == Semantics::Ztunnel);
    };
    let (own, old) = ("spiffe://cluster.local/ns/foo/sa/a", "spiffe://old.example/ns/foo/sa/a");
    check(Semantics::Istio, &[own, old]);
    check(Semantics::Ztunnel, &[own]);
}
