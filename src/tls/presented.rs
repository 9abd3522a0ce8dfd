//! [`Presented`]: a verified chain with whom it was verified against, so that it can be asked about again.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, UnixTime};

use crate::tls::cause::TlsCause;
use crate::tls::error::Role;
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;
use crate::tls::trust::Trust;

/// The chain of a finished handshake.
#[derive(Clone)]
pub(crate) struct Presented {
    /// The role of who verified it.
    pub(crate) role: Role,
    pub(crate) trust: Arc<Trust>,
    /// The leaf first.
    pub(crate) chain: Arc<[CertificateDer<'static>]>,
    /// When it was verified: it may expire later without being asked about that.
    pub(crate) at: UnixTime,
    /// The revocations that were asked then.
    pub(crate) generation: u64,
}

impl Presented {
    /// Whether a certificate of the chain is revoked now; the cause names it.
    pub(crate) fn revoked(&self, revocations: &Revocations) -> Option<TlsCause> {
        if self.generation == revocations.generation() {
            return None;
        }
        // A look-up first: verifying is dear, and of many open connections few are revoked.
        let cause = revocations.listed(self.chain.iter())?;
        let (leaf, intermediates) = self.chain.split_first()?;
        let verdict = self.trust.chain(self.role, &Shown { leaf, intermediates }, (self.at, revocations));
        // It was good when it was verified, so that whatever else is said comes with the list: a peer may send certificates beside
        // its chain, of which webpki says something that it ranks higher.
        verdict.is_err().then_some(cause)
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({} certificates)", self.chain.len())
    }
}

impl PartialEq for Presented {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl Eq for Presented {}
