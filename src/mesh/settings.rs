//! Settings that hold for the whole mesh, as Istio's MeshConfig names them.

use std::fmt;
use std::str::FromStr;

/// Whose rules decide where the documented contract and the real ztunnel differ (DESIGN section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Semantics {
    /// The documented three-mode contract that people learn.
    #[default]
    Istio,
    /// What the real ztunnel does, bug for bug.
    Ztunnel,
}

impl fmt::Display for Semantics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Istio => "istio",
            Self::Ztunnel => "ztunnel",
        })
    }
}

impl FromStr for Semantics {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "istio" => Ok(Self::Istio),
            "ztunnel" => Ok(Self::Ztunnel),
            other => Err(format!("expected `istio` or `ztunnel`, found `{}`", other.escape_debug())),
        }
    }
}

/// Mesh-wide settings; the defaults are Istio's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where a policy without selector holds for the whole mesh.
    pub root_namespace: String,
    /// The trust domain of every identity in this mesh.
    pub trust_domain: String,
    /// Other names of the same trust domain, which policies may use.
    pub trust_domain_aliases: Vec<String>,
    /// The DNS suffix of services (`customers.default.svc.` comes before it).
    pub cluster_domain: String,
    /// The cluster's name in baggage and logs; `Kubernetes` is Istio's default.
    pub cluster: String,
    /// The network that all of these workloads share; empty is Istio's default.
    pub network: String,
    /// Whether the outbound side picks the wire by itself (`enableAutoMtls`).
    pub auto_mtls: bool,
    /// Whose rules decide.
    pub semantics: Semantics,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            root_namespace: "istio-system".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            trust_domain_aliases: Vec::new(),
            cluster_domain: "cluster.local".to_owned(),
            cluster: "Kubernetes".to_owned(),
            network: String::new(),
            auto_mtls: true,
            semantics: Semantics::Istio,
        }
    }
}
