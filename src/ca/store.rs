//! The CA's folder: create it, reopen it, never overwrite it.
//!
//! The files are named as in Istio's `cacerts` secret, so that either side's files serve the other.

use std::fs::{self, File};
use std::path::Path;

use crate::ca::authority::{Authority, AuthorityOptions};
use crate::ca::error::CaError;
use crate::identity::{IdentityError, encode_certificates, read_key, write_new};

pub(crate) const CERTIFICATE: &str = "ca-cert.pem";
const KEY: &str = "ca-key.pem";
pub(crate) const CHAIN: &str = "cert-chain.pem";
pub(crate) const ROOT: &str = "root-cert.pem";
pub(crate) const FILES: [&str; 4] = [CERTIFICATE, KEY, CHAIN, ROOT];
const PUBLIC: u32 = 0o644;
const PRIVATE: u32 = 0o600;

impl Authority {
    /// The authority kept in `folder`; the first call makes it, later calls give the same one back.
    ///
    /// `options.intermediate` matters to the first call only. Several processes may call at once, as the proxies of one mesh
    /// do: one makes it, and the others wait.
    ///
    /// # Errors
    ///
    /// [`CaError::HalfPresent`] when only some files are there (nothing is written then), [`CaError::Folder`], and
    /// whatever is wrong with the files.
    pub fn open_or_create(folder: &Path, options: &AuthorityOptions) -> Result<Self, CaError> {
        let _turn = turn(folder)?;
        let present: Vec<_> = FILES.into_iter().filter(|name| folder.join(name).exists()).collect();
        match present.len() {
            0 => create(folder, options),
            4 => open(folder, options),
            _ => Err(CaError::HalfPresent {
                folder: folder.to_owned(),
                expected: FILES.join(", "),
                found: present.join(", "),
            }),
        }
    }
}

/// The folder, and the sole right to it until this is dropped. The folder itself is locked (flock(2)): no file is left over.
fn turn(folder: &Path) -> Result<File, CaError> {
    let failed = |source| CaError::Folder { folder: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let opened = File::open(folder).map_err(failed)?;
    opened.lock().map_err(failed)?;
    Ok(opened)
}

/// The authority that is in `folder`; it must be there.
pub(crate) fn open(folder: &Path, options: &AuthorityOptions) -> Result<Authority, CaError> {
    // Read for its checks: the key must not be open to others.
    read_key(&folder.join(KEY))?;
    let [certificate, key, chain, root] = FILES.map(|name| read(&folder.join(name)));
    Authority::from_pem(options, [&certificate?, &key?, &chain?, &root?])
}

fn create(folder: &Path, options: &AuthorityOptions) -> Result<Authority, CaError> {
    let authority = Authority::generate(options)?;
    keep_out_of_git(folder)?;
    let written = write_all(folder, &authority);
    if written.is_err() {
        // A half-written CA would bar the way next time. Only what this call linked is there: it began with none.
        for name in FILES {
            let _ = fs::remove_file(folder.join(name));
        }
    }
    written.map(|()| authority)
}

fn write_all(folder: &Path, authority: &Authority) -> Result<(), CaError> {
    let bundle = authority.bundle();
    let mut chain = authority.path.clone();
    // Istio's own tools end the chain with the root.
    chain.extend(bundle.roots.iter().filter(|root| !authority.path.contains(root)).cloned());
    write_new(&folder.join(KEY), authority.key_pem().as_bytes(), PRIVATE)?;
    write_new(&folder.join(ROOT), encode_certificates(&bundle.roots).as_bytes(), PUBLIC)?;
    write_new(&folder.join(CHAIN), encode_certificates(&chain).as_bytes(), PUBLIC)?;
    write_new(
        &folder.join(CERTIFICATE),
        encode_certificates(authority.path.get(..1).unwrap_or_default()).as_bytes(),
        PUBLIC,
    )?;
    Ok(())
}

/// The CA's key must not be committed by accident; a `.gitignore` that is there already stays.
fn keep_out_of_git(folder: &Path) -> Result<(), CaError> {
    match write_new(&folder.join(".gitignore"), b"*.pem\n", PUBLIC) {
        Err(IdentityError::Exists { .. }) => Ok(()),
        written => Ok(written?),
    }
}

/// The bytes of one of the CA's files.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    fs::read(path).map_err(|source| IdentityError::File { action: "read", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
