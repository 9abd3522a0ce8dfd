//! A mode that is tried on what was observed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::admin::view::document::Kind;
use crate::explain::{Rehearsal, RehearsalRow};
use crate::policy::PeerAuthentication;

/// Who would break, and how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalView {
    /// What was asked about.
    pub target: String,
    /// The mode that is tried.
    pub mode: String,
    /// How many connections were observed.
    pub connections: usize,
    /// How many of them would break.
    pub breaking: usize,
    /// How many open ones would be cut.
    pub cut: usize,
    /// By source, wire and port; those that would break first.
    pub rows: Vec<RehearsalRowView>,
    /// The documents that would make it so.
    pub documents: Vec<Value>,
}

/// Connections of one source over one wire to one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalRowView {
    /// `NAMESPACE/NAME` of the caller, or its address.
    pub source: String,
    /// `hbone`, `mtls`, `tls` or `raw`.
    pub wire: String,
    /// The workload port.
    pub port: u16,
    /// How many.
    pub connections: usize,
    /// How many of them are open.
    pub open: usize,
    /// What becomes of them now.
    pub now: String,
    /// What would become of them.
    pub then: String,
    /// Why, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl RehearsalView {
    /// The view of `rehearsal`; `written` finds the document that a policy was written as, if it was.
    pub fn of(
        (target, mode): (&str, &str),
        rehearsal: &Rehearsal,
        written: impl Fn(&PeerAuthentication) -> Option<Value>,
    ) -> Self {
        let documents = rehearsal.changed.iter().map(|policy| document(policy, written(policy)));
        Self {
            target: target.to_owned(),
            mode: mode.to_owned(),
            connections: rehearsal.rows.iter().map(|row| row.connections).sum(),
            breaking: rehearsal.breaking().map(|row| row.connections).sum(),
            cut: rehearsal.breaking().map(|row| row.open).sum(),
            rows: rehearsal.rows.iter().map(RehearsalRowView::of).collect(),
            documents: documents.collect(),
        }
    }
}

impl RehearsalRowView {
    fn of(row: &RehearsalRow) -> Self {
        Self {
            source: row.source.clone(),
            wire: row.wire.to_string(),
            port: row.port,
            connections: row.connections,
            open: row.open,
            now: row.now.name().to_ascii_lowercase(),
            then: row.then.name().to_ascii_lowercase(),
            why: row.why.clone(),
        }
    }
}

/// The policy as a document. One that was written keeps all that it says beside its modes.
fn document(policy: &PeerAuthentication, written: Option<Value>) -> Value {
    let mut document = written.unwrap_or_else(|| {
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": *policy.name.name, "namespace": *policy.name.namespace},
            "spec": {},
        })
    });
    let mut spec = serde_json::Map::new();
    if let Some(labels) = &policy.selector {
        spec.insert("selector".to_owned(), json!({"matchLabels": labels}));
    }
    if let Some(mode) = policy.mode {
        spec.insert("mtls".to_owned(), json!({"mode": mode.to_string()}));
    }
    if !policy.ports.is_empty() {
        let mode = |mode: &Option<_>| {
            mode.map_or("UNSET".to_owned(), |mode: crate::policy::MtlsMode| mode.to_string())
        };
        let ports: serde_json::Map<String, Value> =
            policy.ports.iter().map(|(port, it)| (port.to_string(), json!({"mode": mode(it)}))).collect();
        spec.insert("portLevelMtls".to_owned(), Value::Object(ports));
    }
    if let Some(fields) = document.as_object_mut() {
        fields.insert("spec".to_owned(), Value::Object(spec));
        // It is the cluster's word on another policy than this one.
        fields.remove("status");
    }
    document
}

impl Kind for RehearsalView {
    const KIND: &'static str = "Rehearsal";
}
