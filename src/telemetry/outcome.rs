//! How a connection ended, in ztunnel's flags and in our codes.

use std::fmt;

use crate::policy::{Denial, PolicyRef};
use crate::reason::{Reason, Side};
use crate::telemetry::stage::Stage;

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The bytes were delivered.
    Allow,
    /// A policy said no.
    Deny,
    /// Something broke.
    Fail,
}

/// What the bytes between the two proxies, or from the client, were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// HTTP/2 CONNECT inside mutual TLS.
    Hbone,
    /// Mesh mutual TLS straight to the port, as sidecars speak it.
    Mtls,
    /// The application's own TLS, opaque to the mesh.
    Tls,
    /// Anything else.
    Raw,
}

/// ztunnel's `response_flags` (reference/hbone.md 10.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// `-`: nothing to report.
    None,
    /// A policy refused.
    Deny,
    /// The next hop could not be reached, or said no.
    Connect,
    /// The handshake failed.
    TlsFailure,
    /// TLS was fine, HTTP/2 was not.
    H2HandshakeFailure,
    /// Port 15008 was black-holed.
    NetworkPolicy,
    /// There was no certificate to use.
    IdentityError,
    /// The peer's certificate is revoked.
    CertRevoked,
}

impl Verdict {
    /// `ALLOW`, `DENY` or `FAIL`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
            Self::Fail => "FAIL",
        }
    }
}

impl Wire {
    /// `hbone`, `mtls`, `tls` or `raw`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hbone => "hbone",
            Self::Mtls => "mtls",
            Self::Tls => "tls",
            Self::Raw => "raw",
        }
    }
}

impl Flag {
    /// The spelling in metrics and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "-",
            Self::Deny => "DENY",
            Self::Connect => "CONNECT",
            Self::TlsFailure => "TLS_FAILURE",
            Self::H2HandshakeFailure => "H2_HANDSHAKE_FAILURE",
            Self::NetworkPolicy => "NETWORK_POLICY",
            Self::IdentityError => "IDENTITY_ERROR",
            Self::CertRevoked => "CERT_REVOKED",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a connection did not simply deliver its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Deny or Fail; never Allow.
    pub verdict: Verdict,
    /// Where it ended.
    pub stage: Stage,
    /// The stable code.
    pub code: &'static str,
    /// ztunnel's flag.
    pub flag: Flag,
    /// Who has to act.
    pub side: Side,
    /// ztunnel's sentence, for the access log.
    pub error: String,
    /// Our plain sentence.
    pub why: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The deciding policy of a denial.
    pub policy: Option<PolicyRef>,
    /// Whether this side was only told, by an alert or a status: then the other side's failure knows better.
    pub hearsay: bool,
}

impl Failure {
    /// A failure at `stage` with `flag`, in the error's own words.
    pub fn from_reason(stage: Stage, flag: Flag, error: &dyn Reason) -> Self {
        Self {
            verdict: Verdict::Fail,
            stage,
            code: error.code(),
            flag,
            side: error.side(),
            error: error.to_string(),
            why: error.to_string(),
            hint: error.hint(),
            policy: None,
            hearsay: false,
        }
    }

    /// The same failure with a plainer sentence for people.
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..self }
    }

    /// The same failure, of which this side was only told: it received an alert, or a status.
    pub fn told_by_peer(self) -> Self {
        Self { hearsay: true, ..self }
    }

    /// A policy's refusal at `stage`.
    pub fn denied(stage: Stage, denial: &Denial) -> Self {
        Self {
            verdict: Verdict::Deny,
            stage,
            code: denial.code(),
            flag: Flag::Deny,
            side: denial.side(),
            error: denial.to_string(),
            why: denial.why().to_owned(),
            hint: denial.hint(),
            policy: denial.policy().cloned(),
            hearsay: false,
        }
    }
}

/// How one side of a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both directions ended cleanly.
    Delivered,
    /// It did not; boxed, because the good path should stay small.
    Failed(Box<Failure>),
}

impl Outcome {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Delivered => Verdict::Allow,
            Self::Failed(failure) => failure.verdict,
        }
    }

    /// The flag.
    pub fn flag(&self) -> Flag {
        match self {
            Self::Delivered => Flag::None,
            Self::Failed(failure) => failure.flag,
        }
    }

    /// The failure, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Delivered => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}
