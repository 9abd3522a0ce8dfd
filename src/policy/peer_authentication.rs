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
    /// `spec.selector.matchLabels`; empty, like an absent selector, selects the whole scope.
    pub selector: BTreeMap<String, String>,
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
    /// What decides between several policies of one scope: the oldest wins whole, nothing is merged.
    ///
    /// Equal or absent times are decided by name, then namespace, as Istio's sidecar code does; a policy without a
    /// time counts as newer than one with a time.
    pub(crate) fn age_key(&self) -> (bool, Option<SystemTime>, &str, &str) {
        (self.created.is_none(), self.created, &self.name.name, &self.name.namespace)
    }
}
