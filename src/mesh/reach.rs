//! How a workload is reached, read from the labels that mean the same in a cluster.

use std::collections::BTreeMap;
use std::fmt;

/// How peers reach a workload, and so how it takes part in the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// In the ambient mesh: over HBONE on 15008.
    Hbone,
    /// Beside an Istio sidecar: direct mutual TLS with ALPN `istio` on its own port.
    Sidecar,
    /// Not in the mesh: plaintext, and no identity.
    Plain,
}

impl Reach {
    /// Reads the labels of a pod and of its namespace.
    ///
    /// An injected sidecar wins over ambient, because istio-cni leaves pods with a sidecar alone; then
    /// `istio.io/dataplane-mode` on the pod wins over the namespace's.
    pub fn of(namespace: &BTreeMap<String, String>, pod: &BTreeMap<String, String>) -> Self {
        if injected(namespace, pod) {
            return Self::Sidecar;
        }
        let label = "istio.io/dataplane-mode";
        match pod.get(label).or_else(|| namespace.get(label)).map(String::as_str) {
            Some("ambient") => Self::Hbone,
            _ => Self::Plain,
        }
    }

    /// Whether the workload has an identity and speaks mutual TLS.
    pub fn in_mesh(self) -> bool {
        self != Self::Plain
    }
}

fn injected(namespace: &BTreeMap<String, String>, pod: &BTreeMap<String, String>) -> bool {
    match pod.get("sidecar.istio.io/inject").map(String::as_str) {
        Some("true") => true,
        Some("false") => false,
        _ => namespace.get("istio-injection").is_some_and(|value| value == "enabled"),
    }
}

impl fmt::Display for Reach {
    /// The PROTOCOL column of `istioctl ztunnel-config workloads`: sidecars count as TCP there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hbone => "HBONE",
            Self::Sidecar | Self::Plain => "TCP",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn labels_mean_what_they_mean_in_a_cluster() {
        let check = |namespace: &[(&str, &str)], pod: &[(&str, &str)], expect: Reach| {
            assert_eq!(Reach::of(&labels(namespace), &labels(pod)), expect, "{namespace:?} {pod:?}");
        };
        let ambient = ("istio.io/dataplane-mode", "ambient");
        check(&[], &[], Reach::Plain);
        check(&[ambient], &[], Reach::Hbone);
        check(&[], &[ambient], Reach::Hbone);
        check(&[ambient], &[("istio.io/dataplane-mode", "none")], Reach::Plain);
        check(&[("istio-injection", "enabled")], &[], Reach::Sidecar);
        check(&[("istio-injection", "enabled")], &[("sidecar.istio.io/inject", "false")], Reach::Plain);
        check(&[ambient], &[("sidecar.istio.io/inject", "true")], Reach::Sidecar);
        check(&[ambient, ("istio-injection", "disabled")], &[], Reach::Hbone);
    }
}
