//! [`Peer`]: the verified other side of a handshake.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::{CipherSuite, CommonState, NamedGroup, ProtocolVersion};

use crate::identity::SpiffeId;
use crate::tls::cause::TlsCause;
use crate::tls::observed::Good;
use crate::tls::presented::Presented;
use crate::tls::revocations::Revocations;

/// The other side, verified: its certificate leads to a root of ours and carries exactly this identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who it is.
    pub id: SpiffeId,
    /// Its certificate's serial number in lower-case hexadecimal.
    pub serial: String,
    /// The first moment of its certificate's validity.
    pub not_before: SystemTime,
    /// The last moment of its certificate's validity.
    pub not_after: SystemTime,
    /// The application protocol that was agreed on; `None` when there was none.
    pub alpn: Option<Arc<str>>,
    /// The TLS version, `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite by its RFC name.
    pub suite: &'static str,
    /// The key exchange group by its RFC name.
    pub group: &'static str,
    presented: Presented,
}

impl Peer {
    /// The peer of a finished handshake.
    pub(crate) fn new(good: Good, connection: &CommonState) -> Self {
        let Good { leaf, presented } = good;
        let group = connection.negotiated_key_exchange_group().map(|group| group.name());
        Self {
            id: leaf.id,
            serial: leaf.certificate.serial,
            not_before: leaf.certificate.not_before,
            not_after: leaf.certificate.not_after,
            alpn: connection.alpn_protocol().map(|alpn| String::from_utf8_lossy(alpn).into()),
            version: version(connection.protocol_version()),
            suite: suite(connection.negotiated_cipher_suite().map(|suite| suite.suite())),
            group: group_name(group),
            presented,
        }
    }

    /// Whether a certificate of its chain is revoked by now; the cause names it. Nothing but revocation is asked, so that
    /// an open connection outlives its certificate as it does in ztunnel.
    pub fn revoked(&self, revocations: &Revocations) -> Option<TlsCause> {
        self.presented.revoked(revocations)
    }
}

/// The version's name.
pub(crate) fn version(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "unknown",
    }
}

/// The suite's RFC name.
pub(crate) fn suite(suite: Option<CipherSuite>) -> &'static str {
    match suite {
        Some(CipherSuite::TLS13_AES_256_GCM_SHA384) => "TLS_AES_256_GCM_SHA384",
        Some(CipherSuite::TLS13_AES_128_GCM_SHA256) => "TLS_AES_128_GCM_SHA256",
        _ => "unknown",
    }
}

/// The group's RFC name.
pub(crate) fn group_name(group: Option<NamedGroup>) -> &'static str {
    match group {
        Some(NamedGroup::X25519) => "x25519",
        Some(NamedGroup::secp256r1) => "secp256r1",
        Some(NamedGroup::secp384r1) => "secp384r1",
        Some(NamedGroup::X25519MLKEM768) => "X25519MLKEM768",
        _ => "unknown",
    }
}
