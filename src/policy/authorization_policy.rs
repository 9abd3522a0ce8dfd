//! The AuthorizationPolicy document as a value: everything it says, also what a ztunnel does not enforce.

use std::collections::BTreeMap;
use std::fmt;

use crate::mesh::{Name, Source, Workload};
use crate::policy::matching::Match;

/// What a policy does with what its rules match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Lets it through; beside any ALLOW, what no ALLOW matches is refused.
    Allow,
    /// Refuses it, whatever any ALLOW says.
    Deny,
    /// Marks requests in a sidecar or waypoint; a ztunnel never gets it.
    Audit,
    /// Asks an external authorizer; a ztunnel never gets it.
    Custom,
}

impl Action {
    /// The spellings in documents; case matters.
    pub const SPELLINGS: [&'static str; 4] = ["ALLOW", "DENY", "AUDIT", "CUSTOM"];

    /// Reads a spelling.
    pub fn read(text: &str) -> Option<Self> {
        let actions = [Self::Allow, Self::Deny, Self::Audit, Self::Custom];
        Self::SPELLINGS
            .iter()
            .zip(actions)
            .find_map(|(spelling, action)| (*spelling == text).then_some(action))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
            Self::Audit => "AUDIT",
            Self::Custom => "CUSTOM",
        })
    }
}

/// One `source`, `operation` or `when` entry: what a ztunnel can compare, and the names of what it cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The part for layer 4.
    pub matches: Match,
    /// The HTTP attributes beside it, as istiod's status names them (`methods`, `request.headers[x-token]`).
    pub layer7: Vec<String>,
}

/// One rule: `from`, `to` and each `when` must hold; the entries of `from` are alternatives, and those of `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// One for each `source`; empty asks for nothing.
    pub from: Vec<Entry>,
    /// One for each `operation`; empty asks for nothing.
    pub to: Vec<Entry>,
    /// One for each condition, and each must hold.
    pub when: Vec<Entry>,
}

impl Rule {
    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.to.iter().chain(&self.from).chain(&self.when)
    }

    /// Whether any of its attributes is HTTP's.
    pub fn has_layer7(&self) -> bool {
        self.entries().any(|entry| !entry.layer7.is_empty())
    }
}

/// One AuthorizationPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationPolicy {
    /// Namespace and name.
    pub name: Name,
    /// `spec.selector.matchLabels`. An empty selector (`selector: {}`) is not the same as none: see [`Scope`].
    pub selector: Option<BTreeMap<String, String>>,
    /// `spec.targetRefs` as `Kind/name`: then it is a waypoint's or a gateway's, and no ztunnel gets it.
    pub target_refs: Vec<String>,
    /// What it does.
    pub action: Action,
    /// `istio.io/dry-run: "true"`: it is evaluated and told, never enforced.
    pub dry_run: bool,
    /// Its rules; none at all match nothing.
    pub rules: Vec<Rule>,
    /// Where it is declared.
    pub source: Source,
}

/// How far a policy reaches, in ztunnel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every workload: no selector, in the root namespace.
    Global,
    /// Every workload of its namespace.
    Namespace,
    /// Workloads with these labels: of its namespace, or of any if it lives in the root namespace.
    WorkloadSelector,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "Global",
            Self::Namespace => "Namespace",
            Self::WorkloadSelector => "WorkloadSelector",
        })
    }
}

impl AuthorizationPolicy {
    /// How far it reaches.
    pub fn scope(&self, root_namespace: &str) -> Scope {
        match (&self.selector, *self.name.namespace == *root_namespace) {
            (Some(_), _) => Scope::WorkloadSelector,
            (None, true) => Scope::Global,
            (None, false) => Scope::Namespace,
        }
    }

    /// Whether its selector, if it has one with labels, picks `workload`.
    pub(in crate::policy) fn selects(&self, workload: &Workload) -> bool {
        self.selector.as_ref().is_none_or(|labels| workload.matches(labels))
    }

    /// Why no ztunnel enforces it, whatever the workload; `None` where one does.
    pub fn not_enforced(&self) -> Option<String> {
        match self.action {
            _ if !self.target_refs.is_empty() => Some(format!(
                "targetRefs ({}) make it a waypoint's, and ztunnel never gets it",
                self.target_refs.join(", ")
            )),
            Action::Audit | Action::Custom => {
                Some(format!("ztunnel does not support the {} action", self.action))
            }
            _ if self.dry_run => Some("dry run: evaluated and told, never enforced".to_owned()),
            Action::Allow | Action::Deny => None,
        }
    }

    /// The HTTP attributes that it names, sorted, each once.
    pub fn layer7(&self) -> Vec<&str> {
        let entries = self.rules.iter().flat_map(Rule::entries);
        let mut found: Vec<&str> = entries.flat_map(|entry| &entry.layer7).map(String::as_str).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
