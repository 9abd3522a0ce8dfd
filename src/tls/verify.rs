//! The verifiers: chain to the bundle first, then exactly one SPIFFE identity, then whose it is. Names never count.
//!
//! A refusal is judged once, here, where the certificate is at hand: the alert, the log's words and the cause that
//! people read are three renderings of one decision.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::identity::{CertificateSummary, Clock, Leaf, SpiffeId};
use crate::tls::chain::{Refused, judged};
use crate::tls::error::Role;
use crate::tls::observed::{Good, Judgement, Observed};
use crate::tls::presented::Presented;
use crate::tls::provider::signature_algorithms;
use crate::tls::refusal::{Problem, no_identity, system, unix, wrong_identity, wrong_trust_domain};
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;
use crate::tls::trust::Trust;

/// Which identity the peer must have.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Any of our trust domain, or of one of these aliases of it.
    OurTrustDomain(Arc<[String]>),
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
    pub(crate) revocations: Arc<Revocations>,
    /// By which validity is judged.
    pub(crate) clock: Clock,
    pub(crate) observed: Arc<Observed>,
}

impl PeerVerifier {
    /// Judges what was shown, and keeps the judgement.
    pub(crate) fn verify(&self, shown: &Shown<'_>, now: UnixTime) -> Result<(), Error> {
        let now = unix(self.clock.at(system(now)));
        let summary = CertificateSummary::parse(&shown.leaf.as_ref().into());
        let chain = self.trust.chain(self.role, shown, (now, &self.revocations));
        let leaf = summary.and_then(Leaf::try_from);
        let mistaken =
            leaf.as_ref().map_or_else(|error| Some(no_identity(error)), |leaf| self.wrong_peer(&leaf.id));
        match (leaf, mistaken, chain) {
            (Ok(leaf), None, Ok(())) => {
                let presented = self.presented(shown, now);
                self.observed.judge(Judgement::Good(Box::new(Good { leaf, presented })));
                Ok(())
            }
            (_, mistaken, chain) => Err(self.refuse(shown, now, mistaken, chain.err()).into()),
        }
    }

    fn presented(&self, shown: &Shown<'_>, at: UnixTime) -> Presented {
        Presented {
            role: self.role,
            trust: Arc::clone(&self.trust),
            chain: shown.chain().map(|der| der.clone().into_owned()).collect(),
            at,
            generation: self.revocations.generation(),
        }
    }

    /// Keeps the judgement beside the connection; the alert goes to the peer.
    fn refuse(
        &self,
        shown: &Shown<'_>,
        now: UnixTime,
        mistaken: Option<Problem>,
        chain: Option<Error>,
    ) -> CertificateError {
        let summary = CertificateSummary::parse(&shown.leaf.as_ref().into()).ok();
        let (role, trust, revocations) = (self.role, &*self.trust, &*self.revocations);
        let refused = Refused { role, trust, shown, now, revocations, summary: summary.as_ref() };
        let chain = chain.into_iter().flat_map(|error| refused.problems(error));
        let (judgement, alert) = judged(mistaken.into_iter().chain(chain).collect(), summary);
        self.observed.judge(judgement);
        alert
    }

    /// Holds a well-formed identity against the rule.
    fn wrong_peer(&self, id: &SpiffeId) -> Option<Problem> {
        match &self.rule {
            Rule::OurTrustDomain(_) if id.trust_domain() == self.trust.trust_domain => None,
            Rule::OurTrustDomain(aliases) if aliases.iter().any(|alias| alias == id.trust_domain()) => None,
            Rule::OurTrustDomain(aliases) => Some(wrong_trust_domain(&self.trust.trust_domain, aliases, id)),
            Rule::OneOf(expected) if expected.contains(id) => None,
            Rule::OneOf(expected) => Some(wrong_identity(expected, id)),
        }
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.trust.names
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
        verify_tls12_signature(message, certificate, signed, &signature_algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &signature_algorithms())
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
        verify_tls12_signature(message, certificate, signed, &signature_algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &signature_algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        signature_algorithms().supported_schemes()
    }
}
