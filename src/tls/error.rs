//! [`TlsError`]: a failed handshake in ztunnel's words, with our plain sentence beside them.

use std::error::Error;
use std::fmt;
use std::io;

use crate::identity::CertificateSummary;
use crate::reason::{Reason, Side};
use crate::tls::alert::Alert;
use crate::tls::cause::TlsCause;
use crate::tls::diagnose::{Circumstances, alert_received, alert_sent, cause_of, rustls_error};

/// Which end of the handshake we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We accepted; the peer is the client.
    Server,
    /// We connected; the peer is the server.
    Client,
}

/// Why a handshake failed, or why a connection was refused after it.
///
/// `Display` says what ztunnel would log; [`TlsError::plain`] says it to people.
pub struct TlsError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    role: Role,
    cause: TlsCause,
    also: Vec<TlsCause>,
    presented: Option<CertificateSummary>,
    words: String,
    alert_sent: Option<Alert>,
    alert_received: Option<Alert>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TlsError {
    /// What a later read or write says about the handshake: in TLS 1.3 a client hears there that its certificate was
    /// refused. `None` when the error has nothing to do with TLS.
    pub fn from_io(error: &io::Error) -> Option<Self> {
        let late = rustls_error(error)?.clone();
        let again = io::Error::new(error.kind(), late);
        Some(Self::from_handshake(Role::Client, again, Circumstances::default()))
    }

    /// An error from what the handshake reported.
    pub(crate) fn from_handshake(role: Role, error: io::Error, seen: Circumstances<'_>) -> Self {
        let cause = cause_of(&error, seen);
        let words = match role {
            Role::Server => format!("tls handshake error: {error:?}"),
            Role::Client => format!("io error: {error}"),
        };
        let tls = rustls_error(&error);
        Self(Box::new(Failure {
            role,
            cause,
            also: Vec::new(),
            presented: None,
            words,
            alert_sent: tls.and_then(alert_sent),
            alert_received: tls.and_then(alert_received),
            source: Some(Box::new(error)),
        }))
    }

    /// An error that ztunnel has no words for.
    pub(crate) fn from_cause(role: Role, cause: TlsCause) -> Self {
        let words = format!("tls handshake error: {cause}");
        Self(Box::new(Failure {
            role,
            cause,
            also: Vec::new(),
            presented: None,
            words,
            alert_sent: None,
            alert_received: None,
            source: None,
        }))
    }

    /// The same with the verifier's judgement, which knows what the certificate said.
    pub(crate) fn judged(
        mut self,
        presented: Option<CertificateSummary>,
        refused: Option<(TlsCause, Vec<TlsCause>)>,
    ) -> Self {
        self.0.presented = presented;
        if let Some((cause, also)) = refused {
            self.0.cause = cause;
            self.0.also = also;
        }
        self
    }

    /// What was wrong; the most useful of several.
    pub fn cause(&self) -> &TlsCause {
        &self.0.cause
    }

    /// What else was wrong with the peer's certificate.
    pub fn also(&self) -> &[TlsCause] {
        &self.0.also
    }

    /// Which end we are.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The certificate that the peer showed, as far as it could be read. Nothing in it is trusted.
    pub fn presented(&self) -> Option<&CertificateSummary> {
        self.0.presented.as_ref()
    }

    /// The alert that we sent.
    pub fn alert_sent(&self) -> Option<Alert> {
        self.0.alert_sent
    }

    /// The alert that the peer sent.
    pub fn alert_received(&self) -> Option<Alert> {
        self.0.alert_received
    }

    /// The failure in plain words: what was expected and found, and whatever else is wrong.
    pub fn plain(&self) -> String {
        let peer = match self.0.role {
            Role::Server => "the client",
            Role::Client => "the server",
        };
        let who = self.0.presented.as_ref().and_then(|said| said.uris.first());
        let who = who.map_or_else(|| peer.to_owned(), |uri| format!("{peer} {}", uri.escape_debug()));
        let also: String = self.0.also.iter().map(|cause| format!("; also {cause}")).collect();
        format!("{who}: {}{also}", self.0.cause)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.words)
    }
}

impl fmt::Debug for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl Reason for TlsError {
    fn code(&self) -> &'static str {
        self.0.cause.code()
    }

    fn side(&self) -> Side {
        match (&self.0.cause, self.0.role) {
            (TlsCause::OwnCertificate { .. } | TlsCause::ServerName { .. }, _) => Side::Us,
            // Alerts 42 to 51 and 116 judge the certificate that we showed.
            (TlsCause::Refused { alert: Alert { number: 42..=51 | 116, .. } }, _) => Side::Us,
            (_, Role::Server) => Side::Downstream,
            (_, Role::Client) => Side::Upstream,
        }
    }

    fn hint(&self) -> Option<String> {
        hint(&self.0.cause).map(str::to_owned)
    }
}

fn hint(cause: &TlsCause) -> Option<&'static str> {
    Some(match cause {
        TlsCause::NoCertificate => "Send the traffic through the mesh, or set the port to PERMISSIVE.",
        TlsCause::UnknownIssuer { sent: 1, .. } => {
            "Compare the roots of both sides; if they agree, the peer forgets to send its intermediate."
        }
        TlsCause::UnknownIssuer { .. } => "Give both sides a common root, or each the other's root.",
        TlsCause::SameNameOtherKey { .. } => {
            "Two CAs share a name: compare key identifiers, not names, and give both sides one root."
        }
        TlsCause::NoIdentity { .. } | TlsCause::SeveralIdentities { .. } | TlsCause::NotSpiffe { .. } => {
            "Issue the peer a certificate with exactly one URI SAN, its SPIFFE ID."
        }
        TlsCause::WrongTrustDomain { .. } => {
            "Use one trust domain, or list the peer's in trustDomainAliases, which sidecars know and ztunnel does not."
        }
        TlsCause::Revoked { .. } => {
            "Issue the peer a new certificate, and find out why this one was revoked."
        }
        TlsCause::WrongIdentity { .. } => {
            "Correct the workload's service account or address; the address may belong to another workload now."
        }
        TlsCause::WrongName { .. } => "Correct subjectAltNames, or the server's certificate.",
        TlsCause::ServerName { .. } => "Correct sni.",
        TlsCause::LeafIsCa | TlsCause::LeafMaySign { .. } => "Issue the peer a leaf certificate (CA:FALSE).",
        TlsCause::WrongPurpose { .. } => {
            "Issue certificates with serverAuth and clientAuth, and CAs with neither."
        }
        TlsCause::Expired { .. } => "Renew the peer's certificate, and find out why it was not renewed.",
        TlsCause::NotYetValid { .. } => "Set the clocks: the issuer's is ahead of ours.",
        TlsCause::OldVersion => "Let the peer speak TLS 1.3.",
        TlsCause::NoCommonCipher => "Allow the peer AES-GCM.",
        TlsCause::NoCommonGroup => {
            "Allow the peer x25519 or secp256r1; FIPS-only meets post-quantum-only here."
        }
        TlsCause::NoCommonAlpn { .. } => "Let the peer offer this protocol in its ALPN.",
        TlsCause::NotTls { .. } => "The peer does not speak TLS on this port: is it in the mesh?",
        TlsCause::Echo => "The address leads back to us or to an echo server; check where it points.",
        TlsCause::Timeout { received: 0, .. } => {
            "The peer said nothing: is something in between dropping packets?"
        }
        TlsCause::Refused { .. } => {
            "The peer's log has the reason; look at the other end of this connection."
        }
        TlsCause::OwnCertificate { .. } => "Replace our certificate and key.",
        _ => return None,
    })
}
