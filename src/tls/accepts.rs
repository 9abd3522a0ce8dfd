//! [`Question::ask`]: whether a chain would be accepted, check by check, without a handshake.
//!
//! The verifier of the wire answers, once; this file only says which of its checks it came to.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types;

use crate::identity::{CertificateDer, CertificateSummary, Clock, SpiffeId, TrustBundle};
use crate::tls::cause::TlsCause;
use crate::tls::diagnose::Circumstances;
use crate::tls::error::{Role, TlsError};
use crate::tls::observed::{Judgement, Observed};
use crate::tls::refusal::unix;
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;
use crate::tls::trust::Trust;
use crate::tls::verify::{PeerVerifier, Rule};

/// Who verifies, and when.
#[derive(Clone, Debug)]
pub struct Question {
    /// The role of who verifies: a server verifies clients.
    pub role: Role,
    /// Whom it trusts, and its trust domain.
    pub bundle: Arc<TrustBundle>,
    /// Whom it expects.
    pub expected: Expected,
    /// What it holds for revoked.
    pub revocations: Arc<Revocations>,
    /// The time of the handshake.
    pub at: SystemTime,
}

/// Which identity a peer must have.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Any of the verifier's trust domain or of these aliases, as a server expects it.
    OurTrustDomain(Vec<String>),
    /// One of these, as a client expects it.
    OneOf(Vec<SpiffeId>),
}

/// What a verifier looks at, in the order in which people want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checked {
    /// Exactly one URI SAN, which is an Istio SPIFFE ID.
    Identity,
    /// CA:FALSE.
    NoCa,
    /// No keyCertSign.
    NoSigner,
    /// The trust domain, or the very identity.
    Expected,
    /// The dates of every certificate but the root.
    Dates,
    /// The extended key usage, for this role.
    Purpose,
    /// A path of right signatures to a root.
    Path,
    /// Not on a list.
    Revocation,
}

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is passed.
    Good,
    /// It is not.
    Bad(TlsCause),
    /// The verifier did not come to it.
    NotReached,
    /// It was not given anything to hold this against, so that nothing could fail.
    NotAsked,
}

/// The verifier's answer.
#[derive(Debug)]
pub struct Acceptance {
    /// Every check, in the order of [`Checked`].
    pub checks: Vec<(Checked, Found)>,
    /// What the wire would report; `None` when the chain is accepted.
    pub refused: Option<TlsError>,
}

const ALL: [Checked; 8] = [
    Checked::Identity,
    Checked::NoCa,
    Checked::NoSigner,
    Checked::Expected,
    Checked::Dates,
    Checked::Purpose,
    Checked::Path,
    Checked::Revocation,
];

impl Question {
    /// The answer about `chain`, the leaf first.
    ///
    /// # Errors
    ///
    /// [`TlsCause::OwnCertificate`] when a root cannot be used, or there is none.
    pub fn ask(&self, chain: &[CertificateDer]) -> Result<Acceptance, TlsError> {
        let Some((leaf, rest)) = chain.split_first() else { return Ok(self.nothing_shown()) };
        let trust = Trust::new(&self.bundle, &self.bundle.trust_domain).map_err(|problem| {
            TlsError::from_cause(self.role, TlsCause::OwnCertificate { problem: problem.to_string() })
        })?;
        let observed = Arc::new(Observed::default());
        let verifier = PeerVerifier {
            role: self.role,
            trust: Arc::new(trust),
            rule: self.rule(),
            revocations: Arc::clone(&self.revocations),
            // The question says when.
            clock: Clock::default(),
            observed: Arc::clone(&observed),
        };
        let intermediates: Vec<_> =
            rest.iter().map(|der| pki_types::CertificateDer::from(der.as_bytes())).collect();
        let shown =
            Shown { leaf: &pki_types::CertificateDer::from(leaf.as_bytes()), intermediates: &intermediates };
        match verifier.verify(&shown, unix(self.at)) {
            Ok(()) => {
                Ok(Acceptance { checks: ALL.map(|check| (check, Found::Good)).to_vec(), refused: None })
            }
            Err(error) => Ok(self.refusal(error, observed.take_judgement())),
        }
    }

