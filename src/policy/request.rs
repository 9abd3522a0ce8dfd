//! The question that policy answers.

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::Workload;
use crate::policy::matching::Seen;

/// Who wants to reach which port of which workload.
#[derive(Clone, Copy, Debug)]
pub struct CheckRequest<'a> {
    /// The verified identity of the peer; `None` for plaintext.
    pub source: Option<&'a SpiffeId>,
    /// The peer's address, as the mesh sees it.
    pub source_addr: MeshAddr,
    /// The workload that is asked for.
    pub workload: &'a Workload,
    /// The workload port, never 15008 and never a service port.
    pub port: u16,
}

impl<'a> CheckRequest<'a> {
    /// What rules are compared with. The destination is the workload's own address, never a service's.
    pub fn seen(&self) -> Seen<'a> {
        Seen {
            source: self.source,
            source_ip: self.source_addr.ip(),
            destination_ip: self.workload.address(self.port).ip(),
            port: self.port,
        }
    }
}
