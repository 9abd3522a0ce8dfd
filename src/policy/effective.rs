//! The effective mode of a workload's port, and who decided it.

use std::fmt;
use std::sync::Arc;

use crate::mesh::{Name, Source};
use crate::policy::mode::MtlsMode;

/// Which level of PeerAuthentication decided; the narrowest one that is not UNSET does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// `portLevelMtls` of a policy with a selector.
    Port,
    /// A policy with a selector.
    Workload,
    /// A policy without selector in the workload's namespace.
    Namespace,
    /// A policy without selector in the root namespace.
    Mesh,
    /// No policy says anything: PERMISSIVE.
    Default,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Port => "port",
            Self::Workload => "workload",
            Self::Namespace => "namespace",
            Self::Mesh => "mesh",
            Self::Default => "default",
        })
    }
}

/// Which kind of document a verdict names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Whether mutual TLS is demanded.
    PeerAuthentication,
    /// Who may.
    AuthorizationPolicy,
    /// How clients connect.
    DestinationRule,
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PeerAuthentication => "PeerAuthentication",
            Self::AuthorizationPolicy => "AuthorizationPolicy",
            Self::DestinationRule => "DestinationRule",
        })
    }
}

/// A policy as a verdict names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyRef {
    /// Which kind of document it is.
    pub kind: PolicyKind,
    /// Namespace and name.
    pub name: Name,
    /// Which of its rules, from 0 as Istio counts them; `None` where a rule is not what decided.
    pub rule: Option<u32>,
    /// Where it is declared.
    pub source: Source,
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Some(rule) => write!(f, "{} {} (rule {rule}) at {}", self.kind, self.name, self.source),
            None => write!(f, "{} {} at {}", self.kind, self.name, self.source),
        }
    }
}

/// The effective mode of one workload port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The mode.
    pub mode: MtlsMode,
    /// The level that decided.
    pub level: Level,
    /// The policy that decided; `None` at [`Level::Default`].
    pub decided_by: Option<Arc<PolicyRef>>,
}

impl Effective {
    /// What holds when no policy says anything.
    pub(in crate::policy) fn permissive() -> Self {
        Self { mode: MtlsMode::Permissive, level: Level::Default, decided_by: None }
    }

    /// Whether no policy decided.
    pub fn is_default(&self) -> bool {
        self.level == Level::Default
    }

    /// `STRICT from mesh.yaml:12`, `PERMISSIVE (the default)`: for one line among many.
    pub fn brief(&self) -> String {
        match &self.decided_by {
            Some(policy) => format!("{} from {}", self.mode, policy.source),
            None => format!("{} (the default)", self.mode),
        }
    }
}

impl fmt::Display for Effective {
    /// `STRICT (workload level, PeerAuthentication default/ratings at mesh.yaml:12)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.decided_by {
            Some(policy) => write!(f, "{} ({} level, {policy})", self.mode, self.level),
            None => write!(f, "{} (the default: no PeerAuthentication says otherwise)", self.mode),
        }
    }
}
