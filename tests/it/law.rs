//! Law 1: what `explain` says of a connection is what the wire did to it, for generated policies, under both semantics.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use glasstunnel::admin::{Edit, Manner as How};
use glasstunnel::explain::{Caller, Explanation, Manner, Question, explain};
use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::mesh::Semantics;
use glasstunnel::policy::Effective;
use glasstunnel::resources::{Input, Objects};
use glasstunnel::telemetry::{Fact, Record, Verdict};
use glasstunnel::tls::{ClientOffer, ClientTls, connect};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

/// Two workloads over HBONE, one beside a sidecar, one outside the mesh; each with two ports and a service.
const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Namespace
metadata: {name: side, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: outside}
";
const WORKLOADS: [(&str, &str); 4] = [("default", "a"), ("default", "b"), ("side", "s"), ("outside", "p")];
/// Where those call from who are no workload.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Two workload ports, and the service's port in front of the first.
const PORTS: [u16; 3] = [3000, 4000, SERVICE_PORT];
const SERVICE_PORT: u16 = 80;
/// Policy sets for each semantics; each is asked eight connections.
const SETS: usize = 60;

fn mesh() -> String {
    let mut yaml = MESH.to_owned();
    for (namespace, name) in WORKLOADS {
        write!(
            yaml,
            "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}, tier: t}}, annotations: {{glasstunnel.dev/backend: echo}}}}
spec: {{serviceAccountName: {name}, containers: [{{name: c, ports: [{{containerPort: 3000}}, {{containerPort: 4000}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, name: http, targetPort: 3000}}, {{port: 4000, name: raw}}]}}
"
        )
        .unwrap();
    }
    yaml
}

fn select<T: Clone + std::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(values)
}

/// A PeerAuthentication: where it lives, whom it picks, what it says.
fn peer_authentication() -> impl Strategy<Value = String> {
    let modes: &[&str] = &["UNSET", "DISABLE", "PERMISSIVE", "STRICT"];
    let place = select(&[
        ("istio-system", ""),
        ("istio-system", "selector: {}, "),
        ("default", ""),
        ("side", ""),
        ("default", "selector: {matchLabels: {app: a}}, "),
        ("side", "selector: {matchLabels: {app: s}}, "),
        ("istio-system", "selector: {matchLabels: {app: a}}, "),
    ]);
    (place, select(modes), proptest::option::of(select(modes)), 0..1000_u16).prop_map(
        |((namespace, selector), mode, port, number)| {
            let ports = port.filter(|_| selector.contains("matchLabels"));
            let ports =
                ports.map(|mode| format!(", portLevelMtls: {{3000: {{mode: {mode}}}}}")).unwrap_or_default();
            format!(
                "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: pa-{number}, namespace: {namespace}}}
spec: {{{selector}mtls: {{mode: {mode}}}{ports}}}
"
            )
        },
    )
}

/// An AuthorizationPolicy of up to two rules.
fn authorization_policy() -> impl Strategy<Value = String> {
    let source = select(&[
        "principals: ['cluster.local/ns/default/sa/a']",
        "principals: ['*']",
        "notPrincipals: ['*']",
        "namespaces: ['default']",
        "notNamespaces: ['outside']",
        "serviceAccounts: ['default/b']",
        "ipBlocks: ['10.0.0.0/8']",
        "notIpBlocks: ['127.0.0.0/8']",
        "requestPrincipals: ['*']",
        "namespaces: ['side'], notRequestPrincipals: ['x']",
    ]);
    let operation =
        proptest::option::of(select(&["ports: ['3000']", "notPorts: ['3000']", "methods: [GET]"]));
    let rule = (source, operation).prop_map(|(source, operation)| {
        let to = operation.map(|it| format!(", to: [{{operation: {{{it}}}}}]")).unwrap_or_default();
        format!("{{from: [{{source: {{{source}}}}}]{to}}}")
    });
    let place = select(&[
        ("istio-system", ""),
        ("default", ""),
        ("side", ""),
        ("default", "selector: {matchLabels: {app: a}}, "),
        ("default", "selector: {}, "),
        ("istio-system", "selector: {matchLabels: {tier: t}}, "),
    ]);
    let rules = proptest::collection::vec(rule, 1..3);
    (place, select(&["ALLOW", "DENY"]), rules, 0..1000_u16).prop_map(
        |((namespace, selector), action, rules, number)| {
            format!(
                "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: ap-{number}, namespace: {namespace}}}
spec: {{{selector}action: {action}, rules: [{}]}}
",
                rules.join(", ")
            )
        },
    )
}

/// A DestinationRule for one of the services.
fn destination_rule() -> impl Strategy<Value = String> {
    let hosts: &[&str] =
        &["a.default", "b.default", "s.side", "p.outside", "*.default.svc.cluster.local", "*.cluster.local"];
    let host = select(hosts).prop_map(|host| match host.strip_prefix("*.") {
        Some(_) => host.to_owned(),
        None => format!("{host}.svc.cluster.local"),
    });
    let modes: &[&str] = &["DISABLE", "SIMPLE", "ISTIO_MUTUAL"];
    let port = proptest::option::of(select(modes));
    (host, select(modes), port, select(&["default", "side", "istio-system"]), 0..1000_u16).prop_map(
        |(host, mode, port, namespace, number)| {
            let ports = port.map(|mode| {
                format!(", portLevelSettings: [{{port: {{number: 80}}, tls: {{mode: {mode}}}}}]")
            });
            format!(
                "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: dr-{number}, namespace: {namespace}}}
spec: {{host: '{host}', trafficPolicy: {{tls: {{mode: {mode}}}{}}}}}
",
                ports.unwrap_or_default()
            )
        },
    )
}

/// A few of each. Two of one name would be one mistake and no policy.
fn policies() -> impl Strategy<Value = String> {
    let modes = proptest::collection::vec(peer_authentication(), 0..4);
    let rules = proptest::collection::vec(authorization_policy(), 0..3);
    let clients = proptest::collection::vec(destination_rule(), 1..5);
    (modes, rules, clients).prop_map(|(modes, rules, clients)| {
        let mut documents: Vec<String> = modes.into_iter().chain(rules).chain(clients).collect();
        let name = |document: &String| document.lines().nth(2).unwrap_or_default().to_owned();
        documents.sort_by_key(name);
        documents.dedup_by_key(|document| name(document));
        documents.join("---\n")
    })
}

/// Who calls whom, and how.
fn connection() -> impl Strategy<Value = (&'static str, &'static str, u16, Option<Manner>)> {
    let names = &["default/a", "default/b", "side/s", "outside/p"];
    // Only sidecars heed a DestinationRule.
    let callers = &["default/a", "default/b", "side/s", "side/s", "side/s", "outside/p"];
    let manner = select(&[None, None, None, Some(Manner::Raw), Some(Manner::Mtls)]);
    (select(callers), select(names), select(&PORTS), manner)
}

#[tokio::test]
async fn what_explain_says_is_what_the_wire_does() {
    for semantics in [Semantics::Istio, Semantics::Ztunnel] {
        let options = LabOptions { semantics: Some(semantics), ..LabOptions::default() };
        let lab = Lab::start(&mesh(), options).await.unwrap();
        let mut runner = TestRunner::deterministic();
        let mut seen = std::collections::BTreeMap::new();
        for number in 0..SETS {
            let set = policies().new_tree(&mut runner).unwrap().current();
            let name = format!("set-{number}.yaml");
            let objects =
                Objects::read(&[Input::text(name, set.clone())]).unwrap_or_else(|errors| panic!("{errors}"));
            let keys = objects.iter().map(|object| object.key.clone()).collect();
            let editor = lab.running().editor();
            editor.edit(Edit::Apply(objects), How::default()).unwrap();
            for _ in 0..8 {
                let asked = connection().new_tree(&mut runner).unwrap().current();
                if let Some(verdict) = compare(&lab, asked, &format!("{semantics}\n{set}")).await {
                    *seen.entry(verdict.name()).or_insert(0) += 1;
                }
            }
            editor.edit(Edit::Delete(keys), How::default()).unwrap();
        }
        // A generator that only ever allows, or only ever denies, would show nothing.
        let count = |verdict: Verdict| seen.get(verdict.name()).copied().unwrap_or(0);
        assert!(
            count(Verdict::Allow) > 40 && count(Verdict::Deny) > 40 && count(Verdict::Fail) > 5,
            "{seen:?}"
        );
        lab.stop(Duration::from_secs(5)).await;
    }
}

/// Makes the connection, and holds its record against what was foretold; `None` where nobody records it.
async fn compare(
    lab: &Lab,
    (from, to, port, manner): (&str, &str, u16, Option<Manner>),
    context: &str,
) -> Option<Verdict> {
    let snapshot = lab.running().snapshots().load();
    let (source, destination) = (lab.workload(from).unwrap(), lab.workload(to).unwrap());
    // Mutual TLS is spoken by somebody who has an identity to show.
    let manner = manner.filter(|manner| source.reach.in_mesh() || *manner == Manner::Raw);
    // What goes past every proxy of the mesh is on nobody's record.
    let unrecorded = !destination.reach.in_mesh() && manner.is_some();
    if unrecorded || from == to {
        return None;
    }
    // Past a proxy nobody resolves a service.
    let port = if manner.is_some() && port == SERVICE_PORT { PORTS[0] } else { port };
    let address = match port {
        SERVICE_PORT => format!("{to}:{port}"),
        _ => destination.address(port).to_string(),
    };
    let question = Question::read(&snapshot.mesh, from, &address, manner).unwrap();
    let caller = match manner {
        None => question.caller.clone(),
        Some(Manner::Mtls) => Caller::Identity(source.identity.clone(), STRANGER),
        Some(_) => Caller::Address(STRANGER),
    };
    let question = Question { caller, ..question };
    let foretold = explain(&snapshot, &question);
    let last = lab.running().recorder().recent(1).last().map_or(0, |record| record.id);
    make(lab, (from, to, port, manner)).await;
    let record = lab.record(|record| record.id > last).await;
    let context = format!(
        "{from} → {to}:{port} {manner:?} under {context}\nforetold: {}\nrecord: {}",
        foretold.why,
        record.why()
    );
    assert_eq!(of_record(&record), of_explanation(&foretold, &record), "{context}");
    Some(record.verdict())
}

/// What both must agree on: verdict, stage, code, wire, mode, and who decided.
type Said = (Verdict, String, Option<&'static str>, Option<String>, Option<Effective>, Option<String>);

fn of_record(record: &Record) -> Said {
    let mode = record.facts().filter_map(|fact| match fact {
        Fact::Mode(effective) => Some(effective.clone()),
        _ => None,
    });
    let failure = record.failure().and_then(|failure| failure.policy.as_ref());
    let allowed = record.permit().and_then(|permit| permit.allowed_by());
    (
        record.verdict(),
        record.stage().to_string(),
        record.code(),
        record.wire().map(|wire| wire.to_string()),
        mode.last(),
        failure.or(allowed).map(ToString::to_string),
    )
}

fn of_explanation(foretold: &Explanation, record: &Record) -> Said {
    let failure = foretold.failure.as_ref().and_then(|failure| failure.policy.as_ref());
    let code = foretold.failure.as_ref().map(|failure| failure.code);
    // Where both sides saw the end of it, the record tells the side that knows.
    let stage = if record.verdict() == Verdict::Allow { record.stage() } else { foretold.stage() };
    (
        foretold.verdict(),
        stage.to_string(),
        code,
        foretold.wire.map(|wire| wire.to_string()),
        foretold.effective.clone(),
        failure.or(foretold.allowed_by.as_ref()).map(ToString::to_string),
    )
}

/// Makes the connection and waits for its end.
async fn make(lab: &Lab, (from, to, port, manner): (&str, &str, u16, Option<Manner>)) {
    let destination = lab.workload(to).unwrap();
    match manner {
        None => {
            let host = match port {
                SERVICE_PORT => destination.name.dotted(),
                _ => destination.address(port).ip().to_string(),
            };
            let _seen = lab.send(from, &host, port, b"hello").await.unwrap();
        }
        Some(Manner::Mtls) => {
            let stream = dial(lab.captured(to, port).unwrap()).await;
            let tls = ClientTls::new(&lab.svid(from).unwrap()).unwrap();
            let deadline = Instant::now() + Duration::from_secs(10);
            let expected = [destination.identity.clone()];
            if let Ok((mut stream, _)) = connect(stream, &tls, &expected, ClientOffer::Istio, deadline).await
            {
                exchange(&mut stream).await;
            }
        }
        Some(_) => exchange(&mut dial(lab.captured(to, port).unwrap()).await).await,
    }
}

/// A connection from an address that is nobody's, straight to a door.
async fn dial(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(STRANGER, 0)).unwrap();
    socket.connect(to).await.unwrap()
}

async fn exchange<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S) {
    // Refused or not: the record says which.
    let _ = stream.write_all(b"hello").await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}
