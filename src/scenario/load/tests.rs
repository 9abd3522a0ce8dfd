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

#[test]
fn mistakes_have_their_place() {
    let check = |spec: &str, place: &str, says: &str| {
        let error = read(spec).unwrap_err();
        assert!(error.contains(&format!("s.yaml:{place}")) && error.contains(says), "{error}");
    };
    check("  clinets: []\n", "10:3", "did you mean `clients`?");
    check("  clients: []\n", "10:3", "at least one client");
    check("  clients:\n  - {from: web, to: web}\n", "11:20", "expected NAME:PORT, found `web`");
    check("  clients:\n  - {to: 'web:80'}\n", "11:5", "expected a field `from`");
    check("  clients:\n  - {from: web, to: 'web:80', as: http}\n", "11:34", "found `http`");
    check(
        "  clients:\n  - {from: web, to: 'web:80', expect: {verdict: allowed}}\n",
        "11:48",
        "did you mean `allow`?",
    );
    check(
        "  clients:\n  - {from: web, to: 'web:80', expect: {stage: tsl}}\n",
        "11:46",
        "did you mean `tls`?",
    );
    check("  clients:\n  - {from: web, to: 'web:80', expect: {aler: x}}\n", "11:39", "did you mean `alert`?");
    check("  clients:\n  - {from: web, to: 'web:80', repeat: 0}\n", "11:38", "expected 1 to 1000 runs");
    check(&format!("{CLIENTS}  - {{from: web, to: 'web:81'}}\n"), "12:5", "expected each client once");
    check(
        &format!("  certificates: [{{workload: web, bend: expried}}]\n{CLIENTS}"),
        "10:40",
        "did you mean `expired`?",
    );
    check(&format!("  settings: {{silence: 5}}\n{CLIENTS}"), "10:23", "such as 50ms");
    check(
        &format!("{CLIENTS}  fix: {{title: x, delete: [Pod default/wbe]}}\n"),
        "12:28",
        "did you mean `Pod default/web`?",
    );
    check(&format!("{CLIENTS}  fix: {{expect: {{}}}}\n"), "12:8", "expected a field `title`");
    check(
        &format!(
            "{CLIENTS}  fix: {{title: x, documents: [{{apiVersion: v1, kind: Pod, metadata: {{}}}}]}}\n"
        ),
        "12:",
        "expected a field `name`",
    );
}
