//! A local configuration and a dump (tests/data/ztunnel): what they say, and that every clause is kept.

use std::net::IpAddr;
use std::path::Path;

use proptest::prelude::*;

use crate::identity::SpiffeId;
use crate::mesh::{Mesh, Reach, Semantics, TargetPort, build};
use crate::policy::{Action, AuthorizationPolicy, Entry, Rule, Seen, StringMatch};
use crate::resources::input::Input;
use crate::resources::load::load;
use crate::resources::objects::{Loaded, Objects};

fn loaded(name: &str) -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ztunnel").join(name);
    load(&[Input::Path(path)]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn attached(mesh: &Mesh, policy: &AuthorizationPolicy, workload: &str) -> bool {
    mesh.find_workload(workload).unwrap().matches(policy.selector.as_ref().unwrap())
}

#[test]
fn a_local_configuration_is_a_mesh() {
    let loaded = loaded("local.yaml");
    let [viewers, strict] = &*loaded.policies.authorization_policies else { panic!("two policies") };
    let [rule] = &*viewers.rules else { panic!("one rule") };
    assert_eq!((viewers.action, strict.action, &viewers.selector), (Action::Allow, Action::Deny, &None));
    assert_eq!(
        rule.from[0].matches.principals.any,
        [
            StringMatch::Exact("cluster.local/ns/default/sa/client".to_owned()),
            StringMatch::Suffix("/sa/admin".to_owned())
        ]
    );
    assert_eq!(
        rule.from[0].matches.namespaces.none,
        [StringMatch::Prefix("bad-".to_owned()), StringMatch::Presence]
    );
    assert_eq!((rule.from.len(), rule.to.len(), rule.when.len()), (2, 2, 0));
    assert_eq!((strict.rules[0].from.len(), strict.rules[0].to.len(), strict.rules[0].when.len()), (1, 1, 1));
    let example = &loaded.spec.services[1];
    assert_eq!((&*example.name.name, &example.ports[0].target), ("example.com", &TargetPort::Number(8443)));
    let mesh = build(loaded.spec).unwrap();
    let server = mesh.find_workload("server").unwrap();
    assert_eq!((server.reach, server.waypoint.as_deref()), (Reach::Hbone, Some("waypoint")));
    assert_eq!((server.ports.len(), server.controller_kind), (2, "deployment"));
    assert!(attached(&mesh, strict, "server") && !attached(&mesh, strict, "client"));
    assert_eq!(mesh.find_workload("127.0.0.4").unwrap().reach, Reach::Plain);
    assert_eq!(mesh.resolve_ip("server", "default"), "127.10.0.1".parse().ok());
}

#[test]
fn its_parts_are_no_documents() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ztunnel/local.yaml");
    let objects = Objects::read(&[Input::Path(path)]).unwrap();
    assert!(objects.iter().len() > 4, "{}", objects.iter().len());
    let whole = objects.documents(|_| true);
    let [(settings, document)] = &*whole else { panic!("the file itself: {}", whole.len()) };
    assert_eq!((&*settings.key.kind, document.is_object()), ("MeshConfig", true));
}

