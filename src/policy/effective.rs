//! The effective mode of a workload's port, and who decided it.

use std::fmt;

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

/// A policy as a verdict names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyRef {
    /// Namespace and name.
    pub name: Name,
    /// Where it is declared.
    pub source: Source,
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerAuthentication {} at {}", self.name, self.source)
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
    pub decided_by: Option<PolicyRef>,
    /// Whether the deciding workload policy names ports of its own, which changes the name that istiod gives its DENY.
    pub(in crate::policy) has_ports: bool,
}

impl Effective {
    /// What holds when no policy says anything.
    pub(in crate::policy) fn permissive() -> Self {
        Self { mode: MtlsMode::Permissive, level: Level::Default, decided_by: None, has_ports: false }
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

    /// The name of the policy that istiod would convert a STRICT decision into (reference/hbone.md 6.3).
    ///
    /// With port entries it is the policy's own converted form; without, the one static DENY of the mesh.
    pub(in crate::policy) fn converted_name(&self, root_namespace: &str) -> String {
        match &self.decided_by {
            Some(policy) if self.has_ports => {
                format!("{}/converted_peer_authentication_{}", policy.name.namespace, policy.name.name)
            }
            _ => format!("{root_namespace}/istio_converted_static_strict"),
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
