//! [`HelloFlaw`]: why bytes that start like TLS are no ClientHello.

use std::fmt;

use crate::sniff::limits::{MAX_HELLO, MAX_RECORD};

/// The first rule that the bytes broke.
///
/// One byte (0x16) is not enough to call something TLS: binary protocols start with it too, MQTT and NATS among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelloFlaw {
    /// A record in the middle of the hello is not of type handshake (RFC 8446 §5.1 forbids interleaving).
    RecordType {
        /// The type that was found.
        found: u8,
    },
    /// The record version is not 3.0 to 3.4.
    RecordVersion {
        /// The first byte; 3 in every TLS.
        major: u8,
        /// The second byte, if the first was right.
        minor: Option<u8>,
    },
    /// The record is empty or longer than a plaintext record may be (RFC 8446 §5.1).
    RecordLength {
        /// The length in its header, in bytes.
        found: u16,
    },
    /// The first handshake message is not a ClientHello (RFC 8446 §4).
    MessageType {
        /// The type that was found; 1 is a ClientHello.
        found: u8,
    },
    /// The message claims to be longer than we read.
    TooLong {
        /// The claimed length, in bytes.
        claimed: usize,
    },
    /// A field of the ClientHello does not fit its structure.
    Malformed {
        /// The field as RFC 8446 names it.
        field: &'static str,
    },
}

impl fmt::Display for HelloFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordType { found } => write!(f, "expected record type 16, found {found:02x}"),
            Self::RecordVersion { major, minor: None } => {
                write!(f, "expected record version 03 00 to 03 04, found {major:02x}")
            }
            Self::RecordVersion { major, minor: Some(minor) } => {
                write!(f, "expected record version 03 00 to 03 04, found {major:02x} {minor:02x}")
            }
            Self::RecordLength { found } => {
                write!(f, "expected a record of 1 to {MAX_RECORD} bytes, found length {found}")
            }
            Self::MessageType { found } => {
                write!(f, "expected handshake message 1 (ClientHello), found {found}")
            }
            Self::TooLong { claimed } => {
                write!(f, "expected a ClientHello of at most {MAX_HELLO} bytes, found length {claimed}")
            }
            Self::Malformed { field } => {
                write!(f, "the {field} of the ClientHello does not fit its structure")
            }
        }
    }
}
