//! What can go wrong in a tunnel: ztunnel's sentences, and who broke it.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use h2::Reason as H2Reason;
use http::StatusCode;

use crate::reason::{Reason, Side};

/// Why a tunnel or a stream in it failed.
#[derive(Debug, thiserror::Error)]
pub enum HboneError {
    /// A request that is no CONNECT.
    #[error("expected method CONNECT, got {found}")]
    Method {
        /// The method, escaped.
        found: String,
    },
    /// A CONNECT without authority.
    #[error("no valid authority pseudo header: expected HOST:PORT, found none")]
    NoAuthority,
    /// A CONNECT whose authority is not `HOST:PORT`.
    #[error("invalid CONNECT address {found}: {why}")]
    Authority {
        /// The authority, escaped.
        found: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The peer answered, and not with 200.
    #[error("http status: {status}")]
    Status {
        /// The answer.
        status: StatusCode,
    },
    /// HTTP/2 never got going.
    #[error("http2 handshake failed: {source}")]
    Handshake {
        /// What h2 says.
        #[source]
        source: h2::Error,
    },
    /// HTTP/2 did not get going in time.
    #[error("http2 handshake failed: deadline has elapsed")]
    HandshakeTimeout,
    /// The connection or the stream broke.
    #[error("h2 failed: {source}")]
    Broken {
        /// What h2 says.
        #[source]
        source: h2::Error,
    },
    /// The tunnel closed before this CONNECT was sent.
    #[error("h2 failed: the tunnel closed before the CONNECT was sent")]
    Gone,
    /// No answer to the CONNECT in time.
    #[error("expected an answer to the CONNECT within {after:?}, found none")]
    AnswerTimeout {
        /// How long it was waited for.
        after: Duration,
    },
    /// The peer no longer answers PING.
    #[error("HBONE ping timeout: expected a PONG within {after:?}, found none")]
    PingTimeout {
        /// How long it was waited for.
        after: Duration,
    },
    /// The peer resets streams faster than honest peers do.
    #[error("expected at most {limit} streams reset within {window:?}, found more: closing the tunnel")]
    TooManyResets {
        /// The budget.
        limit: u32,
        /// Over how long.
        window: Duration,
    },
}

impl HboneError {
    /// The IO error inside, where a late TLS alert may hide.
    pub fn io(&self) -> Option<&io::Error> {
        let (Self::Handshake { source } | Self::Broken { source }) = self else { return None };
        source.get_io().or_else(|| source.source()?.downcast_ref())
    }

    /// Whether HTTP/2 itself never got going.
    pub fn is_handshake(&self) -> bool {
        matches!(self, Self::Handshake { .. } | Self::HandshakeTimeout)
    }

    /// Whether the peer provably did nothing for this CONNECT, so that it may be sent again.
    ///
    /// A stream that ends with the peer's GOAWAY was above its last stream id (RFC 9113 §6.8); REFUSED_STREAM says it
    /// in so many words (§8.7).
    pub fn never_processed(&self) -> bool {
        match self {
            Self::Gone => true,
            Self::Broken { source } => {
                source.is_remote()
                    && (source.is_go_away() || source.reason() == Some(H2Reason::REFUSED_STREAM))
            }
            _ => false,
        }
    }

    /// The plain sentence for people.
    pub fn plain(&self) -> String {
        match self {
            Self::Status { status } => match status.as_u16() {
                401 | 403 => "the destination's policy refused (its own record says which)".to_owned(),
                400 => "the destination does not serve this address".to_owned(),
                503 => "the destination could not reach its backend".to_owned(),
                _ => format!("the destination answered {status}"),
            },
            other => other.to_string(),
        }
    }
}

impl Reason for HboneError {
    fn code(&self) -> &'static str {
        match self {
            Self::Method { .. } => "hbone.method",
            Self::NoAuthority => "hbone.no_authority",
            Self::Authority { .. } => "hbone.authority",
            Self::Status { .. } => "hbone.status",
            Self::Handshake { .. } => "hbone.handshake",
            Self::HandshakeTimeout => "hbone.handshake_timeout",
            Self::Broken { .. } => "hbone.broken",
            Self::Gone => "hbone.gone",
            Self::AnswerTimeout { .. } => "hbone.answer_timeout",
            Self::PingTimeout { .. } => "hbone.ping_timeout",
            Self::TooManyResets { .. } => "hbone.too_many_resets",
        }
    }

    fn side(&self) -> Side {
        match self {
            Self::Method { .. } | Self::NoAuthority | Self::Authority { .. } | Self::TooManyResets { .. } => {
                Side::Downstream
            }
            Self::Handshake { source } | Self::Broken { source }
                if !source.is_remote() && !source.is_io() =>
            {
                Side::Us
            }
            _ => Side::Upstream,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Status { .. } => Some("look at the destination's record: glasstunnel explain".to_owned()),
            Self::Method { .. } => Some("port 15008 takes HTTP/2 CONNECT only".to_owned()),
            Self::NoAuthority | Self::Authority { .. } => Some(
                "the authority is the workload's address and workload port, as in 10.244.1.7:3000".to_owned(),
            ),
            _ => None,
        }
    }
}

/// What a peer wrote, escaped and cut: its header may be 64 KiB long, and no sentence should be.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 128;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// A tunnel stream's error as the relay understands it: whatever broke a stream is a reset, never a clean end.
pub(crate) fn to_io(error: h2::Error) -> io::Error {
    match error.get_io().map(io::Error::kind) {
        Some(kind @ io::ErrorKind::UnexpectedEof) => io::Error::new(kind, TunnelGone(error)),
        Some(kind) if kind != io::ErrorKind::Other => io::Error::new(kind, error),
        _ => io::Error::new(io::ErrorKind::ConnectionReset, error),
    }
}

/// The connection under a stream ended, as that of a ztunnel whose grace is over, or that was killed. What TLS says about it
/// is for those who write TLS.
#[derive(Debug, thiserror::Error)]
#[error("expected the end of the stream, found that of the tunnel it is in")]
struct TunnelGone(#[source] h2::Error);

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, ReadBuf, join, sink};

    use super::*;

    /// What TLS reads whose peer ended TCP without ending TLS.
    struct Truncated;

    impl AsyncRead for Truncated {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no close_notify")))
        }
    }

    #[tokio::test]
    async fn a_truncated_tunnel_is_told_in_the_words_of_tunnels() {
        let (_send, connection) = h2::client::handshake(join(Truncated, sink())).await.unwrap();
        let error = to_io(connection.await.unwrap_err());
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "expected the end of the stream, found that of the tunnel it is in");
    }
}
