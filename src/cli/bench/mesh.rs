//! The mesh that is measured, as YAML: a client, a server reached over HBONE, and one behind a sidecar for the other wires.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::cli::args::PathKind;

/// Who sends.
pub(crate) const CLIENT: &str = "bench/client";
/// Who is reached over HBONE.
pub(crate) const SERVER: &str = "bench/server";
/// Who is reached in any other way.
pub(crate) const SIDECAR: &str = "bench-sidecars/sidecar";
/// The host name that the server's own certificate is for: that of the service which is dialled in TLS.
pub(crate) const TLS_HOST: &str = "tls.bench-sidecars.svc.cluster.local";

/// What the mesh is made from.
pub(crate) struct MeshPlan<'a> {
    /// The server of the benchmark.
    pub(crate) server: SocketAddr,
    /// The root that its own certificate is verified with.
    pub(crate) roots: &'a Path,
    /// Workloads that do nothing.
    pub(crate) workloads: u32,
    /// Policies about those.
    pub(crate) policies: u32,
}

/// The service behind which a path's port is: its cluster IP and its port. `None` for the direct path.
pub(crate) fn service(kind: PathKind) -> Option<SocketAddr> {
    let (last, port) = match kind {
        PathKind::Direct => return None,
        PathKind::Raw => (11, 8001),
        PathKind::Tls => (12, 8002),
        PathKind::Mtls => (13, 8003),
        PathKind::Hbone => (14, 8004),
    };
    Some(SocketAddr::from(([10, 96, 255, last], port)))
}

/// The whole mesh. Two modes of PeerAuthentication by port, and a DestinationRule, make the wires differ; all ports lead to the
/// same server.
pub(crate) fn yaml(plan: &MeshPlan<'_>) -> String {
    let MeshPlan { server, roots, .. } = plan;
    let roots = roots.display();
    let mut yaml = format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: bench, labels: {{istio.io/dataplane-mode: ambient}}}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: bench-sidecars, labels: {{istio-injection: enabled}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: client, namespace: bench, labels: {{app: client}}}}
spec: {{serviceAccountName: client}}
---
apiVersion: v1
kind: Pod
metadata: {{name: server, namespace: bench, labels: {{app: server}}, annotations: {{glasstunnel.dev/backend: '{server}'}}}}
spec: {{serviceAccountName: server, containers: [{{ports: [{{containerPort: 8004}}]}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: sidecar, namespace: bench-sidecars, labels: {{app: sidecar}}, annotations: {{glasstunnel.dev/backend: '{server}'}}}}
spec: {{serviceAccountName: sidecar, containers: [{{ports: [{{containerPort: 8001}}, {{containerPort: 8002}}, {{containerPort: 8003}}]}}]}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: strict, namespace: bench}}
spec: {{mtls: {{mode: STRICT}}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: by-port, namespace: bench-sidecars}}
spec: {{selector: {{matchLabels: {{app: sidecar}}}}, mtls: {{mode: STRICT}}, portLevelMtls: {{8001: {{mode: DISABLE}}, 8002: {{mode: DISABLE}}}}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: tls, namespace: bench-sidecars}}
spec: {{host: tls, trafficPolicy: {{tls: {{mode: SIMPLE, caCertificates: '{roots}'}}}}}}
"
    );
    let services = [
        ("raw", PathKind::Raw),
        ("tls", PathKind::Tls),
        ("mtls", PathKind::Mtls),
        ("hbone", PathKind::Hbone),
    ];
    for (name, kind) in services {
        yaml += &service_yaml(name, kind);
    }
    others(&mut yaml, plan);
    yaml
}

fn service_yaml(name: &str, kind: PathKind) -> String {
    let (namespace, app) =
        if kind == PathKind::Hbone { ("bench", "server") } else { ("bench-sidecars", "sidecar") };
    let Some(address) = service(kind) else { return String::new() };
    let (ip, port) = (address.ip(), address.port());
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{clusterIP: {ip}, selector: {{app: {app}}}, ports: [{{name: tcp, port: {port}}}]}}\n"
    )
}

/// Workloads that nobody calls, and policies that are about them.
fn others(yaml: &mut String, plan: &MeshPlan<'_>) {
    if plan.workloads + plan.policies > 0 {
        yaml.push_str("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: others, labels: {istio.io/dataplane-mode: ambient}}\n");
    }
    for number in 0..plan.workloads {
        let _infallible = write!(
            yaml,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: other-{number}, namespace: others, labels: {{app: other-{number}}}}}\n\
             spec: {{serviceAccountName: other-{number}, containers: [{{ports: [{{containerPort: 80}}]}}]}}\n"
        );
    }
    for number in 0..plan.policies {
        let whose = number % plan.workloads.max(1);
        let _infallible = write!(
            yaml,
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: other-{number}, namespace: others}}\n\
             spec: {{selector: {{matchLabels: {{app: other-{whose}}}}}, action: ALLOW, rules: [{{from: [{{source: {{principals: [cluster.local/ns/others/sa/other-{number}]}}}}], to: [{{operation: {{ports: ['80']}}}}]}}]}}\n"
        );
    }
}
