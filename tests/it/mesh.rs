//! The meshes that tests run, and what they ask of records.

use std::fmt::Write as _;
use std::sync::Arc;

use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::mesh::Semantics;
use glasstunnel::telemetry::Record;

/// Namespace `default` is ambient, `outside` is not; `curl-client` lives in both.
const CLIENTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: curl-client, labels: {app: curl-client}}
spec: {serviceAccountName: curl-client}
---
apiVersion: v1
kind: Pod
metadata: {name: curl-client, namespace: outside, labels: {app: curl-client}}
spec: {serviceAccountName: curl-client}
";

/// A mesh in the making.
pub(crate) struct Plan {
    pub(crate) yaml: String,
    pub(crate) options: LabOptions,
}

impl Plan {
    pub(crate) fn new() -> Self {
        Self { yaml: CLIENTS.to_owned(), options: LabOptions::default() }
    }

    /// Adds a pod `name` with a service of that name: port 80 → 3000, and 3000 → 3000.
    pub(crate) fn server(mut self, name: &str, backend: &str) -> Self {
        write!(
            self.yaml,
            "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}, annotations: {{glasstunnel.dev/backend: '{backend}'}}}}
spec: {{serviceAccountName: {name}, containers: [{{name: c, ports: [{{containerPort: 3000}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, name: http, targetPort: 3000}}, {{port: 3000, name: raw}}]}}
"
        )
        .unwrap();
        self
    }

    /// Selects `name` with a PeerAuthentication of `mode`.
    pub(crate) fn mode(mut self, name: &str, mode: &str) -> Self {
        write!(
            self.yaml,
            "---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: {name}}}
spec: {{selector: {{matchLabels: {{app: {name}}}}}, mtls: {{mode: {mode}}}}}
"
        )
        .unwrap();
        self
    }

    /// Adds any other document.
    pub(crate) fn yaml(mut self, yaml: &str) -> Self {
        self.yaml.push_str("---\n");
        self.yaml.push_str(yaml);
        self
    }

    pub(crate) fn semantics(mut self, semantics: Semantics) -> Self {
        self.options.semantics = Some(semantics);
        self
    }

    pub(crate) async fn start(self) -> Lab {
        Lab::start(&self.yaml, self.options).await.unwrap()
    }
}

/// The record of the first connection to `workload`, once it has ended.
pub(crate) async fn record_to(lab: &Lab, workload: &str) -> Arc<Record> {
    lab.record(|record| record.destination_party().workload.is_some_and(|to| &*to.name.name == workload))
        .await
}

/// `ALLOW - ok` or `DENY DENY peer_auth.…@stage`: what a record concludes.
pub(crate) fn conclusion(record: &Record) -> String {
    let verdict = record.verdict();
    match record.failure() {
        Some(failure) => format!("{verdict} {} {} at {}", record.flag(), failure.code, failure.stage),
        None => format!("{verdict} {}", record.flag()),
    }
}
