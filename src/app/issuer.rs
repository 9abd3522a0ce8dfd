//! Who issues the mesh's certificates, made from the options, and who signs for others.

use std::path::PathBuf;
use std::sync::Arc;

use crate::admin::{CertificateWish, Certified, Certifier, CertifyError};
use crate::app::options::{CaAt, Options};
use crate::ca::{Authority, AuthorityOptions, CaError, CaFiles, KeptAuthority};
use crate::identity::{Issuer, TrustBundle};

/// The CA of a running mesh.
pub(crate) struct MeshCa {
    /// Who issues to workloads.
    pub(crate) issuer: Arc<dyn Issuer>,
    /// Who signs for others.
    pub(crate) certifier: Arc<dyn Certifier>,
}

/// Who signs, and whether that is ours alone.
struct Signer {
    by: By,
    plugged: Option<PathBuf>,
}

enum By {
    Authority(Arc<Authority>),
    Kept(Arc<KeptAuthority>),
    Nobody,
}

impl MeshCa {
    /// The CA that `options` ask for. One that cannot be set up is an error; one that is there and does not issue (it has
    /// expired, say) is not: the mesh starts without certificates, and each identity tells why it has none.
    pub(crate) fn of(options: &Options) -> Result<Self, CaError> {
        let authority = AuthorityOptions {
            trust_domain: options.snapshot.mesh.settings().trust_domain.clone(),
            ttl: options.certificate_ttl,
            intermediate: options.intermediate,
            ..AuthorityOptions::default()
        };
        Ok(match &options.ca {
            CaAt::Memory => {
                let authority = Arc::new(Authority::generate(&authority)?);
                Self::new(Arc::clone(&authority) as _, By::Authority(authority), None)
            }
            CaAt::Dir(folder) => Self::kept(KeptAuthority::in_folder(folder.clone(), &authority)?, None),
            CaAt::Files(files) => {
                warn_of_open_key(files);
                Self::kept(KeptAuthority::in_files(files.clone(), &authority)?, Some(files.cert.clone()))
            }
            CaAt::Authority(authority) => {
                Self::new(Arc::clone(authority) as _, By::Authority(Arc::clone(authority)), None)
            }
            CaAt::Custom(issuer) => Self::new(Arc::clone(issuer), By::Nobody, None),
        })
    }

    fn kept(kept: KeptAuthority, plugged: Option<PathBuf>) -> Self {
        let kept = Arc::new(kept);
        Self::new(Arc::clone(&kept) as _, By::Kept(kept), plugged)
    }

    fn new(issuer: Arc<dyn Issuer>, by: By, plugged: Option<PathBuf>) -> Self {
        Self { issuer, certifier: Arc::new(Signer { by, plugged }) }
    }
}

impl Certifier for Signer {
    fn certify(&self, wish: &CertificateWish) -> Result<Certified, CertifyError> {
        if let (Some(cert), false) = (&self.plugged, wish.force) {
            return Err(CertifyError::Plugged { cert: cert.clone() });
        }
        let authority = match &self.by {
            By::Authority(authority) => Arc::clone(authority),
            By::Kept(kept) => kept.current()?,
            By::Nobody => return Err(CertifyError::NoCa),
        };
        let chain = authority.sign(&wish.request, &wish.id, wish.life)?;
        tracing::info!(
            target: "glasstunnel::identity", id = %wish.id, life = ?wish.life,
            "signed a certificate for a key outside of the mesh",
        );
        Ok(Certified { chain, bundle: TrustBundle::clone(&authority.bundle()) })
    }
}

fn warn_of_open_key(files: &CaFiles) {
    if let Some(mode) = files.open_key() {
        tracing::warn!(
            target: "glasstunnel::app", key = %files.key.display(), mode = format!("{mode:04o}"),
            "the CA's key is open to others: chmod 600 closes it",
        );
    }
}
