//! What is wrong with a chain that webpki refuses: all of it, in plain words, the most useful first.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

use crate::identity::CertificateSummary;
use crate::tls::cause::TlsCause;
use crate::tls::error::Role;
use crate::tls::observed::Judgement;
use crate::tls::refusal::{Problem, system, unix, utc};
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;
use crate::tls::trust::Trust;

/// A refused chain, and whom we trust.
pub(crate) struct Refused<'a> {
    /// Our role: a server verifies clients.
    pub(crate) role: Role,
    pub(crate) trust: &'a Trust,
    pub(crate) shown: &'a Shown<'a>,
    pub(crate) now: UnixTime,
    pub(crate) revocations: &'a Revocations,
    /// What the leaf says, if it can be read.
    pub(crate) summary: Option<&'a CertificateSummary>,
}

impl Refused<'_> {
    /// All that is wrong, given what webpki said first.
    pub(crate) fn problems(&self, chain: Error) -> Vec<Problem> {
        match chain {
            Error::InvalidCertificate(first) => {
                let deeper = self.deeper(&first).map(|deeper| self.explain(deeper));
                deeper.into_iter().chain([self.explain(first)]).collect()
            }
            error => {
                vec![(TlsCause::BadCertificate { problem: error.to_string() }, CertificateError::BadEncoding)]
            }
        }
    }

    /// webpki stops at the first thing wrong with the leaf: dates and purpose hide a foreign issuer.
    /// So the question is asked again as if those were right.
    fn deeper(&self, first: &CertificateError) -> Option<CertificateError> {
        if !is_date(first) && !is_purpose(first) {
            return None;
        }
        let valid = self.summary.map(|said| unix(said.not_before + Duration::from_secs(1)))?;
        let other_role = match self.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let mut found = None;
        for role in [self.role, other_role] {
            match self.trust.chain(role, self.shown, (valid, self.revocations)) {
                Err(Error::InvalidCertificate(problem)) if is_purpose(&problem) => found = Some(problem),
                Err(Error::InvalidCertificate(problem)) => return Some(problem),
                _ => return found,
            }
        }
        found
    }

    fn explain(&self, problem: CertificateError) -> Problem {
        let issuer = || self.summary.map(|said| said.issuer.clone()).unwrap_or_default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.now.as_secs());
        let cause = match &problem {
            CertificateError::UnknownIssuer => {
                TlsCause::UnknownIssuer { issuer: issuer(), sent: self.shown.intermediates.len() + 1 }
            }
            CertificateError::BadSignature => TlsCause::SameNameOtherKey { issuer: issuer() },
            CertificateError::Revoked => self.revoked(),
            CertificateError::ExpiredContext { not_after, .. } => {
                let ends = system(*not_after);
                TlsCause::Expired { not_after: utc(ends), ago: now.duration_since(ends).unwrap_or_default() }
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                let begins = system(*not_before);
                let ahead = begins.duration_since(now).unwrap_or_default();
                TlsCause::NotYetValid { not_before: utc(begins), ahead }
            }
            purpose if is_purpose(purpose) => TlsCause::WrongPurpose {
                expected: self.purpose(),
                found: self.summary.map(|said| said.extended_key_usage.clone()).unwrap_or_default(),
            },
            _ if self.summary.is_some_and(|said| said.is_ca) => TlsCause::LeafIsCa,
            other => TlsCause::BadCertificate { problem: other.to_string() },
        };
        (cause, problem)
    }

    fn revoked(&self) -> TlsCause {
        let listed = self.revocations.listed(self.shown.chain());
        listed.unwrap_or_else(|| TlsCause::BadCertificate { problem: CertificateError::Revoked.to_string() })
    }

    fn purpose(&self) -> &'static str {
        match self.role {
            Role::Server => "clientAuth",
            Role::Client => "serverAuth",
        }
    }
}

/// Chooses the most useful of all that is wrong, keeps the rest for people, and says what the peer is told.
pub(crate) fn judged(
    mut problems: Vec<Problem>,
    summary: Option<CertificateSummary>,
) -> (Judgement, CertificateError) {
    problems.sort_by_key(|(cause, _)| cause.rank());
    problems.dedup_by_key(|(cause, _)| cause.code());
    let mut problems = problems.into_iter();
    let (cause, alert) = problems.next().unwrap_or_else(|| {
        let problem = "no reason given".to_owned();
        (TlsCause::BadCertificate { problem }, CertificateError::BadEncoding)
    });
    let also = problems.map(|(cause, _)| cause).collect();
    (Judgement::Refused { presented: summary.map(Box::new), cause, also }, alert)
}

fn is_date(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::ExpiredContext { .. } | CertificateError::NotValidYetContext { .. })
}

fn is_purpose(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. })
}
