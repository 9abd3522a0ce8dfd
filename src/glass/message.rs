//! [`Message`]: one thing that one side said, with its place on the wire and its parts.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::glass::field::Field;
use crate::glass::key_log::SecretLabel;
use crate::glass::names;
use crate::glass::tapped::Direction;
use crate::identity::{CertificateDer, CertificateSummary};

/// One TLS message, or what stands where one should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which way it went.
    pub direction: Direction,
    /// When its last byte passed, in nanoseconds since the connection began.
    pub at: u64,
    /// What it is.
    pub kind: MessageKind,
    /// Whether it was encrypted on the wire.
    pub encrypted: bool,
    /// Which keys its direction used.
    pub epoch: Epoch,
    /// Where its records stand in the bytes of its direction. Messages that share a record share the range.
    pub raw: Range<usize>,
    /// The message itself, decrypted, with its header; of application data, the data.
    pub bytes: Bytes,
    /// Its parts; their ranges lie in `bytes`.
    pub fields: Vec<Field>,
    /// The certificates of a Certificate message, leaf first.
    pub certificates: Vec<SeenCertificate>,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// What a client offers (RFC 8446 §4.1.2); the second one answers a HelloRetryRequest.
    ClientHello,
    /// A ServerHello whose random says that it asks for another ClientHello (RFC 8446 §4.1.3 and §4.1.4).
    HelloRetryRequest,
    /// What the server chose (RFC 8446 §4.1.3).
    ServerHello,
    /// The server's first encrypted message (RFC 8446 §4.3.1).
    EncryptedExtensions,
    /// The server wants the client's certificate (RFC 8446 §4.3.2).
    CertificateRequest,
    /// A chain of certificates, which may be empty (RFC 8446 §4.4.2).
    Certificate,
    /// The proof that the sender has the key of its certificate (RFC 8446 §4.4.3).
    CertificateVerify,
    /// The proof that both saw the same handshake (RFC 8446 §4.4.4).
    Finished,
    /// A ticket to resume with (RFC 8446 §4.6.1).
    NewSessionTicket,
    /// The sender's next record has new keys (RFC 8446 §4.6.3).
    KeyUpdate,
    /// Another handshake message, by its number.
    OtherHandshake(u8),
    /// The record that TLS 1.3 sends for old middleboxes and ignores (RFC 8446 §D.4).
    ChangeCipherSpec,
    /// An alert (RFC 8446 §6).
    Alert {
        /// 1 for a warning, 2 for a fatal one; TLS 1.3 ignores it.
        level: u8,
        /// Which one.
        number: u8,
    },
    /// What the application said.
    ApplicationData,
    /// A record of another type, by its number.
    OtherRecord(u8),
    /// A record that could not be opened; the flaw says why.
    Sealed,
    /// Bytes that are no TLS. Nothing after them is looked at in this direction.
    NotTls,
    /// The capture ended within a record or a message.
    Unfinished,
}

/// Which keys a direction uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// None yet.
    Plain,
    /// Those of the handshake, after the ServerHello.
    Handshake,
    /// Those of the traffic, after the sender's Finished and this many KeyUpdates.
    Traffic(u32),
}

/// A certificate as it was shown; nothing in it is verified here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCertificate {
    /// The certificate.
    pub der: CertificateDer,
    /// What it says; `None` when it cannot be read.
    pub summary: Option<CertificateSummary>,
}

/// What is wrong with a message, or with our view of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It does not have the shape of its kind; the fields end where that showed.
    Malformed,
    /// The key log has no such secret for this connection.
    NoSecret(SecretLabel),
    /// The record does not open with the keys that its place demands.
    WrongKey,
    /// An encrypted record came before any ServerHello: early data, or a capture that began late.
    TooEarly,
    /// The connection is not TLS 1.3, and only that is decrypted.
    OldVersion,
    /// The suite, by its number, is none that is decrypted, or the secret does not fit it.
    Suite(u16),
}

impl Message {
    /// Its name in the RFC.
    pub fn name(&self) -> &'static str {
        match self.kind {
            MessageKind::ClientHello => "ClientHello",
            MessageKind::HelloRetryRequest => "HelloRetryRequest",
            MessageKind::ServerHello => "ServerHello",
            MessageKind::EncryptedExtensions => "EncryptedExtensions",
            MessageKind::CertificateRequest => "CertificateRequest",
            MessageKind::Certificate => "Certificate",
            MessageKind::CertificateVerify => "CertificateVerify",
            MessageKind::Finished => "Finished",
            MessageKind::NewSessionTicket => "NewSessionTicket",
            MessageKind::KeyUpdate => "KeyUpdate",
            MessageKind::OtherHandshake(number) => names::handshake(number),
            MessageKind::ChangeCipherSpec => "ChangeCipherSpec",
            MessageKind::Alert { .. } => "Alert",
            MessageKind::ApplicationData => "application data",
            MessageKind::OtherRecord(_) => "unknown record",
            MessageKind::Sealed => "encrypted record",
            MessageKind::NotTls => "not TLS",
            MessageKind::Unfinished => "unfinished",
        }
    }

    /// The alert's name; `None` for what is no alert.
    pub fn alert(&self) -> Option<&'static str> {
        match self.kind {
            MessageKind::Alert { number, .. } => Some(names::alert(number).0),
            _ => None,
        }
    }

    /// The value of the first field of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// What somebody without keys sees of it: everything of a plain message, of an encrypted one the size of its record.
    pub fn eavesdropped(&self) -> String {
        let length = self.raw.len();
        if self.encrypted {
            format!("a record of type application_data, {length} bytes: no name, no content")
        } else {
            format!("{}, in the clear, {length} bytes", self.name())
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the message does not have the shape of its kind"),
            Self::NoSecret(label) => write!(f, "the key log has no {} of this connection", label.as_str()),
            Self::WrongKey => f.write_str("the record does not open with the keys of this connection"),
            Self::TooEarly => f.write_str("an encrypted record before any ServerHello"),
            Self::OldVersion => {
                f.write_str("the connection is older than TLS 1.3, and only that is decrypted")
            }
            Self::Suite(number) => write!(f, "the suite {} cannot be decrypted here", names::suite(*number)),
        }
    }
}
