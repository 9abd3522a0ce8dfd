//! Policies, and the modes that follow from them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::policy::{AuthorizationPolicy, Effective, MtlsMode, PeerAuthentication, PolicyRef, PolicySet};

/// One policy as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `PeerAuthentication` or `AuthorizationPolicy`.
    pub policy_kind: String,
    /// What it does: for a PeerAuthentication its mode, `UNSET` if it has none; else `ALLOW`, `DENY`, `AUDIT`, `CUSTOM`.
    pub action: String,
    /// `Global`, `Namespace` or `WorkloadSelector`, in ztunnel's words.
    pub scope: String,
    /// `spec.selector.matchLabels`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// `spec.portLevelMtls`, by workload port.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub port_level_mtls: BTreeMap<String, String>,
    /// How many rules it has; only for an AuthorizationPolicy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<usize>,
    /// Why no ztunnel enforces it; absent where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_enforced: Option<String>,
    /// Where it is declared, `file:line`.
    pub source: String,
}

/// A policy as a verdict names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRefView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it is declared, `file:line`.
    pub source: String,
    /// Which of its rules, counted from 0; only where a rule decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u32>,
}

/// An effective mutual TLS mode and who decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModeView {
    /// `STRICT`, `PERMISSIVE` or `DISABLE`.
    pub mode: String,
    /// `port`, `workload`, `namespace`, `mesh` or `default`.
    pub level: String,
    /// The deciding policy; null when none says anything.
    pub decided_by: Option<PolicyRefView>,
}

/// The mode of a port that differs from its workload's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMode {
    /// The workload port.
    pub port: u16,
    /// Its mode.
    #[serde(flatten)]
    pub mode: ModeView,
}

impl PolicyView {
    /// The views of all policies: PeerAuthentications by age, then AuthorizationPolicies by name.
    pub fn all(policies: &PolicySet) -> Vec<Self> {
        let root = policies.root_namespace();
        let modes = policies.peer_authentications().iter().map(|policy| Self::of(policy, root));
        let rules = policies.authorization_policies().iter();
        modes.chain(rules.map(|policy| Self::of_authorization(policy, root))).collect()
    }

    /// The view of a PeerAuthentication; `root_namespace` is where a policy holds for the whole mesh.
    pub fn of(policy: &PeerAuthentication, root_namespace: &str) -> Self {
        let scope = match (policy.labels().is_none(), *policy.name.namespace == *root_namespace) {
            (false, _) => "WorkloadSelector",
            (true, true) => "Global",
            (true, false) => "Namespace",
        };
        let ports = policy.ports.iter().map(|(port, mode)| (port.to_string(), written(*mode)));
        Self {
            namespace: policy.name.namespace.to_string(),
            name: policy.name.name.to_string(),
            policy_kind: "PeerAuthentication".to_owned(),
            action: written(policy.mode),
            scope: scope.to_owned(),
            selector: policy.selector.clone().unwrap_or_default(),
            port_level_mtls: ports.collect(),
            rules: None,
            not_enforced: None,
            source: policy.source.to_string(),
        }
    }

    /// The view of an AuthorizationPolicy.
    pub fn of_authorization(policy: &AuthorizationPolicy, root_namespace: &str) -> Self {
        Self {
            namespace: policy.name.namespace.to_string(),
            name: policy.name.name.to_string(),
            policy_kind: "AuthorizationPolicy".to_owned(),
            action: policy.action.to_string(),
            scope: policy.scope(root_namespace).to_string(),
            selector: policy.selector.clone().unwrap_or_default(),
            port_level_mtls: BTreeMap::new(),
            rules: Some(policy.rules.len()),
            not_enforced: policy.not_enforced(),
            source: policy.source.to_string(),
        }
    }
}

/// A mode as a document writes it.
fn written(mode: Option<MtlsMode>) -> String {
    mode.map_or_else(|| "UNSET".to_owned(), |mode| mode.to_string())
}

impl From<&PolicyRef> for PolicyRefView {
    fn from(policy: &PolicyRef) -> Self {
        Self {
            namespace: policy.name.namespace.to_string(),
            name: policy.name.name.to_string(),
            source: policy.source.to_string(),
            rule: policy.rule,
        }
    }
}

impl From<&Effective> for ModeView {
    fn from(effective: &Effective) -> Self {
        Self {
            mode: effective.mode.to_string(),
            level: effective.level.to_string(),
            decided_by: effective.decided_by.as_deref().map(PolicyRefView::from),
        }
    }
}

impl Kind for PolicyView {
    const KIND: &'static str = "Policy";
}
