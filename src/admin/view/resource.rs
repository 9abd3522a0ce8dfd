//! The documents of a running mesh, and what edits did to them.

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::admin::editor::{Done, Edited};
use crate::admin::view::document::Kind;
use crate::admin::view::time::rfc3339;
use crate::mesh::{Reach, Service, Workload};
use crate::resources::{Change, Object, ObjectKey, names_of};

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceView {
    /// `PeerAuthentication`.
    pub resource_kind: String,
    /// Its namespace; empty for kinds without.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it is declared, `file:line`.
    pub source: String,
    /// When a cluster created it, or this mesh read it.
    pub since: String,
    /// The document as it was written.
    pub document: Value,
}

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditedView {
    /// `peerauthentication.security.istio.io/default`, as kubectl says it.
    pub object: String,
    /// Its namespace; empty for kinds without.
    pub namespace: String,
    /// `created`, `configured`, `unchanged` or `deleted`.
    pub done: String,
}

/// A file on its way to a running mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedText {
    /// What errors call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Several documents as kubectl gives them: a List, which every command here reads back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Value>,
}

impl ResourceList {
    /// Of these documents.
    pub fn of(items: Vec<Value>) -> Self {
        Self { api_version: "v1", kind: "List", items }
    }
}

impl ResourceView {
    /// The view of `object`, which was written as `document`.
    pub fn of(object: &Object, document: Value) -> Self {
        let created = document.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
        let since = created.map_or_else(|| rfc3339(object.read_at), str::to_owned);
        Self {
            resource_kind: object.key.kind.clone(),
            namespace: object.key.name.namespace.to_string(),
            name: object.key.name.name.to_string(),
            source: object.source.to_string(),
            since,
            document,
        }
    }

    /// A workload as the Pod that a cluster would have made for it.
    pub fn of_workload(workload: &Workload, since: SystemTime) -> Self {
        let ports: Vec<Value> =
            workload.ports.iter().map(|port| json!({"containerPort": port.number})).collect();
        let mut containers = vec![json!({"name": workload.canonical_name, "ports": ports})];
        if workload.reach == Reach::Sidecar {
            containers.push(json!({"name": "istio-proxy"}));
        }
        let document = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": *workload.name.name,
                "namespace": *workload.name.namespace,
                "labels": workload.labels,
                "annotations": {"glasstunnel.dev/backend": workload.backend.to_string()},
            },
            "spec": {
                "serviceAccountName": workload.identity.service_account(),
                "nodeName": workload.node,
                "containers": containers,
            },
            "status": {"phase": "Running", "podIP": workload.address(0).ip().to_string()},
        });
        Self {
            resource_kind: "Pod".to_owned(),
            namespace: workload.name.namespace.to_string(),
            name: workload.name.name.to_string(),
            source: workload.source.to_string(),
            since: rfc3339(since),
            document,
        }
    }

    /// A service's document with the address that it was allotted.
    pub fn with_cluster_ip(mut self, service: Option<&Arc<Service>>) -> Self {
        let address = service.map(|service| match service.vips.first() {
            Some(vip) => vip.to_string(),
            None => "None".to_owned(),
        });
        let spec = self.document.pointer_mut("/spec").and_then(Value::as_object_mut);
        if let (Some(spec), Some(address)) = (spec, address) {
            spec.entry("clusterIP").or_insert_with(|| Value::String(address));
        }
        self
    }

    /// Since when it is there.
    pub fn age(&self, now: SystemTime) -> Option<std::time::Duration> {
        let since = time::OffsetDateTime::parse(&self.since, &time::format_description::well_known::Rfc3339);
        now.duration_since(since.ok()?.into()).ok()
    }
}

impl EditedView {
    /// The view of what was done.
    pub fn of(edited: &Edited) -> Self {
        Self {
            object: qualified(&edited.key),
            namespace: edited.key.name.namespace.to_string(),
            done: match edited.done {
                Done::Applied(Change::Created) => "created",
                Done::Applied(Change::Configured) => "configured",
                Done::Applied(Change::Unchanged) => "unchanged",
                Done::Deleted => "deleted",
            }
            .to_owned(),
        }
    }
}

/// An object as kubectl calls it.
fn qualified(key: &ObjectKey) -> String {
    let kind = names_of(&key.kind).map_or_else(|| key.kind.to_ascii_lowercase(), |names| names.qualified());
    format!("{kind}/{}", key.name.name)
}

impl Kind for ResourceView {
    const KIND: &'static str = "Resource";
}

impl Kind for EditedView {
    const KIND: &'static str = "Edited";
}
