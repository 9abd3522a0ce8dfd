//! A connection as it arrives at the workload that is asked for.

use std::sync::Arc;

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::Workload;
use crate::policy::{CheckRequest, First};
use crate::telemetry::Wire;

/// What comes to which door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A tunnel to 15008, and the CONNECT in it.
    Hbone,
    /// Bytes to the workload's own port.
    Captured(First),
    /// Something that is no mutual TLS, sent to 15008.
    WrongDoor(First),
    /// The workload is not in the mesh: nobody stands before its application.
    Uncaptured(First),
}

/// One connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// From where, in the mesh's terms.
    pub source_addr: MeshAddr,
    /// The identity that the client shows when it is asked for a certificate.
    pub shown: Option<SpiffeId>,
    /// To which workload.
    pub destination: Arc<Workload>,
    /// To which of its ports.
    pub port: u16,
    /// How it arrives.
    pub arrival: Arrival,
    /// Whether the caller's proxy speaks TLS to the application, as a DestinationRule says: inside of a tunnel nobody on
    /// the way sees it.
    pub originates: bool,
}

impl Connection {
    /// The wire, in the words of records.
    pub fn wire(&self) -> Wire {
        match &self.arrival {
            Arrival::Hbone => Wire::Hbone,
            Arrival::Captured(first) | Arrival::WrongDoor(first) | Arrival::Uncaptured(first) => {
                match first {
                    First::Raw => Wire::Raw,
                    First::MeshTls => Wire::Mtls,
                    First::AppTls => Wire::Tls,
                }
            }
        }
    }

    /// The question that policy answers, once `source` has been verified.
    pub(in crate::explain) fn request<'a>(&'a self, source: Option<&'a SpiffeId>) -> CheckRequest<'a> {
        CheckRequest { source, source_addr: self.source_addr, workload: &self.destination, port: self.port }
    }
}
