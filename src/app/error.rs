//! Why a mesh could not start. Nothing is left running then.

use std::io;
use std::net::SocketAddr;

use crate::admin::{ContextError, ServeError};
use crate::app::port_holder::Holder;
use crate::ca::CaError;
use crate::identity::IdentityError;
use crate::netns::NetnsError;
use crate::reason::{Reason, Side};
use crate::tls::TlsError;

/// Why `up` did not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("cannot listen on {addr} ({door}): the port is in use{}", held(.holder))]
    PortInUse {
        /// Where.
        addr: SocketAddr,
        /// What for.
        door: String,
        /// Who has it, as far as this user may know.
        holder: Option<Holder>,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The system refuses a listener for another reason.
    #[error("cannot listen on {addr} ({door}): {source}")]
    Bind {
        /// Where.
        addr: SocketAddr,
        /// What for.
        door: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Every block of loopback addresses is taken.
    #[error("expected a free block among 127.{first}.0.0/16 to 127.{last}.0.0/16, found {found} taken")]
    NoBlock {
        /// The first block tried.
        first: u8,
        /// The last block tried.
        last: u8,
        /// How many were tried.
        found: usize,
        /// What the last attempt said.
        #[source]
        source: io::Error,
    },
    /// A mesh on loopback has more workloads than there are addresses.
    #[error(
        "expected at most {limit} workloads, as many as a mesh on loopback has addresses for, found {found}"
    )]
    TooManyWorkloads {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A pod's network cannot be made.
    #[error(transparent)]
    Pods(#[from] NetnsError),
    /// The CA cannot be set up.
    #[error("{0}")]
    Ca(#[from] CaError),
    /// The admin API cannot listen.
    #[error("{0}")]
    Admin(#[from] ServeError),
    /// The mesh cannot take its name.
    #[error("{0}")]
    Context(#[from] ContextError),
    /// A certificate cannot be used.
    #[error("the certificate of {id} cannot be used: {source}")]
    Tls {
        /// Whose.
        id: String,
        /// Why.
        #[source]
        source: TlsError,
    },
    /// The revocation lists cannot be read. Starting without them would let the revoked in.
    #[error("the revocation lists cannot be read: {source}")]
    Crl {
        /// Which file, what was expected of it, and what was found.
        #[source]
        source: IdentityError,
    },
    /// A thread or a runtime cannot be made.
    #[error("the system refuses a thread or a runtime: {0}")]
    System(#[source] io::Error),
}

fn held(holder: &Option<Holder>) -> String {
    holder.as_ref().map(|holder| format!(" by {} (pid {})", holder.command, holder.pid)).unwrap_or_default()
}

impl Reason for StartError {
    fn code(&self) -> &'static str {
        match self {
            Self::PortInUse { .. } => "start.port_in_use",
            Self::Bind { .. } => "start.bind",
            Self::NoBlock { .. } => "start.no_block",
            Self::TooManyWorkloads { .. } => "start.too_many_workloads",
            Self::Pods(error) => error.code(),
            Self::Ca(_) => "start.ca",
            Self::Admin(error) => error.code(),
            Self::Context(error) => error.code(),
            Self::Tls { .. } => "start.tls",
            Self::Crl { .. } => "start.crl",
            Self::System(_) => "start.system",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::PortInUse { holder: Some(holder), .. } => {
                format!("stop it (kill {}), or change the port", holder.pid)
            }
            Self::PortInUse { holder: None, .. } => "it belongs to another user; change the port".to_owned(),
            Self::Bind { source, .. } if source.raw_os_error() == Some(24) => {
                "raise the limit of open files: ulimit -n 65536".to_owned()
            }
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "--mark, --capture tproxy and --original-source need CAP_NET_ADMIN: run it as root, or leave them out".to_owned()
            }
            Self::Bind { .. } => {
                "each workload needs an address of its own in 127.0.0.0/8, which Linux has".to_owned()
            }
            Self::TooManyWorkloads { .. } => {
                "split the mesh over several `up` processes, or give each workload a network of its own: --netns, or proxy".to_owned()
            }
            Self::NoBlock { .. } => "stop a mesh that is no longer needed".to_owned(),
            Self::Pods(error) => return error.hint(),
            Self::Ca(error) => return error.hint(),
            Self::Admin(error) => return error.hint(),
            Self::Context(error) => return error.hint(),
            Self::Tls { source, .. } => return source.hint(),
            Self::Crl { source } => return source.hint(),
            Self::System(_) => "look at ulimit -u".to_owned(),
        })
    }
}
