//! The file of revocation lists (`--crl`): read before anything listens, then watched for as long as the mesh runs.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{MissedTickBehavior, interval};

use crate::app::certificates::Certificates;
use crate::app::error::StartError;
use crate::drain::Tasks;
use crate::identity::IdentityError;
use crate::proxy::Identities;
use crate::reason::Reason as _;
use crate::tls::Revocations;

/// How often the file is looked at. A change is taken over when two looks in a row find the same, so that a file is not
/// read while it is being written; ztunnel waits as long for a change to settle.
const LOOK: Duration = Duration::from_millis(500);

/// A file of revocation lists, and what it looked like when it was read last.
pub(in crate::app) struct CrlFile {
    path: PathBuf,
    taken: Stamp,
}

/// What changes when a file does: replacing it by a rename gives another inode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stamp(Option<(u64, u64, u64, Option<SystemTime>)>);

impl CrlFile {
    /// Reads the file; `None` for none.
    pub(in crate::app) fn read(path: Option<&Path>) -> Result<Option<(Self, Revocations)>, StartError> {
        let Some(path) = path else { return Ok(None) };
        let taken = stamp(path);
        let revocations = Revocations::read(path).map_err(|source| StartError::Crl { source })?;
        Ok(Some((Self { path: path.to_owned(), taken }, revocations)))
    }

    /// Takes over what changes in the file until the mesh stops. What cannot be read changes nothing, and is said.
    pub(in crate::app) fn watch(
        mut self,
        identities: &Identities,
        certificates: &Certificates,
        tasks: &Tasks,
    ) {
        let (identities, certificates) = (identities.clone(), certificates.clone());
        let draining = tasks.draining();
        tasks.spawn("revocation lists", async move {
            tokio::select! { () = self.keep(&identities, &certificates) => {}, () = draining => {} }
        });
    }

    async fn keep(&mut self, identities: &Identities, certificates: &Certificates) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = self.taken.clone();
        loop {
            looks.tick().await;
            let now = stamp(&self.path);
            if now == last && now != self.taken {
                self.taken = now.clone();
                match Revocations::read(&self.path) {
                    Ok(revocations) => put_in_force(revocations, identities, certificates),
                    Err(error) => refused(&self.path, &error),
                }
            }
            last = now;
        }
    }
}

/// Puts `revocations` in force, and says what they are and which of them cannot mean anybody here.
pub(in crate::app) fn put_in_force(
    revocations: Revocations,
    identities: &Identities,
    certificates: &Certificates,
) {
    for list in revocations.summaries() {
        tracing::info!(
            target: "glasstunnel::crl",
            issuer = list.issuer, number = list.number, revoked = list.revoked, this_update = %utc(list.this_update),
            "a revocation list is in force",
        );
        if let Some(next) = list.next_update.filter(|next| *next < SystemTime::now()) {
            tracing::warn!(
                target: "glasstunnel::crl", issuer = list.issuer, next_update = %utc(next),
                "the revocation list is stale: a newer one was promised by now; it stays in force, as in ztunnel",
            );
        }
    }
    for list in revocations.strangers(&certificates.signers()) {
        tracing::warn!(
            target: "glasstunnel::crl", issuer = list.issuer,
            "the revocation list revokes nobody here: expected the signature of a CA of this mesh, found another's; \
             compare its issuer and authority key identifier with the CA's certificate",
        );
    }
    identities.revoke(revocations);
    for (id, cause) in identities.revoked() {
        tracing::warn!(
            target: "glasstunnel::crl", %id, %cause,
            "our own certificate is revoked: everybody who has this list refuses it; issue a new one",
        );
    }
}

fn refused(path: &Path, error: &IdentityError) {
    tracing::error!(
        target: "glasstunnel::crl", file = %path.display(), %error, hint = error.hint(),
        "the revocation lists could not be read again: those read before stay in force; put a good file in its place",
    );
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok();
    Stamp(metadata.map(|found| (found.dev(), found.ino(), found.len(), found.modified().ok())))
}

fn utc(time: SystemTime) -> String {
    let format = &time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::from(time).format(format).unwrap_or_else(|_| "a time out of range".to_owned())
}
