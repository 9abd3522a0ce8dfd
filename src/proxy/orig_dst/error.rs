//! Why a request at the outbound door could not be understood.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::mesh::UnknownName;
use crate::reason::{Reason, Side};

/// A request at the outbound door that leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrigDstError {
    /// The program closed or reset the connection before it said where to go.
    #[error("the program closed the connection before it said where to go")]
    Closed(#[source] io::Error),
    /// It never finished its request.
    #[error("expected a SOCKS5 or CONNECT request within {after:?}, and it is still incomplete")]
    Timeout {
        /// How long it had.
        after: Duration,
    },
    /// The kernel does not say where a redirected connection was meant to go.
    #[error("expected the kernel to know where the connection was meant to go, found {0}")]
    Unknowable(#[source] io::Error),
    /// It would have led back into this process; the sentence is ztunnel's.
    #[error("attempted recursive call to ourselves")]
    SelfCall {
        /// Where it was meant to go.
        to: SocketAddr,
    },
    /// It speaks something else.
    #[error("expected SOCKS5 (first byte 05) or an HTTP CONNECT, found {found}")]
    Protocol {
        /// The first bytes, escaped.
        found: String,
    },
    /// It is longer than any honest request.
    #[error("expected a CONNECT head of at most {limit} bytes, found more")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// It asks for something that only a real SOCKS server does.
    #[error("expected the SOCKS5 command CONNECT (1), found {found}")]
    Command {
        /// The command byte.
        found: u8,
    },
    /// The address type or the host name is not one.
    #[error("expected a host and a port to go to, found {found}")]
    Target {
        /// What was there, escaped.
        found: String,
    },
    /// The shared door needs the workload's name, and none was given.
    #[error("expected the source workload as the user name, found none")]
    NoWorkload,
    /// The name given is no workload.
    #[error("{0}")]
    Unknown(#[source] UnknownName),
    /// The host name means nothing in this mesh.
    #[error("no service is called `{host}` for workloads in namespace {namespace}")]
    Host {
        /// The host name, escaped.
        host: String,
        /// From where it was looked up.
        namespace: String,
        /// The nearest service.
        nearest: Option<String>,
    },
}

impl Reason for OrigDstError {
    fn code(&self) -> &'static str {
        match self {
            Self::Closed(_) => "orig_dst.closed",
            Self::Timeout { .. } => "orig_dst.timeout",
            Self::SelfCall { .. } => "orig_dst.self_call",
            Self::Unknowable(_) => "orig_dst.unknowable",
            Self::Protocol { .. } => "orig_dst.protocol",
            Self::TooLong { .. } => "orig_dst.too_long",
            Self::Command { .. } => "orig_dst.command",
            Self::Target { .. } => "orig_dst.target",
            Self::NoWorkload => "orig_dst.no_workload",
            Self::Unknown(_) => "orig_dst.unknown_workload",
            Self::Host { .. } => "orig_dst.unknown_host",
        }
    }

    fn side(&self) -> Side {
        Side::Downstream
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Protocol { .. } => {
                Some("glasstunnel exec WORKLOAD -- CMD sets a program's proxy up".to_owned())
            }
            Self::NoWorkload => Some(
                "socks5h://WORKLOAD.NAMESPACE@HOST:15080, or that workload's own outbound door".to_owned(),
            ),
            Self::Unknown(unknown) => unknown.hint(),
            Self::Host { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::Host { nearest: None, .. } => {
                Some("glasstunnel config services lists the names".to_owned())
            }
            _ => None,
        }
    }
}
