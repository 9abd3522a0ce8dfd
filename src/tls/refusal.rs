//! [`Problem`]: one thing wrong with a certificate, for people and in the form that rustls makes an alert of.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, OtherError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::identity::{IdentityError, SpiffeId};
use crate::tls::cause::TlsCause;

/// One thing that is wrong: for us, and in the form that rustls makes an alert of.
pub(crate) type Problem = (TlsCause, CertificateError);

/// A certificate without an identity that we could read.
pub(crate) fn no_identity(error: &IdentityError) -> Problem {
    let cause = match error {
        IdentityError::NoUriSan { found } if found.is_empty() => {
            TlsCause::NoIdentity { found: "no names at all".to_owned() }
        }
        IdentityError::NoUriSan { found } => TlsCause::NoIdentity { found: joined(found) },
        IdentityError::SeveralUriSans { found } => TlsCause::SeveralIdentities { found: joined(found) },
        IdentityError::NotSpiffe { text, problem } => {
            TlsCause::NotSpiffe { found: text.chars().take(200).collect(), problem: *problem }
        }
        IdentityError::LeafIsCa { .. } => TlsCause::LeafIsCa,
        IdentityError::LeafMaySign { found, .. } => TlsCause::LeafMaySign { found: found.clone() },
        other => TlsCause::BadCertificate { problem: other.to_string() },
    };
    problem(cause, error.to_string())
}

/// An identity of another trust domain; the words are ztunnel's.
pub(crate) fn wrong_trust_domain(expected: &str, aliases: &[String], id: &SpiffeId) -> Problem {
    let words = format!(
        "SanTrustDomainError({expected:?}, [Spiffe {{ trust_domain: {:?}, namespace: {:?}, service_account: {:?} }}])",
        id.trust_domain(),
        id.namespace(),
        id.service_account()
    );
    problem(TlsCause::wrong_trust_domain(expected, aliases, id), words)
}

/// Another identity than the server should have; the words are ztunnel's.
pub(crate) fn wrong_identity(expected: &[SpiffeId], id: &SpiffeId) -> Problem {
    let expected = expected.iter().map(SpiffeId::as_str).collect::<Vec<_>>().join(",");
    let words =
        format!("identity verification error: peer did not present the expected SAN ({expected}), got {id}");
    problem(TlsCause::WrongIdentity { expected, found: id.to_string() }, words)
}

/// A certificate without any of the `expected` names.
pub(crate) fn wrong_name(expected: &[String], found: &[String]) -> Problem {
    let expected = joined(expected);
    let found = if found.is_empty() { "no name at all".to_owned() } else { joined(found) };
    let words = format!("verify SAN list: expected {expected}, found {found}");
    problem(TlsCause::WrongName { expected, found }, words)
}

fn problem(cause: TlsCause, words: String) -> Problem {
    (cause, CertificateError::Other(OtherError(Arc::new(IdentityRefused(words)))))
}

/// Foreign names in one phrase, escaped and cut.
fn joined(names: &[String]) -> String {
    let all = names.iter().map(|name| name.escape_debug().to_string()).collect::<Vec<_>>().join(", ");
    all.chars().take(400).collect()
}

/// The refusal as it stands inside rustls' error; both forms print the words, as in ztunnel's log.
struct IdentityRefused(String);

impl fmt::Debug for IdentityRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for IdentityRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for IdentityRefused {}

pub(crate) fn unix(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

pub(crate) fn system(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs())).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A time as `2026-11-21T06:00:00Z`.
pub(crate) fn utc(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_else(|_| "a time out of range".to_owned())
}
