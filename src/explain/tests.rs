//! What upstream decides, row by row, through `explain`: tests/data/vectors, from real istiod and ztunnel sources.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use crate::explain::{Caller, Explanation, Manner, Question, explain};
use crate::identity::SpiffeId;
use crate::mesh::{Mesh, Name, Semantics, build};
use crate::policy::Snapshot;
use crate::resources::{Input, Objects};
use crate::telemetry::{Stage, Verdict};

/// Rows of a vector file, by way of the reader that reads everything else.
fn rows(file: &str, section: Option<&str>) -> Vec<Value> {
    let path = format!("{}/tests/data/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let whole = crate::resources::plain(&text).unwrap();
    let rows = match section {
        Some(section) => whole.pointer(&format!("/{section}")).unwrap().clone(),
        None => whole,
    };
    rows.as_array().unwrap().clone()
}

fn text<'a>(row: &'a Value, pointer: &str) -> Option<&'a str> {
    row.pointer(pointer).and_then(Value::as_str)
}

/// The mesh of a row: the workload in an ambient namespace (or beside a sidecar), and the policies as they stand.
fn snapshot(row: &Value, workload: &Value, (sidecar, semantics): (bool, Semantics)) -> Snapshot {
    let namespace = text(workload, "/namespace").unwrap();
    let labels = workload.pointer("/labels").cloned().unwrap_or_else(|| serde_json::json!({}));
    let ip = text(workload, "/ip").unwrap_or("10.0.0.1");
    let account = text(workload, "/serviceAccount").unwrap_or("a");
    let mode = if sidecar { "istio-injection: enabled" } else { "istio.io/dataplane-mode: ambient" };
    let mut yaml = format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}, labels: {{{mode}}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: subject, namespace: {namespace}, labels: {labels}}}
spec: {{serviceAccountName: {account}}}
status: {{podIP: {ip}}}
"
    );
    if let Some(trust_domain) = text(row, "/mesh/trustDomain") {
        write!(
            yaml,
            "---\napiVersion: mesh.istio.io/v1alpha1\nkind: MeshConfig\ntrustDomain: {trust_domain}\n"
        )
        .unwrap();
    }
    for policy in row.pointer("/policies").and_then(Value::as_array).unwrap() {
        write!(yaml, "---\n{policy}\n").unwrap();
    }
    let loaded = Objects::read_as_is(&[Input::text("row.yaml", yaml)]).unwrap().assemble().unwrap();
    let mut spec = loaded.spec;
    spec.settings.semantics = semantics;
    Snapshot::new(Arc::new(build(spec).unwrap()), loaded.policies)
}

fn subject(mesh: &Mesh) -> Name {
    mesh.workloads().next().unwrap().name.clone()
}

fn ask(snapshot: &Snapshot, row: &Value) -> Explanation {
    let name = subject(&snapshot.mesh);
    let port = row.pointer("/port").and_then(Value::as_u64).unwrap();
    let principal = text(row, "/client/principal");
    let ip = text(row, "/client/ip").unwrap_or("10.0.0.9").parse().unwrap();
    let (manner, port) = match text(row, "/client/kind").unwrap() {
        "plaintext" => (Manner::Raw, port),
        "app-tls" => (Manner::Tls, port),
        "mtls" => (Manner::Hbone, port),
        // Straight to 15008 without a certificate, whatever port was meant.
        "one-way-tls" => (Manner::Tls, 15008),
        other => panic!("unknown client {other}"),
    };
    let question =
        Question::read(&snapshot.mesh, "10.9.9.9", &format!("{name}:{port}"), Some(manner)).unwrap();
    let caller = match principal {
        Some(principal) => {
            let id: SpiffeId = format!("spiffe://{principal}").parse().unwrap();
            Caller::Identity(id, ip)
        }
        None => Caller::Address(ip),
    };
    explain(snapshot, &Question { caller, ..question })
}

