//! What a CONNECT asks this workload for: its authority against the door's own address. Pure.
//!
//! Statuses and sentences are ztunnel's (reference/hbone.md 2.6 and 10.2).

use std::net::IpAddr;

use crate::hbone::Authority;
use crate::mesh::{Mesh, Workload};
use crate::proxy::ports;
use crate::reason::{Reason, Side};

/// Why a well-formed CONNECT leads nowhere.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// The address is not this workload's.
    #[error("ip mismatch: {own} != {asked}")]
    IpMismatch {
        /// The door's own address.
        own: IpAddr,
        /// The address in the authority.
        asked: IpAddr,
    },
    /// The host name is no service of this workload.
    #[error("no service or workload for hostname: {host}")]
    NoService {
        /// The host, escaped.
        host: String,
    },
    /// The service lacks that port.
    #[error("requested service {host}:{port} found, but cannot resolve port")]
    NoPort {
        /// The host, escaped.
        host: String,
        /// The service port.
        port: u16,
    },
    /// The port is one of the proxy's own.
    #[error("attempted recursive call to ourselves")]
    OwnPort {
        /// The port.
        port: u16,
    },
}

impl AuthorityError {
    /// 400 for a wrong address, 503 for the rest.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::IpMismatch { .. } => 400,
            Self::NoService { .. } | Self::NoPort { .. } | Self::OwnPort { .. } => 503,
        }
    }
}

impl Reason for AuthorityError {
    fn code(&self) -> &'static str {
        match self {
            Self::IpMismatch { .. } => "hbone.ip_mismatch",
            Self::NoService { .. } => "hbone.no_service",
            Self::NoPort { .. } => "hbone.no_service_port",
            Self::OwnPort { .. } => "hbone.own_port",
        }
    }

    fn side(&self) -> Side {
        Side::Downstream
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::IpMismatch { own, .. } => {
                format!("this door serves {own}; CONNECT to that, or dial the other workload")
            }
            Self::NoService { .. } | Self::NoPort { .. } => "glasstunnel config services".to_owned(),
            Self::OwnPort { .. } => "the proxy's own ports are never reachable through a tunnel".to_owned(),
        })
    }
}

/// The workload port that `authority` means at the door of `workload`.
///
/// Addresses are compared as addresses, never as text, so that no other spelling gets through.
pub(crate) fn port(mesh: &Mesh, workload: &Workload, authority: &Authority) -> Result<u16, AuthorityError> {
    let port = match authority {
        Authority::Address(asked) if workload.addresses.contains(&asked.ip()) => asked.port(),
        Authority::Address(asked) => {
            let own = workload.address(0).ip();
            return Err(AuthorityError::IpMismatch { own, asked: asked.ip() });
        }
        Authority::Host { host, port } => by_host(mesh, workload, host, *port)?,
    };
    if ports::is_own(port) { Err(AuthorityError::OwnPort { port }) } else { Ok(port) }
}

fn by_host(mesh: &Mesh, workload: &Workload, host: &str, port: u16) -> Result<u16, AuthorityError> {
    let escaped = || host.escape_debug().to_string();
    let service = mesh.resolve(host, &workload.name.namespace);
    let endpoints = service.map(|service| service.endpoints.as_slice()).unwrap_or_default();
    let own = endpoints.iter().find(|endpoint| endpoint.workload.name == workload.name);
    let own = own.ok_or_else(|| AuthorityError::NoService { host: escaped() })?;
    own.ports.get(&port).copied().ok_or_else(|| AuthorityError::NoPort { host: escaped(), port })
}
