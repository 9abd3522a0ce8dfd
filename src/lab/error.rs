//! Why a lab mesh could not be used.

use std::io;

use crate::app::StartError;
use crate::mesh::{MeshError, UnknownName};
use crate::resources::LoadErrors;
use crate::tls::TlsError;

/// Why a lab mesh did not start or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The YAML is wrong.
    #[error("{0}")]
    Load(#[from] LoadErrors),
    /// The documents disagree.
    #[error("{0}")]
    Mesh(#[from] MeshError),
    /// It could not start.
    #[error("{0}")]
    Start(#[from] StartError),
    /// A name that the mesh does not know.
    #[error("{0}")]
    Name(#[from] UnknownName),
    /// The workload has no such door.
    #[error("expected a {door} door of {workload}, found none")]
    NoDoor {
        /// The kind of door.
        door: &'static str,
        /// The workload.
        workload: String,
    },
    /// A certificate that cannot be shown.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// A socket of the lab itself failed.
    #[error("the lab's own socket failed: {0}")]
    Io(#[from] io::Error),
}