#[test]
fn a_dump_is_the_mesh_that_a_ztunnel_saw() {
    let loaded = loaded("config_dump.json");
    assert_eq!(loaded.spec.settings.semantics, Semantics::Ztunnel);
    assert_eq!(loaded.spec.settings.trust_domain, "example.org");
    let [db, viewer, everybody, strict] = &*loaded.policies.authorization_policies else {
        panic!("four policies")
    };
    assert_eq!((everybody.rules.as_slice(), &everybody.selector), (&[Rule::default()][..], &None));
    assert_eq!((viewer.rules[0].from.len(), viewer.rules[0].to.len(), viewer.rules[0].when.len()), (2, 1, 1));
    assert_eq!(loaded.spec.services[0].ports[0].target, TargetPort::Number(8080));
    let mesh = build(loaded.spec).unwrap();
    let web = mesh.find_workload("web-66d8c9-l4k2p").unwrap();
    assert_eq!(
        (web.identity.to_string().as_str(), web.ports.len()),
        ("spiffe://example.org/ns/bar/sa/web", 2)
    );
    assert_eq!(mesh.services().map(|service| service.endpoints.len()).collect::<Vec<_>>(), [1]);
    assert!(attached(&mesh, strict, "web-66d8c9-l4k2p") && attached(&mesh, db, "db-7d8f6c-2x9nl"));
    assert!(!attached(&mesh, strict, "db-7d8f6c-2x9nl") && !attached(&mesh, db, "web-66d8c9-l4k2p"));
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let check = |text: &str, expect: &str| {
        let said = load(&[Input::text("x.yaml", text)]).unwrap_err().to_string();
        assert!(said.contains(expect), "expected {expect}\n{said}");
    };
    let policy = |rules: &str, action: &str| {
        format!(
            "policies:\n- {{name: a, namespace: b, scope: Namespace, action: {action}, dryRun: false, rules: {rules}}}\n"
        )
    };
    check(
        &policy("[]", "ALLOW"),
        "action: Unsupported value: \"ALLOW\": supported values: \"Allow\", \"Deny\"",
    );
    check(&policy("[[[{principals: [plain]}]]]", "Deny"), "expected !Exact, !Prefix, !Suffix or !Presence");
    check(&policy("[[[{principal: []}]]]", "Deny"), "did you mean `principals`?");
    check(&policy("[[[{sourceIps: [10.0.0.0/33]}]]]", "Deny"), "bad CIDR range (10.0.0.0/33)");
    check(&policy("[[{}]]", "Deny"), "must be of type array");
    check("workloads: []\npolicys: []\n", "did you mean `policies`?");
    check("workloads: [{namespace: a, workloadIps: [nowhere]}]", "expected an IP address");
    check(
        "services: [{namespace: a, name: b, hostname: c, vips: [10.0.0.1], ports: {}}]",
        "expected NETWORK/ADDRESS",
    );
    let twice = "workloads:\n- {namespace: a, name: web, trustDomain: one}\n- {namespace: a, name: db, trustDomain: two}\n";
    check(twice, "expected one trust domain for all workloads, found `one` and `two`");
    let huge =
        format!("[[{}]]", vec!["[{sourceIps: [10.0.0.0/8]}, {sourceIps: [11.0.0.0/8]}]"; 20].join(", "));
    check(&policy(&huge, "Deny"), "expected a rule of at most 4096 combinations");
}

/// ztunnel's own reading of nested lists (reference/hbone.md 6.1), over ports alone.
fn ztunnel_matches(rules: &[Vec<Vec<Vec<u16>>>], port: u16) -> bool {
    let clause =
        |clause: &Vec<Vec<u16>>| clause.is_empty() || clause.iter().any(|ports| ports.contains(&port));
    rules.iter().any(|rule| rule.iter().all(clause))
}

fn ours_match(policy: &AuthorizationPolicy, port: u16) -> bool {
    let source: SpiffeId = SpiffeId::new("td", "ns", "sa").unwrap();
    let ip: IpAddr = "10.0.0.1".parse().unwrap();
    let seen = Seen { source: Some(&source), source_ip: ip, destination_ip: ip, port };
    let any =
        |entries: &[Entry]| entries.is_empty() || entries.iter().any(|entry| entry.matches.matches(&seen));
    let rule = |rule: &Rule| {
        any(&rule.from) && any(&rule.to) && rule.when.iter().all(|entry| entry.matches.matches(&seen))
    };
    policy.rules.iter().any(rule)
}

const LOCAL: &str = include_str!("../../../tests/data/ztunnel/local.yaml");

proptest! {
    /// Whatever a slip of the hand makes of a good file: it loads, or every error points into it.
    #[test]
    fn a_damaged_file_never_panics(start in 0..LOCAL.len(), length in 0..30_usize, put in "[ -~\n\u{0}é!]{0,6}") {
        let text: String = LOCAL.chars().take(start).chain(put.chars()).chain(LOCAL.chars().skip(start + length)).collect();
        if let Err(errors) = load(&[Input::text("x.yaml", text.clone())]) {
            for error in errors.iter() {
                let line = error.source().unwrap().line as usize;
                prop_assert!((1..=text.lines().count() + 1).contains(&line), "{error}");
            }
        }
    }

    /// However the clauses are nested: our rules match what ztunnel's would.
    #[test]
    fn clauses_mean_what_they_meant(
        rules in prop::collection::vec(
            prop::collection::vec(
                prop::collection::vec(prop::collection::vec(1..5_u16, 0..3), 0..3), 0..5), 0..3),
    ) {
        let matches = |ports: &Vec<u16>| format!("{{destinationPorts: {ports:?}}}");
        let nest = |items: Vec<String>| format!("[{}]", items.join(", "));
        let clause = |clause: &Vec<Vec<u16>>| nest(clause.iter().map(matches).collect());
        let rule = |rule: &Vec<Vec<Vec<u16>>>| nest(rule.iter().map(clause).collect());
        let text = format!(
            "policies:\n- {{name: a, namespace: b, scope: Namespace, action: Deny, dryRun: false, rules: {}}}\n",
            nest(rules.iter().map(rule).collect())
        );
        let loaded = load(&[Input::text("x.yaml", text)]).unwrap();
        for port in 1..6 {
            prop_assert_eq!(ours_match(&loaded.policies.authorization_policies[0], port), ztunnel_matches(&rules, port));
        }
    }
}