#[test]
fn upstreams_decisions_row_by_row() {
    let rows = rows("policy-vectors.yaml", None);
    assert_eq!(rows.len(), 105);
    let mut wrong = Vec::new();
    for row in &rows {
        let name = text(row, "/name").unwrap();
        let workload = row.pointer("/workload").unwrap();
        let snapshot = snapshot(row, workload, (false, Semantics::Ztunnel));
        let explanation = ask(&snapshot, row);
        if let Some(problem) = problem(row, &snapshot, &explanation) {
            wrong.push(format!("{name}: {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// What differs from the row's expectation.
fn problem(row: &Value, snapshot: &Snapshot, explanation: &Explanation) -> Option<String> {
    let expect = |pointer: &str| text(row, &format!("/expect/{pointer}"));
    let verdict = if explanation.verdict() == Verdict::Allow { "allow" } else { "deny" };
    if expect("l4_decision") != Some(verdict) {
        return Some(format!("{verdict}: {}", explanation.why));
    }
    let workload = snapshot.mesh.workload(&subject(&snapshot.mesh)).unwrap();
    let port = u16::try_from(row.pointer("/port").and_then(Value::as_u64).unwrap()).unwrap();
    let declared = snapshot.policies.effective(&workload.name, port).mode.to_string();
    if expect("peer_auth_mode") != Some(&declared) {
        return Some(format!("declared {declared}"));
    }
    let attached: Vec<Value> = snapshot.policies.attached(workload).into_iter().map(Value::String).collect();
    if row.pointer("/expect/attached").and_then(Value::as_array) != Some(&attached) {
        return Some(format!("attached {attached:?}"));
    }
    // The reason is ztunnel's own sentence, up to the note in brackets.
    let why = expect("why").unwrap();
    let logs = explanation.symptoms.server.strip_prefix("connection closed due to policy rejection: ");
    let sentence = why.split(" (").next().unwrap();
    let comparable =
        sentence.starts_with("explicitly denied by") || sentence.starts_with("allow policies exist");
    if comparable && logs != Some(sentence) {
        return Some(format!("logs {logs:?}, not {sentence:?}"));
    }
    match (expect("deciding_policy"), verdict) {
        (Some("tls-handshake"), _) => {
            (explanation.stage() != Stage::Tls).then(|| explanation.stage().to_string())
        }
        (Some(deciding), "allow") => {
            let found = explanation.allowed_by.as_ref().map(|policy| policy.name.to_string());
            (found.as_deref() != Some(deciding)).then(|| format!("allowed by {found:?}"))
        }
        (None, "allow") => explanation.allowed_by.as_ref().map(|policy| format!("allowed by {policy}")),
        _ => None,
    }
}

#[test]
fn sidecars_and_ztunnels_side_by_side() {
    for row in rows("policy-vectors-extra.yaml", Some("sidecar_inbound")) {
        let name = text(&row, "/name").unwrap().to_owned();
        for check in row.pointer("/expect").and_then(Value::as_array).unwrap() {
            for (column, sidecar) in [("sidecar", true), ("ambient", false)] {
                let snapshot =
                    snapshot(&row, row.pointer("/workload").unwrap(), (sidecar, Semantics::Ztunnel));
                let manner = match (text(check, "/client_kind").unwrap(), sidecar) {
                    ("plaintext", _) => Manner::Raw,
                    (_, true) => Manner::Mtls,
                    (_, false) => Manner::Hbone,
                };
                let port = check.pointer("/port").and_then(Value::as_u64).unwrap();
                let to = format!("{}:{port}", subject(&snapshot.mesh));
                let question = Question::read(&snapshot.mesh, "10.0.0.9", &to, Some(manner)).unwrap();
                let caller = match manner {
                    Manner::Raw => question.caller.clone(),
                    _ => Caller::Identity(
                        "spiffe://cluster.local/ns/client/sa/curl".parse().unwrap(),
                        [10, 0, 0, 9].into(),
                    ),
                };
                let explanation = explain(&snapshot, &Question { caller, ..question });
                let expect = text(check, &format!("/{column}")).unwrap() == "allow";
                let found = explanation.verdict() == Verdict::Allow;
                assert_eq!(found, expect, "{name} {column} {check}: {}", explanation.why);
            }
        }
    }
}
