//! The question that policy answers.

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::Name;

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
