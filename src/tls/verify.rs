//! The verifiers: chain to the bundle first, then exactly one SPIFFE identity, then whose it is. Names never count.
//!
//! A refusal is judged once, here, where the certificate is at hand: the alert, the log's words and the cause that
//! people read are three renderings of one decision.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::identity::{CertificateSummary, Leaf, SpiffeId};
use crate::tls::cause::TlsCause;
use crate::tls::error::Role;
use crate::tls::observed::{Judgement, Observed};
use crate::tls::provider::signature_algorithms;
use crate::tls::refusal::{Problem, no_identity, system, unix, utc, wrong_identity, wrong_trust_domain};
use crate::tls::trust::{Shown, Trust};

/// Which identity the peer must have.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Any of our trust domain.
    OurTrustDomain,
    /// One of these.
    OneOf(Vec<SpiffeId>),
}

/// The verifier of one connection.
#[derive(Debug)]
pub(crate) struct PeerVerifier {
    /// Our role: a server verifies clients.
    pub(crate) role: Role,
    pub(crate) trust: Arc<Trust>,
    pub(crate) rule: Rule,
    pub(crate) observed: Arc<Observed>,
}

impl PeerVerifier {
    fn verify(&self, shown: &Shown<'_>, now: UnixTime) -> Result<(), Error> {
        let summary = CertificateSummary::parse(&shown.leaf.as_ref().into());
        let chain = self.trust.chain(self.role, shown, now);
        let leaf = summary.and_then(Leaf::try_from);
        let mistaken =
            leaf.as_ref().map_or_else(|error| Some(no_identity(error)), |leaf| self.wrong_peer(&leaf.id));
        match (leaf, mistaken, chain) {
            (Ok(leaf), None, Ok(())) => {
                self.observed.judge(Judgement::Good(Box::new(leaf)));
                Ok(())
            }
            (_, mistaken, chain) => Err(self.refuse(shown, now, mistaken, chain.err()).into()),
        }
    }

    /// Chooses the most useful of all that is wrong, and keeps the rest for people.
    fn refuse(
        &self,
        shown: &Shown<'_>,
        now: UnixTime,
        mistaken: Option<Problem>,
        chain: Option<Error>,
    ) -> CertificateError {
        let summary = CertificateSummary::parse(&shown.leaf.as_ref().into()).ok();
        let mut problems: Vec<Problem> = mistaken.into_iter().collect();
        if let Some(Error::InvalidCertificate(first)) = chain {
            problems.extend(
                self.deeper(shown, &first, summary.as_ref())
                    .map(|deeper| self.explain(deeper, shown, now, summary.as_ref())),
            );
            problems.push(self.explain(first, shown, now, summary.as_ref()));
        } else if let Some(error) = chain {
            problems.push((
                TlsCause::BadCertificate { problem: error.to_string() },
                CertificateError::BadEncoding,
            ));
        }
        problems.sort_by_key(|(cause, _)| cause.rank());
        problems.dedup_by_key(|(cause, _)| cause.code());
        let mut problems = problems.into_iter();
        let (cause, alert) = problems.next().unwrap_or_else(|| {
            let problem = "no reason given".to_owned();
            (TlsCause::BadCertificate { problem }, CertificateError::BadEncoding)
        });
        let also = problems.map(|(cause, _)| cause).collect();
        self.observed.judge(Judgement::Refused { presented: summary.map(Box::new), cause, also });
        alert
    }

    /// webpki stops at the first thing wrong with the leaf: dates and purpose hide a foreign issuer.
    /// So the question is asked again as if those were right.
    fn deeper(
        &self,
        shown: &Shown<'_>,
        first: &CertificateError,
        summary: Option<&CertificateSummary>,
    ) -> Option<CertificateError> {
        if !is_date(first) && !is_purpose(first) {
            return None;
        }
        let valid = summary.map(|said| unix(said.not_before + Duration::from_secs(1)))?;
        let other_role = match self.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let mut found = None;
        for role in [self.role, other_role] {
            match self.trust.chain(role, shown, valid) {
                Err(Error::InvalidCertificate(problem)) if is_purpose(&problem) => found = Some(problem),
                Err(Error::InvalidCertificate(problem)) => return Some(problem),
                _ => return found,
            }
        }
        found
    }

    fn explain(
        &self,
        problem: CertificateError,
        shown: &Shown<'_>,
        now: UnixTime,
        summary: Option<&CertificateSummary>,
    ) -> Problem {
        let issuer = || summary.map(|said| said.issuer.clone()).unwrap_or_default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
        let cause = match &problem {
            CertificateError::UnknownIssuer => {
                TlsCause::UnknownIssuer { issuer: issuer(), sent: shown.intermediates.len() + 1 }
            }
            CertificateError::BadSignature => TlsCause::SameNameOtherKey { issuer: issuer() },
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
                found: summary.map(|said| said.extended_key_usage.clone()).unwrap_or_default(),
            },
            _ if summary.is_some_and(|said| said.is_ca) => TlsCause::LeafIsCa,
            other => TlsCause::BadCertificate { problem: other.to_string() },
        };
        (cause, problem)
    }

    fn purpose(&self) -> &'static str {
        match self.role {
            Role::Server => "clientAuth",
            Role::Client => "serverAuth",
        }
    }

    /// Holds a well-formed identity against the rule.
    fn wrong_peer(&self, id: &SpiffeId) -> Option<Problem> {
        match &self.rule {
            Rule::OurTrustDomain if id.trust_domain() == self.trust.trust_domain => None,
            Rule::OurTrustDomain => Some(wrong_trust_domain(&self.trust.trust_domain, id)),
            Rule::OneOf(expected) if expected.contains(id) => None,
            Rule::OneOf(expected) => Some(wrong_identity(expected, id)),
        }
    }
}

fn is_date(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::ExpiredContext { .. } | CertificateError::NotValidYetContext { .. })
}

fn is_purpose(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. })
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.trust.clients.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(&Shown { leaf, intermediates }, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.clients.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.clients.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        signature_algorithms().supported_schemes()
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(&Shown { leaf, intermediates }, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.clients.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.clients.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        signature_algorithms().supported_schemes()
    }
}
