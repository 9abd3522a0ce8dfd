//! Kinds that are not read: said once each, with what that means, and never silently.

use crate::mesh::Source;

/// A kind that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredKind {
    /// The kind.
    pub kind: String,
    /// How many documents.
    pub count: usize,
    /// Where the first one is.
    pub first: Source,
    /// What skipping it means.
    pub meaning: &'static str,
}

/// What skipping `kind` means.
pub(crate) fn meaning(kind: &str) -> &'static str {
    match kind {
        "VirtualService" => {
            "routing is not simulated, but for a route without match to one subset of its host"
        }
        "HTTPRoute" | "TCPRoute" | "GRPCRoute" => "routing beyond the Service is not simulated",
        "Gateway" => "gateways and waypoints are not simulated",
        "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob" => {
            "its pods are not made from it: give the Pods themselves"
        }
        "Scenario" => "glasstunnel test runs it",
        "ServiceEntry" => "hosts outside the mesh are passed through",
        _ if kind.ends_with("List") => "the items are not read: `kubectl get -o yaml` prints a plain List",
        _ => "it does not take part in the mesh",
    }
}
