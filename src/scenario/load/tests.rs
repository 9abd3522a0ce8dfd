//! Scenarios as text: what is read, and where mistakes are shown.

use std::time::Duration;

use super::*;
use crate::ca::Bend;
use crate::scenario::{Aspect, End, Place, Shown, Step, Want, Wanted};
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
fn what_happens_between_clients_is_read() {
    let scenario = only(
        "  settings: {at: '+25h'}
  faults:
  - {at: {clock: web}, fault: clock=-30s}
  - {at: {ca: web}, fault: 'ca:slow=30s'}
  clients:
  - {from: web, to: 'web:80', as: raw, hold: true, again: x, patience: 300ms, fault: 'tcp:rst@first-byte'}
  - name: second
    from: web
    to: web:80
    repeat: 3
    together: true
    before:
    - apply: [{apiVersion: v1, kind: Pod, metadata: {name: late}}]
    - delete: [Pod default/late]
    - renew: web
    - at: +13h
    - faults: [{at: {renewal: web}, fault: clock=+25h}]
  afterwards: [{revoke: web}, {drain: 100ms}]
",
    );
    assert_eq!(scenario.settings.at, Some(time::Duration::hours(25)));
    let places: Vec<Place> = scenario.faults.iter().map(|wish| wish.place).collect();
    assert_eq!(places, [Place::Clock, Place::Ca]);
    let [held, second] = &scenario.clients[..] else { panic!("two") };
    assert_eq!(
        (held.hold, held.again.as_deref(), held.patience),
        (true, Some("x"), Some(Duration::from_millis(300)))
    );
    assert_eq!(held.fault.unwrap().to_string(), "tcp:rst@first-byte");
    assert_eq!((second.repeat, second.together), (3, true));
    let told = |steps: &[Step]| steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let before =
        ["apply Pod default/late", "delete Pod default/late", "renew web", "at +13h", "clock=+25h of web"];
    assert_eq!(told(&second.before), before);
    assert_eq!(told(&scenario.afterwards), ["revoke web", "drain 100ms"]);
    assert_eq!(scenario.at(time::Duration::HOUR).settings.at, Some(time::Duration::HOUR));
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

#[test]
fn mistakes_in_steps_and_faults_have_their_place() {
    let check = |spec: &str, place: &str, says: &str| {
        let (error, marked) = mistake(spec);
        assert!(marked.starts_with(place) && error.contains(says), "{marked}: {error}");
    };
    let client = |more: &str| format!("  clients:\n  - {{from: web, to: 'web:80', {more}}}\n");
    let with = |more: &str| format!("{CLIENTS}  {more}\n");
    let fault = |at: &str, fault: &str| with(&format!("faults: [{{at: {{{at}}}, fault: '{fault}'}}]"));
    check(&fault("clock: web", "clock=25h"), "'clock=25h'", "such as +25h or -30s");
    check(&fault("clock: web", "ca:deny"), "'ca:deny'", "expected a fault of a clock");
    check(&fault("ca: web", "ca:denied"), "'ca:denied'", "the nearest is ca:deny");
    check(&fault("ca: web", "tcp:rst@accept"), "'tcp:rst", "expected a fault of the CA");
    check(&fault("workload: web, door: hbone", "clock=+1h"), "'clock", "`at: {clock: NAME}`");
    check(&fault("clock: web, door: hbone", "clock=+1h"), "door", "found `door`");
    check(&with("settings: {at: 25h}"), "25h", "such as +25h");
    check(&client("fault: 'tcp:rst@accept'"), "'tcp:rst", "expected `as` beside `fault`");
    check(&client("as: raw, fault: 'ca:deny'"), "'ca:deny'", "expected a fault such as");
    check(&client("again: x"), "x}", "expected `hold: true` beside `again`");
    check(&client("hold: true, command: [true]"), "[true]", "expected no `command`");
    check(&client("patience: 3"), "3}", "such as 50ms");
    check(&client("before: [{drain: 1s}]"), "drain", "expected `drain` in `afterwards`");
    check(&client("before: [{revkoe: web}]"), "revkoe", "did you mean `revoke`?");
    check(&client("before: [{renew: web, revoke: web}]"), "{renew", "expected one of");
    check(&client("before: [{delete: [Pod default/wbe]}]"), "[Pod", "did you mean `Pod default/web`?");
    let nameless = "before: [{apply: [{apiVersion: v1, kind: Pod, metadata: {}}]}]";
    check(&client(nameless), "{", "expected a field `name`");
    check(&with("afterwards: [{faults: [{at: {ca: web}, fault: x}]}]"), "x}", "expected a fault such as");
}

#[test]
fn scenarios_of_the_common_files_are_nobodys() {
    let file = |name: &str, text: String| Input::text(name, text);
    let common = [file("mesh.yaml", format!("{MESH}{CLIENTS}"))];
    let own =
        format!("apiVersion: glasstunnel.dev/v1\nkind: Scenario\nmetadata: {{name: two}}\nspec:\n{CLIENTS}");
    let scenarios = load(&common, &[file("a.yaml", own.clone()), file("b.yaml", own)]).unwrap();
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names, ["two", "two"]);
}
