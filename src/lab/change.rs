//! Changing a mesh that runs: its documents, its certificates, who is revoked, and its end. Each change has happened when the
//! call returns: whoever comes next meets it, and every open connection was asked about it.

use std::time::Duration;

use crate::admin::{Edit, EditError, Manner};
use crate::drain::Drained;
use crate::identity::{IdentityError, SvidState};
use crate::lab::error::LabError;
use crate::lab::mesh::Lab;
use crate::tls::Revocations;

impl Lab {
    /// Applies or deletes documents.
    ///
    /// # Errors
    ///
    /// [`EditError`], and nothing has changed.
    pub async fn edit(&self, edit: Edit) -> Result<(), EditError> {
        self.running().editor().edit(edit, Manner::default())?;
        self.running().settled().await;
        Ok(())
    }

    /// Puts the revocation lists of `pem` in the place of all others.
    ///
    /// # Errors
    ///
    /// A text that is no list.
    pub async fn revoke(&self, pem: &str) -> Result<(), IdentityError> {
        self.running().revoke(Revocations::parse("the CA's revocation list", pem.as_bytes())?).await;
        Ok(())
    }

    /// Asks the CA for a new certificate for `workload` now, and waits for its answer. Whether it issued is in the
    /// [state](Lab::svid_source).
    ///
    /// # Errors
    ///
    /// An unknown name, or a workload outside the mesh.
    pub async fn renew(&self, workload: &str) -> Result<(), LabError> {
        self.svid_source(workload)?.renew().await;
        Ok(())
    }

    /// Asks the CA for new certificates for all those that a healthy mesh would have renewed by now, by the clocks of their
    /// workloads: of whose life half has passed, or which are not valid. `spared` says who is left out.
    pub async fn renew_due(&self, spared: impl Fn(&crate::identity::SpiffeId) -> bool) {
        for source in self.running().svid_sources() {
            let Some(clocks) = self.running().clocks(source.id()) else { continue };
            let now = clocks.renewing.now();
            let is_due = match &*source.state() {
                SvidState::Available(svid) => {
                    let life = svid.not_after.duration_since(svid.not_before).unwrap_or_default();
                    !svid.is_valid(now) || svid.valid_for(now).is_some_and(|left| left < life / 2)
                }
                SvidState::Initializing | SvidState::Unavailable(_) => false,
            };
            if is_due && !spared(source.id()) {
                source.renew().await;
            }
        }
    }

    /// Ends the data plane as a stop does, and keeps the records.
    pub async fn drain(&self, grace: Duration) -> Drained {
        self.running().drain(grace).await
    }
}
