//! The proofs that a connection carries, and the refusal that ends it.

use std::fmt;

use crate::identity::SpiffeId;
use crate::policy::converted::Gap;
use crate::policy::effective::{Effective, PolicyRef};
use crate::reason::{Reason, Side};

/// Proof that PeerAuthentication lets a connection in; only `peer_auth` makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    pub(in crate::policy) effective: Effective,
    pub(in crate::policy) terminate: bool,
    pub(in crate::policy) gap: Option<Gap>,
}

impl Admitted {
    /// What decided.
    pub fn effective(&self) -> &Effective {
        &self.effective
    }

    /// Whether the proxy terminates mutual TLS and needs the peer's identity before it goes on.
    pub fn terminates_mtls(&self) -> bool {
        self.terminate
    }
}

/// Proof that policy lets a connection through to its backend; only `authz` makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    pub(in crate::policy) effective: Effective,
    pub(in crate::policy) source: Option<SpiffeId>,
    pub(in crate::policy) port: u16,
    pub(in crate::policy) allowed_by: Option<PolicyRef>,
    pub(in crate::policy) gap: Option<Gap>,
}

impl Permit {
    /// The PeerAuthentication outcome that it rests on.
    pub fn effective(&self) -> &Effective {
        &self.effective
    }

    /// The verified peer, if there is one.
    pub fn source(&self) -> Option<&SpiffeId> {
        self.source.as_ref()
    }

    /// The workload port that it is for.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The ALLOW that matched; `None` when no policy asks for one.
    pub fn allowed_by(&self) -> Option<&PolicyRef> {
        self.allowed_by.as_ref()
    }

    /// Why, in one line for people.
    pub fn why(&self) -> String {
        let mode = self.effective.brief();
        let accepts = match (&self.source, &self.gap) {
            (_, Some(gap)) => format!("{mode} is declared, but {gap}"),
            (Some(_), None) => format!("{mode} accepts mesh mTLS"),
            (None, None) => format!("{mode} accepts plaintext"),
        };
        match (&self.allowed_by, &self.source) {
            (Some(policy), _) => format!("{accepts}; ALLOW by {policy}"),
            (None, Some(_)) => format!("{accepts}; no AuthorizationPolicy, so all may"),
            (None, None) => accepts,
        }
    }
}

/// A policy's refusal, with who decided and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The stable code, `peer_auth.…` or `authz.…`.
    pub(in crate::policy) code: &'static str,
    /// ztunnel's reason, the part after `connection closed due to policy rejection: `.
    pub(in crate::policy) rejection: String,
    /// Our plain sentence.
    pub(in crate::policy) why: String,
    /// The deciding policy; `None` when the absence of one decides.
    pub(in crate::policy) policy: Option<PolicyRef>,
    /// What to do next.
    pub(in crate::policy) hint: String,
}

impl Denial {
    /// Our plain sentence: who refused what, and where that is written.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The deciding policy; `None` when the absence of one decides.
    pub fn policy(&self) -> Option<&PolicyRef> {
        self.policy.as_ref()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection closed due to policy rejection: {}", self.rejection)
    }
}

impl std::error::Error for Denial {}

impl Reason for Denial {
    fn code(&self) -> &'static str {
        self.code
    }

    fn side(&self) -> Side {
        Side::Policy
    }

    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}
