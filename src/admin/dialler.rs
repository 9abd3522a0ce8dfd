//! Connections that are made because somebody wants to see one, as the API asks for them; `app` makes them.

use std::io;
use std::net::SocketAddr;

use crate::explain::{Manner, Question};
use crate::reason::{Reason, Side};

/// A connection that somebody wants to see.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who calls whom, and how.
    pub question: Question,
    /// What is dialled, as it was typed: a program would say that name.
    pub host: String,
    /// Whether a tunnel that is there already will not do.
    pub fresh_tunnel: bool,
}

/// Why a connection cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// Nobody in this mesh is that.
    #[error("expected a workload that calls, found {found}: only a workload has a place to call from")]
    Caller {
        /// Who was asked for.
        found: String,
    },
    /// Straight to a workload's door, past its caller's proxy, there must be a workload with one.
    #[error("expected a workload's address to call as {manner}, found {found}, which is no workload's")]
    Callee {
        /// How.
        manner: Manner,
        /// What was dialled.
        found: String,
    },
    /// There is no door that the caller's programs go out by.
    #[error("expected an outbound door of {workload}, found none")]
    NoDoor {
        /// Whose.
        workload: String,
    },
    /// The machine refuses a socket.
    #[error("cannot make a socket to {to}")]
    Socket {
        /// Where it was to go.
        to: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Reason for WishError {
    fn code(&self) -> &'static str {
        match self {
            Self::Caller { .. } => "trace.caller",
            Self::Callee { .. } => "trace.callee",
            Self::NoDoor { .. } => "trace.no_door",
            Self::Socket { .. } => "trace.socket",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Caller { .. } => "glasstunnel config workloads lists them".to_owned(),
            Self::Callee { .. } => "leave --as out, and the caller's proxy finds the way".to_owned(),
            Self::NoDoor { .. } => "call from another workload: glasstunnel config workloads".to_owned(),
            Self::Socket { .. } => "glasstunnel up says where it listens".to_owned(),
        })
    }
}

/// Who makes connections as the workloads' programs would.
pub trait Dialler: Send + Sync {
    /// Begins the connection, and returns the address that it comes from: by that its record will be known.
    ///
    /// # Errors
    ///
    /// [`WishError`], and no connection was made.
    fn dial(&self, wish: Wish) -> Result<SocketAddr, WishError>;
}
