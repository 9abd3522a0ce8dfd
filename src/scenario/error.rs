//! Why a scenario could not be played.

use std::io;
use std::net::SocketAddr;

use crate::admin::EditError;
use crate::ca::CaError;
use crate::explain::QuestionError;
use crate::identity::IdentityError;
use crate::lab::LabError;
use crate::mesh::Source;
use crate::reason::{Reason, Side};
use crate::resources::LoadErrors;
use crate::tls::TlsError;

/// Why a scenario could not be played: nothing is known then of what it expects.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Its documents say nothing that can be run.
    #[error("{0}")]
    Load(#[from] LoadErrors),
    /// Its mesh did not start, or has no such workload.
    #[error("{0}")]
    Lab(#[from] LabError),
    /// A step that the mesh does not take.
    #[error("{0}")]
    Edit(#[from] EditError),
    /// A certificate cannot be made.
    #[error("{0}")]
    Ca(#[from] CaError),
    /// A made certificate cannot be used.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// A certificate cannot be shown.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// A client names what is not there.
    #[error("client `{client}`: {source}")]
    Question {
        /// The client.
        client: String,
        /// What is wrong.
        #[source]
        source: QuestionError,
    },
    /// A client that is no workload.
    #[error("client `{client}`: expected a workload in `from`, found {found}")]
    Caller {
        /// The client.
        client: String,
        /// Who it would be.
        found: String,
    },
    /// A client that would go straight to a door that is not there.
    #[error("client `{client}`: expected a door of a workload of this mesh at {to}, found none")]
    NoDoor {
        /// The client.
        client: String,
        /// Where it would go.
        to: String,
    },
    /// A socket of the client's own cannot be had.
    #[error("client `{client}`: cannot make a socket to dial {to}: {source}")]
    Socket {
        /// The client.
        client: String,
        /// Where it would go.
        to: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A program that cannot be run.
    #[error("client `{client}`: cannot run {program}: {source}")]
    Program {
        /// The client.
        client: String,
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A fault of HBONE at a door that speaks something else.
    #[error("{at}: expected the door hbone for `{fault}`, which an HBONE server does, found another")]
    Fault {
        /// The fault.
        fault: String,
        /// Where it is written.
        at: Source,
    },
}

impl ScenarioError {
    /// Whether what was written is wrong, and not the machine that should run it.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Load(_)
            | Self::Question { .. }
            | Self::Caller { .. }
            | Self::NoDoor { .. }
            | Self::Fault { .. } => true,
            Self::Edit(error) => !matches!(error, EditError::System { .. }),
            Self::Lab(error) => {
                matches!(
                    error,
                    LabError::Load(_) | LabError::Mesh(_) | LabError::Name(_) | LabError::NoDoor { .. }
                )
            }
            Self::Ca(_) | Self::Identity(_) | Self::Tls(_) | Self::Socket { .. } | Self::Program { .. } => {
                false
            }
        }
    }
}

impl Reason for ScenarioError {
    fn code(&self) -> &'static str {
        match self {
            Self::Load(error) => error.code(),
            Self::Lab(_) => "scenario.lab",
            Self::Edit(error) => error.code(),
            Self::Ca(error) => error.code(),
            Self::Identity(error) => error.code(),
            Self::Tls(error) => error.code(),
            Self::Question { source, .. } => source.code(),
            Self::Caller { .. } => "scenario.caller",
            Self::NoDoor { .. } => "scenario.no_door",
            Self::Socket { .. } => "scenario.socket",
            Self::Program { .. } => "scenario.program",
            Self::Fault { .. } => "scenario.fault",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Question { source, .. } => source.hint(),
            Self::Edit(error) => error.hint(),
            Self::NoDoor { .. } => Some("leave `as` out to go through the client's own proxy".to_owned()),
            Self::Program { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("install it, or leave `command` out: the built-in client needs no program".to_owned())
            }
            Self::Load(_)
            | Self::Lab(_)
            | Self::Ca(_)
            | Self::Identity(_)
            | Self::Tls(_)
            | Self::Caller { .. }
            | Self::Socket { .. }
            | Self::Program { .. }
            | Self::Fault { .. } => None,
        }
    }
}
