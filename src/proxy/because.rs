//! [`Because`]: who decided the wire, typed; the sentence is the `route` step of the record and of `explain`.

use std::borrow::Cow;
use std::fmt;

use crate::mesh::{Reach, Source};
use crate::policy::{ClientTlsMode, RuleLevel, RuleRef};

/// Why a connection goes out over the wire that it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// No workload has the address.
    UnknownAddress,
    /// The source has no proxy.
    SourceOutside,
    /// The destination has no proxy.
    DestinationOutside,
    /// The PeerAuthentication mode of the port is DISABLE.
    PortDisabled,
    /// That of the service's namespace, or of the mesh, is: all that a sidecar's cluster can see (reference/policy.md 3.3).
    ServiceDisabled,
    /// `enableAutoMtls: false`, and no rule says otherwise.
    AutoMtlsOff,
    /// A headless service with a pod outside the mesh is plaintext for all of its pods.
    HeadlessMixed,
    /// Source and destination are ambient.
    Ambient,
    /// The destination is ambient, and HBONE takes the place of a sidecar's direct mTLS.
    AmbientDestination,
    /// The destination has a sidecar.
    Sidecar,
    /// The destination has a sidecar, and a ztunnel speaks HBONE or plaintext.
    NoTunnel,
    /// A DestinationRule says so.
    Rule(Box<RuleSays>),
    /// A DestinationRule holds and says nothing about TLS here, so auto mTLS decided.
    RuleIsSilent {
        /// The rule.
        rule: RuleRef,
        /// The part of it that is silent.
        level: RuleLevel,
        /// What auto mTLS decided.
        auto: Box<Self>,
    },
    /// A DestinationRule says otherwise, but a ztunnel reads none.
    RuleIgnored {
        /// What it says.
        says: Box<RuleSays>,
        /// What decided instead.
        auto: Box<Self>,
    },
    /// A DestinationRule names a Secret and does not select its clients, which leaves a sidecar without any TLS
    /// (reference/policy.md 3.5).
    NoCredential(Box<RuleSays>),
}

/// What a DestinationRule says about one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSays {
    /// The mode.
    pub mode: ClientTlsMode,
    /// Where in the rule.
    pub level: RuleLevel,
    /// The rule.
    pub rule: RuleRef,
    /// Where the `tls` block stands.
    pub source: Source,
    /// The service port that was dialled.
    pub port: u16,
    /// The subset that a route picked.
    pub subset: Option<String>,
    /// How the destination is reached, which decides what becomes of the mode.
    pub reach: Reach,
}

impl Because {
    /// The sentence, without an allocation where nothing is named.
    pub fn sentence(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::UnknownAddress => "no workload has this address: passed through",
            Self::SourceOutside => "the source is not in the mesh",
            Self::DestinationOutside => "the destination is not in the mesh",
            Self::PortDisabled => "the port's mode is DISABLE",
            Self::ServiceDisabled => {
                "the mode of the service's namespace is DISABLE, and a sidecar's cluster sees nothing narrower"
            }
            Self::AutoMtlsOff => "enableAutoMtls is false, and no DestinationRule asks for TLS",
            Self::HeadlessMixed => "the service is headless, and not all of its pods are in the mesh",
            Self::Ambient => "both are in the ambient mesh",
            Self::AmbientDestination => {
                "the destination is in the ambient mesh: HBONE takes the place of direct mTLS"
            }
            Self::Sidecar => "the destination has a sidecar",
            Self::NoTunnel => "the destination has a sidecar, and a ztunnel speaks HBONE or plaintext",
            named => return Cow::Owned(named.to_string()),
        })
    }

    /// The DestinationRule that holds for the connection, whether it decided, was silent or was ignored.
    pub fn rule(&self) -> Option<&RuleRef> {
        match self {
            Self::Rule(says) | Self::NoCredential(says) | Self::RuleIgnored { says, .. } => Some(&says.rule),
            Self::RuleIsSilent { rule, .. } => Some(rule),
            _ => None,
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(says) => {
                write!(f, "{says}")?;
                f.write_str(match (says.mode, says.reach) {
                    (ClientTlsMode::IstioMutual, Reach::Hbone) => ", which HBONE stands in for",
                    (ClientTlsMode::Simple | ClientTlsMode::Mutual, Reach::Hbone) => ", inside HBONE",
                    _ => "",
                })
            }
            Self::RuleIsSilent { rule, level, auto } => {
                write!(f, "{rule} says nothing about TLS {}, so auto mTLS: {auto}", place(*level))
            }
            Self::RuleIgnored { says, auto } => {
                write!(f, "{auto} ({says}, but a ztunnel reads no DestinationRule)")
            }
            Self::NoCredential(says) => {
                write!(
                    f,
                    "{says} with a credentialName, which gives no TLS at all without a workloadSelector"
                )
            }
            plain => f.write_str(&plain.sentence()),
        }
    }
}

fn place(level: RuleLevel) -> &'static str {
    match level {
        RuleLevel::Top => "for this host",
        RuleLevel::Port => "for this port",
        RuleLevel::Subset => "for this subset",
        RuleLevel::SubsetPort => "for this port of the subset",
    }
}

impl fmt::Display for RuleSays {
    /// `DestinationRule default/ratings says SIMPLE for port 80 at mesh.yaml:12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DestinationRule {} says {}", self.rule.name, self.mode)?;
        let subset = self.subset.as_deref().unwrap_or_default();
        match self.level {
            RuleLevel::Top => {}
            RuleLevel::Port => write!(f, " for port {}", self.port)?,
            RuleLevel::Subset => write!(f, " for subset {subset}")?,
            RuleLevel::SubsetPort => write!(f, " for port {} of subset {subset}", self.port)?,
        }
        write!(f, " at {}", self.source)
    }
}
