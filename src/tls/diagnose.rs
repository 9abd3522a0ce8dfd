//! From what rustls or the socket reports to a [`TlsCause`], and to the alert that the peer was sent.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, HandshakeType, InvalidMessage, PeerIncompatible};

use crate::tls::alert::Alert;
use crate::tls::cause::TlsCause;

/// What is known about a failed handshake beside the error.
#[derive(Clone, Copy, Default)]
pub(crate) struct Circumstances<'a> {
    /// How many bytes the peer sent.
    pub(crate) received: usize,
    /// The first of them.
    pub(crate) first: &'a [u8],
    /// The application protocol that we speak.
    pub(crate) alpn: &'static str,
}

/// The rustls error inside an io error, where tokio-rustls puts it.
pub(crate) fn rustls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The cause of an io error; certificates are judged by the verifier, which knows more.
pub(crate) fn cause_of(error: &io::Error, seen: Circumstances<'_>) -> TlsCause {
    if let Some(error) = rustls_error(error) {
        return cause_of_rustls(error, seen);
    }
    let received = seen.received;
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TlsCause::Eof { received },
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            TlsCause::Reset { received }
        }
        _ => TlsCause::Io { problem: error.to_string() },
    }
}

fn cause_of_rustls(error: &Error, seen: Circumstances<'_>) -> TlsCause {
    let problem = || error.to_string();
    match error {
        Error::NoCertificatesPresented => TlsCause::NoCertificate,
        Error::AlertReceived(alert) => TlsCause::Refused { alert: (*alert).into() },
        Error::NoApplicationProtocol => TlsCause::NoCommonAlpn { expected: seen.alpn },
        Error::PeerIncompatible(mismatch) => cause_of_mismatch(mismatch),
        Error::InvalidMessage(_) if !looks_like_tls(seen.first) => {
            TlsCause::NotTls { first: show(seen.first) }
        }
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => {
            TlsCause::Malformed { problem: problem() }
        }
        // The verifier reports a bad signature in the chain itself; what remains is the handshake's own.
        Error::InvalidCertificate(CertificateError::BadSignature) => TlsCause::ForgedProof,
        Error::InvalidCertificate(_) => TlsCause::BadCertificate { problem: problem() },
        Error::InappropriateHandshakeMessage { got_type: HandshakeType::ClientHello, .. } => TlsCause::Echo,
        _ => TlsCause::Misbehaved { problem: problem() },
    }
}

fn cause_of_mismatch(mismatch: &PeerIncompatible) -> TlsCause {
    match mismatch {
        PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => TlsCause::OldVersion,
        PeerIncompatible::NoCipherSuitesInCommon => TlsCause::NoCommonCipher,
        PeerIncompatible::NoKxGroupsInCommon | PeerIncompatible::NamedGroupsExtensionRequired => {
            TlsCause::NoCommonGroup
        }
        other => TlsCause::Incompatible { problem: format!("{other:?}") },
    }
}

/// A TLS record begins with its type, 20 to 23, and the major version 3 (RFC 8446 §5.1).
fn looks_like_tls(first: &[u8]) -> bool {
    match first {
        [kind, version, ..] => (20..=23).contains(kind) && *version == 3,
        [kind] => (20..=23).contains(kind),
        [] => true,
    }
}

/// Bytes as people compare them: `48 54 54 50 "HTTP"`.
fn show(bytes: &[u8]) -> String {
    let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} \"{}\"", hex.join(" "), bytes.escape_ascii())
}

/// The alert that rustls sent with this error; `None` when it sent none, or the error does not tell which.
pub(crate) fn alert_sent(error: &Error) -> Option<Alert> {
    let description = match error {
        Error::InvalidCertificate(problem) => problem.clone().into(),
        Error::InvalidMessage(problem) => alert_for_message(*problem),
        Error::NoCertificatesPresented => AlertDescription::CertificateRequired,
        Error::NoApplicationProtocol => AlertDescription::NoApplicationProtocol,
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            AlertDescription::UnexpectedMessage
        }
        Error::DecryptError => AlertDescription::BadRecordMac,
        Error::PeerSentOversizedRecord => AlertDescription::RecordOverflow,
        Error::PeerIncompatible(mismatch) => match cause_of_mismatch(mismatch) {
            TlsCause::OldVersion => AlertDescription::ProtocolVersion,
            TlsCause::NoCommonCipher | TlsCause::NoCommonGroup => AlertDescription::HandshakeFailure,
            _ => return None,
        },
        _ => return None,
    };
    Some(description.into())
}

fn alert_for_message(problem: InvalidMessage) -> AlertDescription {
    problem.into()
}

/// The alert that the peer sent.
pub(crate) fn alert_received(error: &Error) -> Option<Alert> {
    match error {
        Error::AlertReceived(alert) => Some((*alert).into()),
        _ => None,
    }
}
