//! Upstream's decisions (tests/data/vectors) on real sockets: what the client gets, and what the record says of it.
//!
//! Every row passes through `explain` in `src/explain/tests.rs`. Here are those that a loopback mesh can stage as they
//! stand: all but the ones about addresses, which are another pod's there, and those that no loader accepts.

use std::fmt::Write as _;

use glasstunnel::lab::{Attempt, Lab, LabOptions};
use glasstunnel::mesh::Semantics;
use glasstunnel::telemetry::Verdict;
use serde_json::Value;

use crate::mesh::record_to;

const ROWS: &str = include_str!("../data/vectors/policy-vectors.yaml");
const TLS_HELLO: &[u8] = include_bytes!("../data/hello/curl-http1.bin");
const WORDS: &[u8] = b"GET / HTTP/1.1\r\nHost: subject\r\n\r\n";

/// One row, as far as sockets are concerned.
struct Row<'a> {
    whole: &'a Value,
    namespace: &'a str,
    port: u16,
    /// The namespace and the service account of a client in the mesh.
    caller: Option<(&'a str, &'a str)>,
}

fn text<'a>(row: &'a Value, pointer: &str) -> Option<&'a str> {
    row.pointer(pointer).and_then(Value::as_str)
}

impl<'a> Row<'a> {
    /// The row, unless it takes addresses, a foreign trust domain, no certificate, or what the loader refuses.
    fn staged(whole: &'a Value) -> Option<Self> {
        let policies = whole.pointer("/policies")?.to_string();
        let about_addresses = ["pBlocks", "source.ip", "remote.ip", "destination.ip"];
        if about_addresses.iter().any(|word| policies.contains(word)) {
            return None;
        }
        let caller = match (text(whole, "/client/kind")?, text(whole, "/client/principal")) {
            ("mtls", Some(principal)) => {
                let trust_domain = text(whole, "/mesh/trustDomain").unwrap_or("cluster.local");
                let path = principal.strip_prefix(trust_domain)?.strip_prefix("/ns/")?;
                Some(path.split_once("/sa/")?)
            }
            ("plaintext" | "app-tls", None) => None,
            _ => return None,
        };
        let port = whole.pointer("/port").and_then(Value::as_u64)?;
        Some(Self {
            whole,
            namespace: text(whole, "/workload/namespace")?,
            port: u16::try_from(port).ok()?,
            caller,
        })
    }

    fn name(&self) -> &'a str {
        text(self.whole, "/name").unwrap()
    }

    fn mesh(&self) -> String {
        let mut yaml = String::new();
        if let Some(trust_domain) = text(self.whole, "/mesh/trustDomain") {
            write!(
                yaml,
                "kind: MeshConfig\napiVersion: mesh.istio.io/v1alpha1\ntrustDomain: {trust_domain}\n---\n"
            )
            .unwrap();
        }
        let mut namespaces = vec![self.namespace];
        namespaces.extend(self.caller.map(|(namespace, _)| namespace).filter(|it| *it != self.namespace));
        for namespace in namespaces {
            write!(
                yaml,
                "apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}, labels: {{istio.io/dataplane-mode: ambient}}}}
---
"
            )
            .unwrap();
        }
        let labels = self.whole.pointer("/workload/labels").cloned().unwrap_or_default();
        let account = text(self.whole, "/workload/serviceAccount").unwrap_or("a");
        write!(
            yaml,
            "apiVersion: v1
kind: Pod
metadata: {{name: subject, namespace: {}, labels: {labels}, annotations: {{glasstunnel.dev/backend: echo}}}}
spec: {{serviceAccountName: {account}, containers: [{{name: c, ports: [{{containerPort: {}}}]}}]}}
",
            self.namespace, self.port
        )
        .unwrap();
        if let Some((namespace, account)) = self.caller {
            write!(
                yaml,
                "---
apiVersion: v1
kind: Pod
metadata: {{name: caller, namespace: {namespace}, labels: {{app: the-caller}}}}
spec: {{serviceAccountName: {account}}}
"
            )
            .unwrap();
        }
        for policy in self.whole.pointer("/policies").and_then(Value::as_array).unwrap() {
            write!(yaml, "---\n{policy}\n").unwrap();
        }
        yaml
    }

    fn words(&self) -> &'static [u8] {
        if text(self.whole, "/client/kind") == Some("app-tls") { TLS_HELLO } else { WORDS }
    }

    /// What the client got back.
    async fn attempt(&self, lab: &Lab) -> Attempt {
        let subject = lab.workload(&format!("{}/subject", self.namespace)).unwrap();
        match self.caller {
            Some((namespace, _)) => {
                let (caller, host) = (format!("{namespace}/caller"), subject.address(self.port).ip());
                lab.send(&caller, &host.to_string(), self.port, self.words()).await.unwrap()
            }
            None => {
                let door = lab.captured(&format!("{}/subject", self.namespace), self.port).unwrap();
                lab.send_raw(door, self.words()).await.unwrap()
            }
        }
    }

    /// What differs from the row.
    async fn problem(&self) -> Option<String> {
        let options = LabOptions { semantics: Some(Semantics::Ztunnel), ..LabOptions::default() };
        let lab = Lab::start(&self.mesh(), options).await.unwrap();
        let got = self.attempt(&lab).await;
        let record = record_to(&lab, "subject").await;
        let is_allowed = text(self.whole, "/expect/l4_decision") == Some("allow");
        let is_echoed = got == Attempt::Answered(self.words().to_vec());
        if is_echoed != is_allowed {
            return Some(format!("the client got {got:?}"));
        }
        if (record.verdict() == Verdict::Allow) != is_allowed {
            return Some(format!("the record says {}", record.why()));
        }
        let deciding = text(self.whole, "/expect/deciding_policy");
        let allowed_by = record.permit().and_then(|permit| permit.allowed_by());
        let allowed_by = allowed_by.map(|policy| policy.name.to_string());
        (is_allowed && allowed_by.as_deref() != deciding).then(|| format!("allowed by {allowed_by:?}"))
    }
}

#[tokio::test]
async fn upstreams_decisions_on_the_wire() {
    let rows = glasstunnel::resources::plain(ROWS).unwrap();
    let rows = rows.as_array().unwrap();
    let (mut staged, mut allowed, mut wrong) = (0, 0, Vec::new());
    for row in rows.iter().filter_map(Row::staged) {
        // Istio's webhook refuses it, and so does the loader.
        if row.name() == "az-deny-without-rules-never-matches" {
            continue;
        }
        staged += 1;
        allowed += usize::from(text(row.whole, "/expect/l4_decision") == Some("allow"));
        wrong.extend(row.problem().await.map(|problem| format!("{}: {problem}", row.name())));
    }
    assert!(wrong.is_empty(), "{} of {staged}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(staged >= 70 && (20..staged - 20).contains(&allowed), "{staged} rows, {allowed} allowed");
}
