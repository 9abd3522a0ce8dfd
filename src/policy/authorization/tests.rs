//! Reach, order, and what HTTP attributes do.

use super::*;
use crate::identity::SpiffeId;
use crate::mesh::{BackendKind, Controller, Mesh, MeshSpec, Source, WorkloadSpec, build};

type Labels = BTreeMap<String, String>;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn mesh(semantics: Semantics, aliases: &[&str]) -> Mesh {
    let pod = |namespace: &str, name: &str| WorkloadSpec {
        name: Name::new(namespace, name),
        service_account: name.to_owned(),
        labels: labels(&[("app", name), ("tier", "back")]),
        addresses: Vec::new(),
        host_network: false,
        ports: Vec::new(),
        backend: BackendKind::Http,
        controller: Controller { kind: "pod", name: name.to_owned() },
        node: None,
        source: Source::new("mesh.yaml", 1),
    };
    let mut spec = MeshSpec { workloads: vec![pod("foo", "a"), pod("bar", "b")], ..MeshSpec::default() };
    spec.settings.semantics = semantics;
    spec.settings.trust_domain_aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    build(spec).unwrap()
}

fn policy(namespace: &str, name: &str, action: Action, rules: Vec<Rule>) -> AuthorizationPolicy {
    AuthorizationPolicy {
        name: Name::new(namespace, name),
        selector: None,
        target_refs: Vec::new(),
        action,
        dry_run: false,
        rules,
        source: Source::new("mesh.yaml", 5),
    }
}

fn from(principal: &str) -> Rule {
    let principals = Values { any: vec![StringMatch::read(principal)], none: Vec::new() };
    let entry = Entry { matches: Match { principals, ..Match::default() }, layer7: Vec::new() };
    Rule { from: vec![entry], ..Rule::default() }
}

fn http(attribute: &str) -> Entry {
    Entry { matches: Match::default(), layer7: vec![attribute.to_owned()] }
}

const CURL: &str = "cluster.local/ns/foo/sa/curl";

/// `NAMESPACE/NAME` of who denied or allowed, `-` when nothing was asked, `none` when nobody allowed.
fn decided(
    mesh: &Mesh,
    policies: Vec<AuthorizationPolicy>,
    workload: (&str, &str),
    source: Option<&str>,
) -> String {
    let workloads: Vec<&Workload> = mesh.workloads().map(|workload| &**workload).collect();
    let policies = policies.into_iter().map(Arc::new).collect();
    let authorization = Authorization::new(mesh.settings(), &workloads, policies);
    let workload = mesh.workload(&Name::new(workload.0, workload.1)).unwrap();
    let source: Option<SpiffeId> = source.map(|text| format!("spiffe://{text}").parse().unwrap());
    let ip = [10, 0, 0, 9].into();
    let seen = Seen { source: source.as_ref(), source_ip: ip, destination_ip: ip, port: 8080 };
    match authorization.decide(workload, &seen) {
        Verdict::Denied(policy, rule) => format!("deny {} {rule}", policy.name),
        Verdict::Allowed(policy, rule) => format!("allow {} {rule}", policy.name),
        Verdict::NothingAsked => "-".to_owned(),
        Verdict::NoneAllowed => "none".to_owned(),
    }
}

fn check(policies: Vec<AuthorizationPolicy>, source: Option<&str>, expect: &str) {
    assert_eq!(decided(&mesh(Semantics::Istio, &[]), policies, ("foo", "a"), source), expect);
}

#[test]
fn deny_comes_first_then_any_allow() {
    let deny = policy("foo", "deny", Action::Deny, vec![from("*/sa/curl")]);
    let allow = policy("foo", "allow", Action::Allow, vec![from("x"), from(CURL)]);
    check(vec![allow.clone(), deny], Some(CURL), "deny foo/deny 0");
    check(vec![allow.clone()], Some(CURL), "allow foo/allow 1");
    check(vec![allow], None, "none");
    check(vec![policy("foo", "deny", Action::Deny, vec![from("x")])], None, "-");
    check(vec![], None, "-");
}

#[test]
fn empty_forms_mean_what_they_mean() {
    check(vec![policy("foo", "nothing", Action::Allow, vec![])], Some(CURL), "none");
    check(vec![policy("foo", "all", Action::Allow, vec![Rule::default()])], None, "allow foo/all 0");
    check(vec![policy("foo", "all", Action::Deny, vec![Rule::default()])], Some(CURL), "deny foo/all 0");
    check(vec![policy("foo", "never", Action::Deny, vec![])], None, "-");
}

