//! Scenarios as text: what is read, and where mistakes are shown.

use std::time::Duration;

use super::*;
use crate::ca::Bend;
use crate::scenario::{Aspect, End, Shown, Want, Wanted};
use crate::tls::ClientOffer;

const MESH: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web}
---
apiVersion: glasstunnel.dev/v1
kind: Scenario
metadata: {name: one}
spec:
";

const CLIENTS: &str = "  clients:\n  - {from: web, to: 'web:80'}\n";

fn read(spec: &str) -> Result<Vec<Scenario>, String> {
    load(&[], &[Input::text("s.yaml", format!("{MESH}{spec}"))]).map_err(|errors| errors.to_string())
}

fn only(spec: &str) -> Scenario {
    read(spec).unwrap_or_else(|error| panic!("{error}")).remove(0)
}

#[test]
fn what_a_client_does_is_read() {
    let scenario = only(
        "  settings: {semantics: ztunnel, silence: 50ms, certificateTtl: 2h}
  certificates: [{workload: web, bend: expired}]
  clients:
  - from: web
    to: web:80
    as: tls
    tls: {alpn: istio, certificate: other-root}
    repeat: 7
    expect: {flag: [DENY, CONNECT], client: {exit: 56, sees: [a, b]}, destination: none}
",
    );
    assert_eq!(scenario.settings.silence, Some(Duration::from_millis(50)));
    assert_eq!(scenario.certificates[0].bend, Bend::Expired);
    let client = &scenario.clients[0];
    assert_eq!((client.name.as_str(), client.repeat), ("web", 7));
    assert_eq!((client.tls.offer, client.tls.certificate), (ClientOffer::Istio, Shown::Own(Bend::OtherRoot)));
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let wanted = |end, aspect, want| Wanted { end, aspect, want };
    assert_eq!(
        client.expect.wanted,
        [
            wanted(End::Connection, Aspect::Flag, Want::Is(texts(&["DENY", "CONNECT"]))),
            wanted(End::Client, Aspect::Exit, Want::Is(texts(&["56"]))),
            wanted(End::Client, Aspect::Sees, Want::Holds(texts(&["a", "b"]))),
            wanted(End::Destination, Aspect::Code, Want::Is(texts(&["not recorded"]))),
        ]
    );
}

#[test]
fn a_fix_replaces_what_it_names() {
    let scenario = only(&format!(
        "  certificates: [{{workload: web, bend: expired}}]
{CLIENTS}  fix:
    title: mended
    certificates: []
    documents: [{{apiVersion: v1, kind: Pod, metadata: {{name: other}}}}]
    delete: [Pod default/web]
    expect: {{verdict: allow}}
"
    ));
    let fix = scenario.fix.unwrap();
    assert_eq!((fix.title.as_str(), fix.certificates.len(), fix.clients.len()), ("mended", 0, 1));
    let names: Vec<String> = fix.objects.iter().map(|object| object.key.to_string()).collect();
    assert_eq!(names, ["Pod default/other"]);
    assert_eq!(scenario.certificates.len(), 1);
    assert_eq!(fix.clients[0].expect.wanted.len(), 1);
}

#[test]
fn several_scenarios_share_a_mesh() {
    let text = format!(
        "{MESH}{CLIENTS}---\napiVersion: glasstunnel.dev/v1\nkind: Scenario\nmetadata: {{name: two}}\nspec:\n{CLIENTS}"
    );
    let scenarios = load(&[], &[Input::text("s.yaml", text)]).unwrap();
    let names: Vec<(&str, usize)> =
        scenarios.iter().map(|scenario| (scenario.name.as_str(), scenario.objects.iter().count())).collect();
    assert_eq!(names, [("one", 1), ("two", 1)]);
}

/// What is said of a mistake, and what it points at.
fn mistake(spec: &str) -> (String, String) {
    let error = read(spec).unwrap_err();
    let (_, place) = error.split_once("--> s.yaml:").unwrap_or_else(|| panic!("{error}"));
    let (line, column) = place.lines().next().unwrap().split_once(':').unwrap();
    let text = format!("{MESH}{spec}");
    let line = text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
    (error.clone(), line[column.parse::<usize>().unwrap() - 1..].to_owned())
}

#[test]
fn mistakes_have_their_place() {
    let check = |spec: &str, place: &str, says: &str| {
        let (error, marked) = mistake(spec);
        assert!(marked.starts_with(place) && error.contains(says), "{marked}: {error}");
    };
    let client = |more: &str| format!("  clients:\n  - {{from: web, to: 'web:80', {more}}}\n");
    check("  clinets: []\n", "clinets", "did you mean `clients`?");
    check("  clients: []\n", "clients", "at least one client");
    check("  clients:\n  - {from: web, to: web}\n", "web}", "expected NAME:PORT, found `web`");
    check("  clients:\n  - {to: 'web:80'}\n", "{to", "expected a field `from`");
    check(&client("as: http"), "http", "found `http`");
    check(&client("expect: {verdict: allowed}"), "allowed", "did you mean `allow`?");
    check(&client("expect: {stage: peer_auht}"), "peer_auht", "did you mean `peer_auth`?");
    check(&client("expect: {aler: x}"), "aler", "did you mean `alert`?");
    check(&client("repeat: 0"), "0", "expected 1 to 1000 runs");
    check(&format!("{CLIENTS}  - {{from: web, to: 'web:81'}}\n"), "{from", "expected each client once");
    let with = |more: &str| format!("{CLIENTS}  {more}\n");
    check(&with("certificates: [{workload: web, bend: expried}]"), "expried", "did you mean `expired`?");
    check(&with("settings: {silence: 5}"), "5}", "such as 50ms");
    check(&with("fix: {title: x, delete: [Pod default/wbe]}"), "[Pod", "did you mean `Pod default/web`?");
    check(&with("fix: {expect: {}}"), "{expect", "expected a field `title`");
    let nameless = "fix: {title: x, documents: [{apiVersion: v1, kind: Pod, metadata: {}}]}";
    check(&with(nameless), "{", "expected a field `name`");
}
