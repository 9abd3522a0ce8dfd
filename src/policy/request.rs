//! The question that policy answers.

use std::fmt;

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::Name;

/// The door of a workload that a connection came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// The workload's own address and port, or 15006: bytes as the client sent them.
    Captured,
    /// 15008: HTTP/2 CONNECT in mutual TLS.
    Hbone,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Captured => "captured",
            Self::Hbone => "hbone",
        })
    }
}

/// Who wants to reach which port of which workload.
#[derive(Clone, Copy, Debug)]
pub struct CheckRequest<'a> {
    /// The verified identity of the peer; `None` for plaintext.
    pub source: Option<&'a SpiffeId>,
    /// The peer's address, as the mesh sees it.
    pub source_addr: MeshAddr,
    /// The workload that is asked for.
    pub workload: &'a Name,
    /// The workload port, never 15008 and never a service port.
    pub port: u16,
}
