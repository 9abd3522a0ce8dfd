//! [`TlsCause`]: what exactly was wrong with a handshake, as a value and as a plain sentence.

use std::time::Duration;

use crate::identity::{SpiffeId, SpiffeProblem};
use crate::tls::alert::Alert;

/// What was wrong with a handshake. `Display` is the plain sentence; each row of reference/failures.md 0.4 and 0.7
/// that rustls can tell apart is a variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsCause {
    /// The client showed no certificate.
    #[error("expected a client certificate, found none")]
    NoCertificate,
    /// The certificate does not lead to a root that we trust.
    #[error(
        "expected a certificate that leads to one of our roots, found one issued by \"{issuer}\" (certificates sent: {sent})"
    )]
    UnknownIssuer {
        /// The issuer that the leaf names.
        issuer: String,
        /// How many certificates the peer sent; 1 suggests a missing intermediate.
        sent: usize,
    },
    /// A root of ours has the issuer's name, but another key made the signature.
    #[error("expected a signature by our \"{issuer}\", found one by another CA of the same name")]
    SameNameOtherKey {
        /// The name that two CAs share.
        issuer: String,
    },
    /// The certificate cannot be read or breaks a rule of X.509.
    #[error("expected a valid certificate, found one that breaks a rule: {problem}")]
    BadCertificate {
        /// What the verifier says.
        problem: String,
    },
    /// No URI SAN.
    #[error("expected one SPIFFE identity, found {found}")]
    NoIdentity {
        /// The names it has instead.
        found: String,
    },
    /// Several URI SANs (X509-SVID §2 says to reject).
    #[error("expected exactly one URI SAN, found {found}")]
    SeveralIdentities {
        /// All of them.
        found: String,
    },
    /// A URI SAN that is no Istio identity.
    #[error("expected spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT, found \"{}\": {problem}", found.escape_debug())]
    NotSpiffe {
        /// The URI.
        found: String,
        /// The rule it breaks.
        problem: SpiffeProblem,
    },
    /// An identity of another trust domain.
    #[error("expected the trust domain {expected}, found {found}")]
    WrongTrustDomain {
        /// Ours, and the aliases that count.
        expected: String,
        /// The identity presented.
        found: String,
    },
    /// Another identity than the server should have.
    #[error("expected {expected}, found {found}")]
    WrongIdentity {
        /// The identities that would have done, joined by commas.
        expected: String,
        /// The identity presented.
        found: String,
    },
    /// None of the names that a DestinationRule expects.
    #[error("expected a certificate for {expected}, found one for {found}")]
    WrongName {
        /// The names of which one would have done, joined by commas.
        expected: String,
        /// The names in the certificate.
        found: String,
    },
    /// The certificate is a CA's.
    #[error("expected a leaf certificate, found a CA certificate (CA:TRUE)")]
    LeafIsCa,
    /// The certificate may sign (X509-SVID §5.2 says to reject).
    #[error("expected a certificate that may not sign, found keyUsage {found}")]
    LeafMaySign {
        /// Its key usage.
        found: String,
    },
    /// The extended key usage does not fit the peer's role.
    #[error("expected extendedKeyUsage {expected}, found {found}")]
    WrongPurpose {
        /// `clientAuth` or `serverAuth`.
        expected: &'static str,
        /// What the leaf has; when it has the expected one, an intermediate lacks it.
        found: String,
    },
    /// The certificate, or one that signed it, is on a revocation list.
    #[error(
        "expected a certificate in force, found serial number {serial} of \"{issuer}\" revoked by its list {list}"
    )]
    Revoked {
        /// The serial number of the revoked one, in lower-case hexadecimal.
        serial: String,
        /// Who issued and revoked it.
        issuer: String,
        /// Which list: its number and when it was issued.
        list: String,
    },
    /// The certificate has ended.
    #[error("expected a certificate that is valid now, found one that expired {} ago, at {not_after}", seconds(*ago))]
    Expired {
        /// When, in UTC.
        not_after: String,
        /// How long ago.
        ago: Duration,
    },
    /// The certificate has not begun; the peer is told certificate_expired all the same.
    #[error("expected a certificate that is valid now, found one that begins in {}, at {not_before}", seconds(*ahead))]
    NotYetValid {
        /// When, in UTC.
        not_before: String,
        /// In how long.
        ahead: Duration,
    },
    /// The peer could not prove that it holds the certificate's key (CertificateVerify, RFC 8446 §4.4.3).
    #[error("expected a signature made with the certificate's key, found another")]
    ForgedProof,
    /// The peer offers no TLS 1.3.
    #[error("expected TLS 1.3, found older versions only")]
    OldVersion,
    /// No cipher suite in common.
    #[error(
        "expected TLS_AES_256_GCM_SHA384 or TLS_AES_128_GCM_SHA256, found neither among the peer's suites"
    )]
    NoCommonCipher,
    /// No key exchange group in common.
    #[error("expected x25519, secp256r1, secp384r1 or X25519MLKEM768, found none among the peer's groups")]
    NoCommonGroup,
    /// No application protocol in common.
    #[error("expected the application protocol {expected}, found only others in the peer's ALPN")]
    NoCommonAlpn {
        /// What we speak.
        expected: &'static str,
    },
    /// Some other parameter that the two sides do not share.
    #[error("expected parameters that we share, found {problem}")]
    Incompatible {
        /// What rustls says.
        problem: String,
    },
    /// The peer's first bytes are no TLS.
    #[error("expected TLS, found bytes that begin with {first}")]
    NotTls {
        /// The first bytes, as hexadecimal and as text.
        first: String,
    },
    /// A TLS record or message that cannot be read.
    #[error("expected a TLS handshake, found a malformed message: {problem}")]
    Malformed {
        /// What rustls says.
        problem: String,
    },
    /// Our own ClientHello came back.
    #[error("expected a ServerHello, found our own ClientHello: the peer echoes what it gets")]
    Echo,
    /// A well-formed message that must not come here.
    #[error("expected the peer to follow the protocol, found {problem}")]
    Misbehaved {
        /// What rustls says.
        problem: String,
    },
    /// The peer refused us, and this alert is all it says.
    #[error("the peer refused us with the alert {alert}")]
    Refused {
        /// The alert.
        alert: Alert,
    },
    /// The peer closed the connection in the middle of the handshake.
    #[error("expected the rest of the handshake, found the end of the connection after {received} bytes")]
    Eof {
        /// How many bytes had come.
        received: usize,
    },
    /// The peer, or something between, reset the connection in the middle of the handshake.
    #[error("expected the rest of the handshake, found a connection reset after {received} bytes")]
    Reset {
        /// How many bytes had come.
        received: usize,
    },
    /// The handshake took too long.
    #[error("expected the handshake to end within {}, found only {received} bytes from the peer", seconds(*within))]
    Timeout {
        /// How long it may take.
        within: Duration,
        /// How many bytes had come.
        received: usize,
    },
    /// The socket failed.
    #[error("expected a working connection, found {problem}")]
    Io {
        /// What the operating system says.
        problem: String,
    },
    /// The server name to send is none.
    #[error("expected a host name to send as the server name, found \"{}\"", found.escape_debug())]
    ServerName {
        /// What was to be sent.
        found: String,
    },
    /// Our own certificate, key or roots cannot be used.
    #[error("expected a certificate, key and roots that can be used, found {problem}")]
    OwnCertificate {
        /// What is wrong with them.
        problem: String,
    },
}