#[test]
fn policies_reach_what_they_reach() {
    let deny = |namespace: &str| policy(namespace, "deny", Action::Deny, vec![Rule::default()]);
    let with = |policy: AuthorizationPolicy, pairs: &[(&str, &str)]| AuthorizationPolicy {
        selector: Some(labels(pairs)),
        ..policy
    };
    check(vec![deny("bar")], None, "-");
    check(vec![deny("istio-system")], None, "deny istio-system/deny 0");
    check(vec![with(deny("foo"), &[("app", "a"), ("tier", "back")])], None, "deny foo/deny 0");
    check(vec![with(deny("foo"), &[("app", "a"), ("tier", "front")])], None, "-");
    check(vec![with(deny("bar"), &[("app", "a")])], None, "-");
    check(vec![with(deny("istio-system"), &[("app", "a")])], None, "deny istio-system/deny 0");
    check(vec![AuthorizationPolicy { target_refs: vec!["Service/a".to_owned()], ..deny("foo") }], None, "-");
    check(vec![AuthorizationPolicy { dry_run: true, ..deny("foo") }], None, "-");
    check(vec![AuthorizationPolicy { action: Action::Audit, ..deny("foo") }], None, "-");
    check(vec![AuthorizationPolicy { action: Action::Custom, ..deny("foo") }], None, "-");
}

#[test]
fn an_empty_selector_is_the_namespace_as_documented_and_nothing_at_a_ztunnel() {
    let empty = AuthorizationPolicy {
        selector: Some(Labels::new()),
        ..policy("foo", "deny", Action::Deny, vec![Rule::default()])
    };
    check(vec![empty.clone()], None, "deny foo/deny 0");
    assert_eq!(decided(&mesh(Semantics::Ztunnel, &[]), vec![empty], ("foo", "a"), None), "-");
}

#[test]
fn http_attributes_close_an_allow_and_open_a_deny() {
    let methods = Rule { to: vec![http("methods")], ..Rule::default() };
    check(vec![policy("foo", "allow", Action::Allow, vec![methods.clone()])], Some(CURL), "none");
    check(vec![policy("foo", "deny", Action::Deny, vec![methods.clone()])], Some(CURL), "-");
    // Beside the attribute, in another clause, there is a condition that holds: the rule is dead all the same.
    let dead = Rule { when: vec![http("request.headers[x]")], ..from(CURL) };
    check(vec![policy("foo", "deny", Action::Deny, vec![dead])], Some(CURL), "-");
    // In the same entry the rest is enforced, and denies more than was written.
    let mut wider = from(CURL);
    wider.from[0].layer7.push("notRequestPrincipals".to_owned());
    check(vec![policy("foo", "deny", Action::Deny, vec![wider.clone()])], Some(CURL), "deny foo/deny 0");
    check(
        vec![policy("foo", "allow", Action::Allow, vec![wider, from(CURL)])],
        Some(CURL),
        "allow foo/allow 1",
    );
}

#[test]
fn trust_domain_names_are_one_as_documented_and_text_at_a_ztunnel() {
    let check = |semantics, principal: &str, source: &str, expect: &str| {
        let mesh = mesh(semantics, &["old.example"]);
        let allow = policy("foo", "allow", Action::Allow, vec![from(principal)]);
        assert_eq!(decided(&mesh, vec![allow], ("foo", "a"), Some(source)), expect, "{principal} {source}");
    };
    check(Semantics::Istio, "old.example/ns/foo/sa/curl", CURL, "allow foo/allow 0");
    check(Semantics::Istio, CURL, "old.example/ns/foo/sa/curl", "allow foo/allow 0");
    check(Semantics::Istio, "cluster.local/ns/foo/*", "old.example/ns/foo/sa/curl", "allow foo/allow 0");
    check(Semantics::Istio, "other/ns/foo/sa/curl", CURL, "none");
    check(Semantics::Ztunnel, "old.example/ns/foo/sa/curl", CURL, "none");
    check(Semantics::Ztunnel, CURL, CURL, "allow foo/allow 0");
}

#[test]
fn trust_domains_are_compared_as_documented_and_dropped_at_a_ztunnel() {
    let trust_domains = Values { any: vec![StringMatch::read("elsewhere")], none: Vec::new() };
    let namespaces = Values { any: vec![StringMatch::read("foo")], none: Vec::new() };
    let matches = Match { trust_domains, namespaces, ..Match::default() };
    let rule = Rule { from: vec![Entry { matches, layer7: Vec::new() }], ..Rule::default() };
    let allow = policy("foo", "allow", Action::Allow, vec![rule]);
    check(vec![allow.clone()], Some(CURL), "none");
    assert_eq!(
        decided(&mesh(Semantics::Ztunnel, &[]), vec![allow], ("foo", "a"), Some(CURL)),
        "allow foo/allow 0"
    );
}
