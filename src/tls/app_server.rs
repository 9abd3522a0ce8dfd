//! The verifier of a client that originates TLS to an application: a chain to the given roots, and the expected names.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::identity::CertificateSummary;
use crate::tls::chain::{Refused, judged};
use crate::tls::error::Role;
use crate::tls::observed::{Judgement, Observed};
use crate::tls::provider::signature_algorithms;
use crate::tls::refusal::{Problem, wrong_name};
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;
use crate::tls::trust::Trust;

/// The verifier of one connection.
#[derive(Debug)]
pub(crate) struct AppServerVerifier {
    /// Whom to trust; `None` trusts anybody.
    pub(crate) trust: Option<Arc<Trust>>,
    /// The names of which the certificate must have one, compared byte for byte; empty asks for none.
    pub(crate) names: Vec<String>,
    pub(crate) observed: Arc<Observed>,
}

impl AppServerVerifier {
    fn verify(&self, shown: &Shown<'_>, now: UnixTime) -> Result<(), Error> {
        let summary = CertificateSummary::parse(&shown.leaf.as_ref().into()).ok();
        let mut problems = self.untrusted(shown, now, summary.as_ref());
        problems.extend(self.misnamed(summary.as_ref()));
        if problems.is_empty() {
            if let Some(said) = summary {
                self.observed.judge(Judgement::Application(Box::new(said)));
            }
            return Ok(());
        }
        let (judgement, alert) = judged(problems, summary);
        self.observed.judge(judgement);
        Err(alert.into())
    }

    fn untrusted(
        &self,
        shown: &Shown<'_>,
        now: UnixTime,
        summary: Option<&CertificateSummary>,
    ) -> Vec<Problem> {
        let Some(trust) = &self.trust else { return Vec::new() };
        // The mesh's lists say nothing of an application's CA.
        let revocations = &Revocations::default();
        match trust.chain(Role::Client, shown, (now, revocations)) {
            Ok(()) => Vec::new(),
            Err(error) => {
                Refused { role: Role::Client, trust, shown, now, revocations, summary }.problems(error)
            }
        }
    }

    fn misnamed(&self, summary: Option<&CertificateSummary>) -> Option<Problem> {
        let found = summary.map(names).unwrap_or_default();
        let fits = self.names.is_empty() || found.iter().any(|name| self.names.contains(name));
        (!fits).then(|| wrong_name(&self.names, &found))
    }
}

/// The URIs and host names that a certificate is for.
pub(crate) fn names(summary: &CertificateSummary) -> Vec<String> {
    let hosts = summary.other_names.iter().filter_map(|name| name.strip_prefix("DNS "));
    summary.uris.iter().cloned().chain(hosts.map(str::to_owned)).collect()
}

impl ServerCertVerifier for AppServerVerifier {
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
