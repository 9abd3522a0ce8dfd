//! What can go wrong in a tunnel: ztunnel's sentences, and who broke it.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, OnceLock};
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
    /// What answered the preface is not HTTP/2.
    #[error("http2 handshake failed: expected a SETTINGS frame, found {found:?}")]
    NotHttp2 {
        /// Its first words.
        found: String,
    },
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
    /// The peer allows no more streams, and none of those that are open ended in time.
    #[error("expected room for another stream within {after:?}, found a limit of {limit} streams")]
    NoRoom {
        /// How long it was waited for.
        after: Duration,
        /// What the peer's SETTINGS allow at once.
        limit: usize,
    },
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

    /// The error that a relay's end was told, if it is one of these.
    pub fn from_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Whether HTTP/2 itself never got going.
    pub fn is_handshake(&self) -> bool {
        matches!(self, Self::Handshake { .. } | Self::HandshakeTimeout | Self::NotHttp2 { .. })
    }

    /// Whether the peer provably did nothing for this CONNECT, so that it may be sent again.
    ///
    /// A stream that ends with the peer's GOAWAY was above its last stream id (RFC 9113 §6.8); REFUSED_STREAM says it
    /// in so many words (§8.7).
    pub fn never_processed(&self) -> bool {
        match self {
            Self::Gone => true,
            _ => self.is_goodbye() || self.is_refused_stream(),
        }
    }

    fn is_goodbye(&self) -> bool {
        matches!(self, Self::Broken { source } if source.is_remote() && source.is_go_away())
    }

    fn is_refused_stream(&self) -> bool {
        let refused = Some(H2Reason::REFUSED_STREAM);
        matches!(self, Self::Broken { source } if source.is_remote() && source.reason() == refused)
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
            Self::Broken { .. } if self.is_refused_stream() => {
                "the destination refused the stream before it did anything for it, and did so again"
                    .to_owned()
            }
            Self::Broken { source } if self.is_goodbye() => {
                format!("the destination ended the tunnel before it took the CONNECT: {source}")
            }
            Self::Broken { source } => {
                format!(
                    "expected an answer to the CONNECT, found that the stream or its tunnel broke: {source}"
                )
            }
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
            Self::NotHttp2 { .. } => "hbone.not_http2",
            Self::Broken { .. } if self.is_refused_stream() => "hbone.refused",
            Self::Broken { .. } if self.is_goodbye() => "hbone.goaway",
            Self::Broken { .. } => "hbone.broken",
            Self::Gone => "hbone.gone",
            Self::NoRoom { .. } => "hbone.no_room",
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
                // What h2 itself ended is a peer that broke the protocol.
                if !source.is_remote() && !source.is_io() && !source.is_library() =>
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
            Self::NotHttp2 { .. } => Some(
                "the server behind this TLS is no HBONE door; let it demand ALPN h2, or send the client elsewhere".to_owned(),
            ),
            Self::NoRoom { .. } => Some(
                "end streams that are open, or raise the peer's limit; a new tunnel has room at once".to_owned(),
            ),
            Self::AnswerTimeout { .. } => Some(
                "the destination took the CONNECT and is silent: look at its record, and whether its backend answers".to_owned(),
            ),
            Self::PingTimeout { .. } => Some(
                "the peer is frozen or gone, or the path to it: see whether its workload still runs".to_owned(),
            ),
            Self::Broken { .. } if self.is_refused_stream() => Some(
                "it is safe to try again; look at how many streams it allows".to_owned(),
            ),
            Self::Broken { .. } | Self::Gone => {
                Some("see whether the destination was restarted or drained; a new tunnel is dialled next time".to_owned())
            }
            Self::Handshake { .. } | Self::HandshakeTimeout => {
                Some("see what speaks there: glasstunnel trace".to_owned())
            }
            Self::TooManyResets { .. } => None,
        }
    }
}

/// Why a tunnel ended, if it was the proxy that ended it; clones share it.
pub(crate) type Lost = Arc<OnceLock<Duration>>;

/// A stream's error, unless its tunnel was ended because no PONG came within `lost`.
pub(crate) fn of_stream(lost: &Lost, error: h2::Error) -> io::Error {
    match lost.get() {
        Some(after) => io::Error::new(io::ErrorKind::TimedOut, HboneError::PingTimeout { after: *after }),
        None => to_io(error),
    }
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
