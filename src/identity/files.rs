//! An SVID as files, named as Istio's agent names them in `OUTPUT_CERTS`, so that what reads those reads these.

use std::fs;
use std::path::Path;

use crate::identity::error::IdentityError;
use crate::identity::pem::{encode_certificates, encode_key, file_error, write_new};
use crate::identity::svid::Svid;

const CHAIN: &str = "cert-chain.pem";
const KEY: &str = "key.pem";
const ROOTS: &str = "root-cert.pem";
const NAMES: [&str; 3] = [KEY, CHAIN, ROOTS];

/// What becomes of files that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They stay, and nothing is written.
    Kept,
    /// They are removed first.
    Replaced,
}

/// Writes `cert-chain.pem`, `root-cert.pem` and, with mode 0600, `key.pem` into `folder`, which is made if need be. Either
/// all three are written or none.
///
/// # Errors
///
/// [`IdentityError::Exists`] when one of them is there already and to be kept, and [`IdentityError::File`].
pub fn write_svid(folder: &Path, svid: &Svid, existing: Existing) -> Result<(), IdentityError> {
    fs::create_dir_all(folder).map_err(|source| file_error("create the folder", folder, source))?;
    let texts = [
        (encode_key(&svid.key), 0o600),
        (encode_certificates(&svid.chain), 0o644),
        (encode_certificates(&svid.bundle.roots), 0o644),
    ];
    for path in NAMES.iter().map(|name| folder.join(name)).filter(|path| path.exists()) {
        match existing {
            Existing::Kept => return Err(IdentityError::Exists { path }),
            Existing::Replaced => {
                fs::remove_file(&path).map_err(|source| file_error("replace", &path, source))?;
            }
        }
    }
    for (done, (name, (text, mode))) in NAMES.iter().zip(texts).enumerate() {
        if let Err(error) = write_new(&folder.join(name), text.as_bytes(), mode) {
            // What this call wrote goes again; the files that others wrote meanwhile are not among these.
            for written in NAMES.iter().take(done) {
                let _gone = fs::remove_file(folder.join(written));
            }
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::ca::{Authority, AuthorityOptions};
    use crate::identity::{credential, read_key, read_material};

    #[test]
    fn what_is_written_is_read_back_and_never_replaced() {
        let folder = std::env::temp_dir().join(format!("glasstunnel-svid-{}", std::process::id()));
        let _none = fs::remove_dir_all(&folder);
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let svid = authority.issue_now(&"spiffe://cluster.local/ns/a/sa/b".parse().unwrap()).unwrap();
        write_svid(&folder, &svid, Existing::Kept).unwrap();
        assert_eq!(fs::metadata(folder.join(KEY)).unwrap().permissions().mode() & 0o777, 0o600);
        let party = credential("it", &read_material(&folder).unwrap()).unwrap();
        assert_eq!((party.chain, party.roots), (svid.chain.clone(), svid.bundle.roots.clone()));
        assert_eq!(read_key(&folder.join(KEY)).unwrap().secret_bytes(), svid.key.secret_bytes());
        let again = || write_svid(&folder, &svid, Existing::Kept);
        assert!(matches!(again(), Err(IdentityError::Exists { .. })));
        fs::remove_file(folder.join(KEY)).unwrap();
        assert!(matches!(again(), Err(IdentityError::Exists { .. })));
        assert!(!folder.join(KEY).exists(), "all or nothing");
        let other = authority.issue_now(&svid.id).unwrap();
        write_svid(&folder, &other, Existing::Replaced).unwrap();
        assert_eq!(read_key(&folder.join(KEY)).unwrap().secret_bytes(), other.key.secret_bytes());
        assert_eq!(fs::metadata(folder.join(KEY)).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(&folder).unwrap();
    }
}
