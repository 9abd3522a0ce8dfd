//! The DestinationRule document as a value, as far as it decides how a client connects.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::mesh::{Name, Source, Workload};
use crate::policy::client_tls::ClientTlsSettings;

/// One DestinationRule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRule {
    /// Namespace and name.
    pub name: Name,
    /// `spec.host` as written: a short name, a full name, or one that begins with a star.
    pub host: String,
    /// `spec.exportTo`: `*`, `.`, `~` or namespaces; empty is `*`.
    pub export_to: Vec<String>,
    /// `spec.workloadSelector.matchLabels`: the clients, not the servers, that it is for.
    pub workload_selector: Option<BTreeMap<String, String>>,
    /// `spec.trafficPolicy`.
    pub traffic_policy: Option<TrafficPolicy>,
    /// `spec.subsets`.
    pub subsets: Vec<Subset>,
    /// `metadata.creationTimestamp`; files from people have none.
    pub created: Option<SystemTime>,
    /// Where it is declared.
    pub source: Source,
}

/// The part of a traffic policy that is about TLS. An absent `tls` is `None`, and means auto mTLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficPolicy {
    /// `tls`.
    pub tls: Option<Arc<ClientTlsSettings>>,
    /// `portLevelSettings` by service port. An entry stands in the place of the whole policy for its port: without a
    /// `tls` of its own that is auto mTLS, and not what `tls` above says.
    pub ports: BTreeMap<u16, Option<Arc<ClientTlsSettings>>>,
}

/// Some of a host's endpoints under a name, with a policy of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subset {
    /// Its name, which routes use.
    pub name: String,
    /// The labels that its endpoints have.
    pub labels: BTreeMap<String, String>,
    /// What differs for it from the rule's own policy.
    pub traffic_policy: Option<TrafficPolicy>,
}

/// A DestinationRule as a verdict names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleRef {
    /// Namespace and name.
    pub name: Name,
    /// Where it is declared.
    pub source: Source,
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DestinationRule {} at {}", self.name, self.source)
    }
}

impl DestinationRule {
    /// How verdicts name it.
    pub fn reference(&self) -> RuleRef {
        RuleRef { name: self.name.clone(), source: self.source.clone() }
    }

    /// The subset called `name`.
    pub fn subset(&self, name: &str) -> Option<&Subset> {
        self.subsets.iter().find(|subset| subset.name == name)
    }

    /// Several rules for one host are merged oldest first; without times by name, as PeerAuthentications are.
    pub(in crate::policy) fn age_key(&self) -> (bool, Option<SystemTime>, &str, &str) {
        (self.created.is_none(), self.created, &self.name.name, &self.name.namespace)
    }

    /// Whether clients in `namespace` see it. Those of its own namespace always do, but for `~`.
    pub(in crate::policy) fn is_visible_in(&self, namespace: &str) -> bool {
        is_exported(&self.export_to, &self.name.namespace, namespace)
    }

    /// Whether it is for `client`: a rule with a selector is only for clients of its own namespace.
    pub(in crate::policy) fn selects(&self, client: &Workload) -> bool {
        self.workload_selector
            .as_ref()
            .is_none_or(|labels| client.name.namespace == self.name.namespace && client.matches(labels))
    }
}

/// `exportTo` of an object in `home`, asked by a client in `namespace`.
pub(in crate::policy) fn is_exported(export_to: &[String], home: &str, namespace: &str) -> bool {
    let at_home = home == namespace && !export_to.iter().any(|entry| entry == "~");
    export_to.is_empty() || at_home || export_to.iter().any(|entry| entry == "*" || entry == namespace)
}