impl TlsCause {
    /// The cause for an identity of a trust domain that is neither ours nor an alias of it.
    pub fn wrong_trust_domain(own: &str, aliases: &[String], found: &SpiffeId) -> Self {
        let accepted: Vec<&str> = std::iter::once(own).chain(aliases.iter().map(String::as_str)).collect();
        Self::WrongTrustDomain { expected: accepted.join(" or "), found: found.to_string() }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCertificate => "tls.no_certificate",
            Self::UnknownIssuer { .. } => "tls.unknown_issuer",
            Self::SameNameOtherKey { .. } => "tls.same_name_other_key",
            Self::BadCertificate { .. } => "tls.bad_certificate",
            Self::NoIdentity { .. } => "tls.no_identity",
            Self::SeveralIdentities { .. } => "tls.several_identities",
            Self::NotSpiffe { .. } => "tls.not_spiffe",
            Self::WrongTrustDomain { .. } => "tls.wrong_trust_domain",
            Self::WrongIdentity { .. } => "tls.wrong_identity",
            Self::WrongName { .. } => "tls.wrong_name",
            Self::LeafIsCa => "tls.leaf_is_ca",
            Self::LeafMaySign { .. } => "tls.leaf_may_sign",
            Self::WrongPurpose { .. } => "tls.wrong_purpose",
            Self::Revoked { .. } => "tls.revoked",
            Self::Expired { .. } => "tls.expired",
            Self::NotYetValid { .. } => "tls.not_yet_valid",
            Self::ForgedProof => "tls.forged_proof",
            Self::OldVersion => "tls.old_version",
            Self::NoCommonCipher => "tls.no_common_cipher",
            Self::NoCommonGroup => "tls.no_common_group",
            Self::NoCommonAlpn { .. } => "tls.no_common_alpn",
            Self::Incompatible { .. } => "tls.incompatible",
            Self::NotTls { .. } => "tls.not_tls",
            Self::Malformed { .. } => "tls.malformed",
            Self::Echo => "tls.echo",
            Self::Misbehaved { .. } => "tls.misbehaved",
            Self::Refused { alert } => refused_code(alert.number),
            Self::Eof { .. } => "tls.eof",
            Self::Reset { .. } => "tls.reset",
            Self::Timeout { .. } => "tls.timeout",
            Self::Io { .. } => "tls.io",
            Self::ServerName { .. } => "tls.server_name",
            Self::OwnCertificate { .. } => "tls.own_certificate",
        }
    }

    /// How much it explains when several things are wrong: the lowest is reported.
    ///
    /// A certificate of a foreign CA is foreign first, whatever else it says, then revoked; a date is last, because a fresh
    /// certificate of the wrong peer would not help either.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::UnknownIssuer { .. } | Self::SameNameOtherKey { .. } => 0,
            Self::Revoked { .. } => 1,
            Self::LeafIsCa => 2,
            Self::NoIdentity { .. } | Self::SeveralIdentities { .. } | Self::NotSpiffe { .. } => 3,
            Self::WrongTrustDomain { .. } => 4,
            Self::WrongIdentity { .. } | Self::WrongName { .. } => 5,
            Self::LeafMaySign { .. } | Self::WrongPurpose { .. } => 6,
            Self::Expired { .. } | Self::NotYetValid { .. } => 7,
            _ => 8,
        }
    }
}

/// A code per alert that a peer explains itself with.
fn refused_code(alert: u8) -> &'static str {
    match alert {
        40 => "tls.refused_handshake_failure",
        42 => "tls.refused_bad_certificate",
        43 => "tls.refused_unsupported_certificate",
        44 => "tls.refused_certificate_revoked",
        45 => "tls.refused_certificate_expired",
        46 => "tls.refused_certificate_unknown",
        48 => "tls.refused_unknown_ca",
        51 => "tls.refused_decrypt_error",
        70 => "tls.refused_protocol_version",
        116 => "tls.refused_certificate_required",
        120 => "tls.refused_no_application_protocol",
        _ => "tls.refused",
    }
}

fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds => format!("{seconds} s"),
    }
}