    fn rule(&self) -> Rule {
        match &self.expected {
            Expected::OurTrustDomain(aliases) => Rule::OurTrustDomain(aliases.as_slice().into()),
            Expected::OneOf(ids) => Rule::OneOf(ids.clone()),
        }
    }

    fn nothing_shown(&self) -> Acceptance {
        Acceptance {
            checks: ALL.map(|check| (check, Found::NotReached)).to_vec(),
            refused: Some(TlsError::foreseen(self.role, TlsCause::NoCertificate)),
        }
    }

    /// The error as the handshake would report it, and what it says about each check.
    fn refusal(&self, error: rustls::Error, judgement: Option<Judgement>) -> Acceptance {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        let failure = TlsError::from_handshake(self.role, error, Circumstances::default());
        let refused = match judgement {
            Some(Judgement::Refused { presented, cause, also }) => {
                failure.judged(presented.map(|presented| *presented), Some((cause, also)))
            }
            _ => failure,
        };
        Acceptance { checks: checks(&refused), refused: Some(refused) }
    }
}

fn checks(refused: &TlsError) -> Vec<(Checked, Found)> {
    let causes: Vec<_> =
        std::iter::once(refused.cause()).chain(refused.also()).map(|cause| (checked(cause), cause)).collect();
    let failed: Vec<Checked> = causes.iter().map(|(check, _)| *check).collect();
    let found = |check: Checked| match causes.iter().find(|(failed, _)| *failed == check) {
        Some((_, cause)) => Found::Bad((*cause).clone()),
        None if is_reached(check, &failed, refused.presented()) => Found::Good,
        None => Found::NotReached,
    };
    ALL.map(|check| (check, found(check))).to_vec()
}

/// Which check a cause is about.
fn checked(cause: &TlsCause) -> Checked {
    match cause {
        TlsCause::NoIdentity { .. } | TlsCause::SeveralIdentities { .. } | TlsCause::NotSpiffe { .. } => {
            Checked::Identity
        }
        TlsCause::LeafIsCa => Checked::NoCa,
        TlsCause::LeafMaySign { .. } => Checked::NoSigner,
        TlsCause::WrongTrustDomain { .. } | TlsCause::WrongIdentity { .. } => Checked::Expected,
        TlsCause::Expired { .. } | TlsCause::NotYetValid { .. } => Checked::Dates,
        TlsCause::WrongPurpose { .. } => Checked::Purpose,
        TlsCause::Revoked { .. } => Checked::Revocation,
        _ => Checked::Path,
    }
}

/// Whether the verifier comes to `check` when these others fail.
///
/// It goes two ways, both to their first fault: the identity's (one URI, no CA, no signer, then whose), and webpki's (dates,
/// CA, purpose, path, revocation), which is asked again as if dates and purpose were right.
fn is_reached(check: Checked, failed: &[Checked], presented: Option<&CertificateSummary>) -> bool {
    let has = |others: &[Checked]| others.iter().any(|other| failed.contains(other));
    let reached = match check {
        Checked::Identity | Checked::NoCa | Checked::Dates => true,
        Checked::NoSigner => !has(&[Checked::Identity, Checked::NoCa]),
        Checked::Expected => !has(&[Checked::Identity, Checked::NoCa, Checked::NoSigner]),
        // Behind wrong dates, a foreign path hides a wrong purpose.
        Checked::Purpose if has(&[Checked::Dates]) => {
            !has(&[Checked::NoCa, Checked::Path, Checked::Revocation])
        }
        Checked::Purpose => !has(&[Checked::NoCa]),
        Checked::Path => !has(&[Checked::NoCa]),
        Checked::Revocation => !has(&[Checked::NoCa, Checked::Path]),
    };
    reached && presented.is_some()
}

#[cfg(test)]
mod tests;
