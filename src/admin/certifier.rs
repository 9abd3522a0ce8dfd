//! Certificates for somebody outside of the mesh, as the API asks for them; `app` knows who signs.

use std::path::PathBuf;
use std::time::Duration;

use crate::ca::CaError;
use crate::identity::{CertificateDer, SigningRequest, SpiffeId, TrustBundle};
use crate::reason::{Reason, Side};

/// What somebody outside wants to be.
#[derive(Clone, Debug)]
pub struct CertificateWish {
    /// Who.
    pub id: SpiffeId,
    /// With which key.
    pub request: SigningRequest,
    /// For how long.
    pub life: Duration,
    /// Even if the CA is a plugged-in one.
    pub force: bool,
}

/// What they get.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The leaf first, then what signed it.
    pub chain: Vec<CertificateDer>,
    /// Whom its peers trust.
    pub bundle: TrustBundle,
}

/// Why they get nothing.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// The CA is somebody's own.
    #[error(
        "expected a CA of the mesh's own, found one that was plugged in from {}: what it signs may be let in elsewhere, too",
        cert.display()
    )]
    Plugged {
        /// The file of its certificate.
        cert: PathBuf,
    },
    /// The program that runs the mesh has an issuer of its own.
    #[error("expected a CA that signs requests, found the program's own issuer")]
    NoCa,
    /// The workload is not in the mesh.
    #[error("expected a workload of the mesh, found {workload}, which has no certificate")]
    NotInMesh {
        /// Its name.
        workload: String,
    },
    /// The CA does not sign.
    #[error(transparent)]
    Ca(#[from] CaError),
}

impl Reason for CertifyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Plugged { .. } => "admin.plugged_ca",
            Self::NoCa => "admin.no_ca",
            Self::NotInMesh { .. } => "admin.not_in_mesh",
            Self::Ca(error) => error.code(),
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Plugged { .. } => {
                Some("--force, if that is meant; or glasstunnel up without --ca-cert".to_owned())
            }
            Self::NoCa => None,
            Self::NotInMesh { .. } => Some("glasstunnel certs list has those that have one".to_owned()),
            Self::Ca(error) => error.hint(),
        }
    }
}

/// Who signs for a running mesh.
pub trait Certifier: Send + Sync {
    /// Signs what is wished for. No key comes, and none goes.
    ///
    /// # Errors
    ///
    /// [`CertifyError`].
    fn certify(&self, wish: &CertificateWish) -> Result<Certified, CertifyError>;
}
