//! The PeerAuthentication document as a value.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::mesh::{Name, Source};
use crate::policy::mode::MtlsMode;

/// One PeerAuthentication. `None` for a mode is UNSET: inherit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAuthentication {
    /// Namespace and name.
    pub name: Name,
    /// `spec.selector.matchLabels`. Empty (`selector: {}`) selects the whole scope as none does; only istiod's conversion
    /// for ambient tells the two apart (reference/policy.md 1.4).
    pub selector: Option<BTreeMap<String, String>>,
    /// `spec.mtls.mode`.
    pub mode: Option<MtlsMode>,
    /// `spec.portLevelMtls`, by workload port.
    pub ports: BTreeMap<u16, Option<MtlsMode>>,
    /// `metadata.creationTimestamp`; files from people have none.
    pub created: Option<SystemTime>,
    /// Where it is declared.
    pub source: Source,
}

impl PeerAuthentication {
    /// The labels that it picks workloads by; `None` when it holds for its whole scope.
    pub fn labels(&self) -> Option<&BTreeMap<String, String>> {
        self.selector.as_ref().filter(|labels| !labels.is_empty())
    }

    /// What decides between several policies of one scope: the oldest wins whole, nothing is merged.
    ///
    /// Equal or absent times are decided by name, then namespace, as Istio's sidecar code does; a policy without a
    /// time counts as newer than one with a time.
    pub(crate) fn age_key(&self) -> (bool, Option<SystemTime>, &str, &str) {
        (self.created.is_none(), self.created, &self.name.name, &self.name.namespace)
    }
}
