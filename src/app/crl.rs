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
struct CrlFile {
    path: PathBuf,
    taken: Stamp,
    last: Stamp,
    /// Why it could not be read just now.
    unread: Option<String>,
}

/// What changes when a file does: replacing it by a rename gives another inode, and whatever else is done to it, permission
/// to read it among that, another time of change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stamp(Option<(u64, u64, u64, (i64, i64))>);

/// Reads the file, if there is to be one, puts its lists in force, and takes over its changes until the mesh stops.
///
/// Called before the first door listens: a mesh that cannot read its lists does not start.
pub(in crate::app) fn enforce(
    path: Option<&Path>,
    (identities, certificates): (&Identities, &Certificates),
    tasks: &Tasks,
) -> Result<(), StartError> {
    let Some(path) = path else { return Ok(()) };
    let (file, revocations) = CrlFile::read(path).map_err(|source| StartError::Crl { source })?;
    put_in_force(revocations, identities, certificates);
    file.watch(identities, certificates, tasks);
    Ok(())
}

impl CrlFile {
    fn read(path: &Path) -> Result<(Self, Revocations), IdentityError> {
        let taken = stamp(path);
        let revocations = Revocations::read(path)?;
        Ok((Self { path: path.to_owned(), last: taken.clone(), taken, unread: None }, revocations))
    }

    /// Takes over what changes in the file until the mesh stops. What cannot be read changes nothing, and is said.
    fn watch(mut self, identities: &Identities, certificates: &Certificates, tasks: &Tasks) {
        let (identities, certificates) = (identities.clone(), certificates.clone());
        let draining = tasks.draining();
        tasks.spawn("revocation lists", async move {
            tokio::select! { () = self.keep(&identities, &certificates) => {}, () = draining => {} }
        });
    }

    async fn keep(&mut self, identities: &Identities, certificates: &Certificates) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            match self.look() {
                None => {}
                Some(Ok(revocations)) => put_in_force(revocations, identities, certificates),
                Some(Err(error)) => refused(&self.path, &error),
            }
        }
    }

    /// What the file says, if it has changed since it was read last and lies still.
    fn look(&mut self) -> Option<Result<Revocations, IdentityError>> {
        let before = std::mem::replace(&mut self.last, stamp(&self.path));
        if before != self.last || self.last == self.taken {
            return None;
        }
        let read = Revocations::read(&self.path);
        // What the system refuses now it may grant later, and nothing of the file tells when; it is said once.
        if let Err(error @ IdentityError::File { .. }) = &read
            && self.last != Stamp(None)
        {
            let why = error.to_string();
            return (self.unread.replace(why.clone()) != Some(why)).then_some(read);
        }
        (self.taken, self.unread) = (self.last.clone(), None);
        Some(read)
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
    let signers = certificates.signers();
    // Before the first certificate nobody knows whom it will trust.
    for list in revocations.strangers(&signers).filter(|_| !signers.is_empty()) {
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
    Stamp(metadata.map(|found| (found.dev(), found.ino(), found.len(), (found.ctime(), found.ctime_nsec()))))
}

fn utc(time: SystemTime) -> String {
    let format = &time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::from(time).format(format).unwrap_or_else(|_| "a time out of range".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Authority, AuthorityOptions, ListEdition};

    fn list(number: u64) -> String {
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let this_update = SystemTime::now();
        let next_update = this_update + Duration::from_secs(60);
        authority.revocation_list(&["ff"], ListEdition { number, this_update, next_update }).unwrap()
    }

    #[test]
    fn a_change_is_read_once_it_lies_still_whatever_it_is() {
        let folder = std::env::temp_dir().join(format!("glasstunnel-crl-look-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("some.crl");
        fs::write(&path, list(1)).unwrap();
        let (mut file, first) = CrlFile::read(&path).unwrap();
        let number = |read: &Revocations| read.summaries().next().unwrap().number.clone().unwrap();
        assert_eq!(number(&first), "1");
        assert!(file.look().is_none() && file.look().is_none(), "nothing has changed");
        // Of the same length and replaced by a rename: only the inode tells.
        fs::write(folder.join("next.crl"), list(2)).unwrap();
        fs::rename(folder.join("next.crl"), &path).unwrap();
        assert!(file.look().is_none(), "it may still be being written");
        assert_eq!(number(&file.look().unwrap().unwrap()), "2");
        assert!(file.look().is_none(), "it is taken");
        for spoil in
            [|path: &Path| fs::write(path, "").unwrap(), |path: &Path| fs::remove_file(path).unwrap()]
        {
            spoil(&path);
            assert!(file.look().is_none());
            assert!(file.look().unwrap().is_err(), "which keeps what was read before");
            assert!(file.look().is_none(), "and is said once");
        }
        fs::write(&path, list(3)).unwrap();
        assert!(file.look().is_none());
        assert_eq!(number(&file.look().unwrap().unwrap()), "3");
        // What the system does not let us read is tried again, and said once.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(file.look().is_none());
        assert!(file.look().unwrap().is_err());
        assert!(file.look().is_none() && file.taken != file.last);
        fs::remove_dir(&path).unwrap();
        fs::write(&path, list(4)).unwrap();
        assert!(file.look().is_none());
        assert_eq!(number(&file.look().unwrap().unwrap()), "4");
        fs::remove_dir_all(folder).unwrap();
    }
}
