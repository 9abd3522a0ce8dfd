//! [`Phase`]: a moment in the life of a connection, as the wire shows it.

use std::fmt;
use std::str::FromStr;

use crate::fault::error::FaultError;
use crate::fault::words::read_number;
use crate::mesh::nearest;

/// A moment in the life of a connection.
///
/// A phase that is named after bytes comes when they are about to be forwarded: what happens then happens in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The client has connected, nobody has been dialled for it.
    Accept,
    /// Both legs are connected, and no byte has passed.
    Connect,
    /// The client's first byte.
    FirstByte,
    /// The ClientHello.
    ClientHello,
    /// The ClientHello has passed whole, and nothing has answered it.
    AfterClientHello,
    /// The ServerHello; a HelloRetryRequest is none.
    ServerHello,
    /// The server's encrypted flight: EncryptedExtensions to Finished, with its certificate.
    Certificate,
    /// The client's encrypted flight: its certificate, if it was asked for one, to its Finished.
    ClientCertificate,
    /// The first that the client says after that; in HBONE, HTTP/2's preface.
    HandshakeDone,
    /// The CONNECT of an HBONE tunnel.
    ConnectRequest,
    /// The answer to it; without TLS, the server's first byte.
    Answer,
    /// The first bytes of an application after the answer, from either side; without TLS, the client's first byte.
    FirstData,
    /// So many bytes have gone to the client.
    After(u64),
}

/// All that have no number.
pub(crate) const NAMED: [(&str, Phase); 12] = [
    ("accept", Phase::Accept),
    ("connect", Phase::Connect),
    ("first-byte", Phase::FirstByte),
    ("client-hello", Phase::ClientHello),
    ("after-client-hello", Phase::AfterClientHello),
    ("server-hello", Phase::ServerHello),
    ("certificate", Phase::Certificate),
    ("client-certificate", Phase::ClientCertificate),
    ("handshake-done", Phase::HandshakeDone),
    ("connect-request", Phase::ConnectRequest),
    ("answer", Phase::Answer),
    ("first-data", Phase::FirstData),
];

impl Phase {
    /// All phases that have a name of their own, in the order in which a connection reaches them.
    pub fn named() -> impl Iterator<Item = Self> {
        NAMED.iter().map(|(_, phase)| *phase)
    }

    /// Whether it is a moment between bytes, with none of its own to be damaged or held back.
    pub fn is_between_bytes(self) -> bool {
        matches!(self, Self::Accept | Self::Connect | Self::AfterClientHello | Self::After(_))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(bytes) => write!(f, "after={bytes}"),
            named => f.write_str(NAMED.iter().find(|(_, phase)| phase == named).map_or("", |(name, _)| name)),
        }
    }
}

impl FromStr for Phase {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if let Some(bytes) = text.strip_prefix("after=") {
            return read_number("after", "a number of bytes", bytes).map(Self::After);
        }
        let named = NAMED.iter().find(|(name, _)| *name == text);
        named.map(|(_, phase)| *phase).ok_or_else(|| FaultError::Phase {
            found: text.to_owned(),
            meant: nearest(text, NAMED.iter().map(|(name, _)| *name)),
        })
    }
}
