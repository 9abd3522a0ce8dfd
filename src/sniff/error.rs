//! [`SniffError`]: why no verdict was reached.

use std::io;

use crate::reason::{Reason, Side};

/// Why sniffing ended without a verdict. Silence is none of these: it is [`Protocol::Silent`].
///
/// [`Protocol::Silent`]: crate::sniff::Protocol::Silent
#[derive(Debug, thiserror::Error)]
pub enum SniffError {
    /// The client closed its side before it sent a byte, as port scans and health checks do.
    #[error("expected the client's first bytes, found a closed connection")]
    Closed,
    /// The client closed its side in the middle of a ClientHello.
    #[error("expected a whole ClientHello, found a closed connection after {received} bytes of it")]
    Truncated {
        /// How many bytes had come.
        received: usize,
    },
    /// The client had not finished its ClientHello by the deadline.
    #[error("expected a whole ClientHello by the deadline, found {received} bytes of it")]
    Timeout {
        /// How many bytes had come.
        received: usize,
    },
    /// The ClientHello and its record headers take more bytes than the cap allows.
    #[error("expected a ClientHello within {cap} bytes, found it unfinished after {received}")]
    OverCap {
        /// The cap, in bytes on the wire.
        cap: usize,
        /// How many bytes had come.
        received: usize,
    },
    /// The connection was reset.
    #[error("expected the client's first bytes, found a reset after {received} bytes")]
    Reset {
        /// How many bytes had come.
        received: usize,
        /// What the system says.
        source: io::Error,
    },
    /// The connection could not be read.
    #[error(
        "expected the client's first bytes, found a connection that cannot be read after {received} bytes"
    )]
    Read {
        /// How many bytes had come.
        received: usize,
        /// What the system says.
        source: io::Error,
    },
}

impl SniffError {
    /// A read error by its kind.
    pub(crate) fn read(received: usize, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::ConnectionReset => Self::Reset { received, source },
            _ => Self::Read { received, source },
        }
    }
}

impl Reason for SniffError {
    fn code(&self) -> &'static str {
        match self {
            Self::Closed => "sniff.closed",
            Self::Truncated { .. } => "sniff.truncated",
            Self::Timeout { .. } => "sniff.timeout",
            Self::OverCap { .. } => "sniff.over_cap",
            Self::Reset { .. } => "sniff.reset",
            Self::Read { .. } => "sniff.read",
        }
    }

    fn side(&self) -> Side {
        match self {
            Self::Read { .. } => Side::Us,
            _ => Side::Downstream,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Closed => {
                "a port scan or a TCP health check looks like this; nothing is wrong with the proxy"
            }
            Self::Truncated { .. } => {
                "look at the client's own log: it gave up in the middle of its first message"
            }
            Self::Timeout { .. } => {
                "large hellos (post-quantum key shares) get lost where packets over the path's MTU are dropped; \
                 compare with a small one: `curl --curves X25519`"
            }
            Self::OverCap { .. } => {
                "find out what makes the client's hello so large: session tickets, extensions, tiny records"
            }
            Self::Reset { .. } => "the client aborted; look at its own log and timeout",
            Self::Read { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
