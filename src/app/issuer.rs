//! Who issues the mesh's certificates, made from the options.

use std::sync::Arc;

use crate::app::options::{CaAt, Options};
use crate::ca::{Authority, AuthorityOptions, CaError, CaFiles, KeptAuthority};
use crate::identity::Issuer;

/// The issuer that `options` ask for. One that cannot be set up is an error; one that is there and does not issue (it has
/// expired, say) is not: the mesh starts without certificates, and each identity tells why it has none.
pub(crate) fn issuer(options: &Options) -> Result<Arc<dyn Issuer>, CaError> {
    let authority = AuthorityOptions {
        trust_domain: options.snapshot.mesh.settings().trust_domain.clone(),
        ttl: options.certificate_ttl,
        intermediate: options.intermediate,
        ..AuthorityOptions::default()
    };
    Ok(match &options.ca {
        CaAt::Memory => Arc::new(Authority::generate(&authority)?),
        CaAt::Dir(folder) => Arc::new(KeptAuthority::in_folder(folder.clone(), &authority)?),
        CaAt::Files(files) => {
            warn_of_open_key(files);
            Arc::new(KeptAuthority::in_files(files.clone(), &authority)?)
        }
        CaAt::Custom(issuer) => Arc::clone(issuer),
    })
}

fn warn_of_open_key(files: &CaFiles) {
    if let Some(mode) = files.open_key() {
        tracing::warn!(
            target: "glasstunnel::app", key = %files.key.display(), mode = format!("{mode:04o}"),
            "the CA's key is open to others: chmod 600 closes it",
        );
    }
}
