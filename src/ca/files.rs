//! [`CaFiles`]: a CA that somebody else made, in files as Istio's `cacerts` secret has them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::ca::authority::{Authority, AuthorityOptions, key_pair};
use crate::ca::error::CaError;
use crate::ca::store::{CERTIFICATE, CHAIN, ROOT, read};
use crate::identity::{
    CertificateDer, IdentityError, SignerCertificate, parse_signer_key, read_certificates,
};

/// Where the files of a plugged-in CA are.
///
/// Without `root` and `chain`, `root-cert.pem` and `cert-chain.pem` are taken from beside `cert` if that is called
/// `ca-cert.pem`, as in the secret; under any other name nothing beside it is looked at. Without a root file, the last
/// certificate that there is must be a root itself: the only one, or the end of `signer, intermediates…, root`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFiles {
    /// The signer's certificate, perhaps with those above it.
    pub cert: PathBuf,
    /// The signer's key: PKCS#8, SEC 1 or PKCS#1; ECDSA or RSA.
    pub key: PathBuf,
    /// The roots that workloads trust; several while one replaces another.
    pub root: Option<PathBuf>,
    /// The certificates above the signer's.
    pub chain: Option<PathBuf>,
}

impl CaFiles {
    /// A CA in two files, and what lies beside them.
    pub fn new(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { cert: cert.into(), key: key.into(), root: None, chain: None }
    }

    /// The permission bits of the key's file if it is open to others. That is no error, for a cluster mounts the secret
    /// for all to read; it is worth a warning.
    pub fn open_key(&self) -> Option<u32> {
        let mode = fs::metadata(&self.key).ok()?.permissions().mode() & 0o7777;
        (mode & 0o077 != 0).then_some(mode)
    }

    /// Every file that the CA is read from, whether it is there or not.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let mut paths = vec![self.cert.clone(), self.key.clone()];
        paths.extend(self.root.clone().or_else(|| self.beside(ROOT)));
        paths.extend(self.chain.clone().or_else(|| self.beside(CHAIN)));
        paths
    }

    fn beside(&self, name: &str) -> Option<PathBuf> {
        (self.cert.file_name() == Some(OsStr::new(CERTIFICATE))).then(|| self.cert.with_file_name(name))
    }

    /// The certificates of a file that was named, or else of one that lies beside.
    fn certificates(&self, named: Option<&Path>, name: &str) -> Result<Vec<CertificateDer>, CaError> {
        let beside = || self.beside(name).filter(|path| path.exists());
        match named.map(Path::to_owned).or_else(beside) {
            Some(path) => Ok(read_certificates(&path)?),
            None => Ok(Vec::new()),
        }
    }

    /// Reads the CA.
    pub(crate) fn load(&self, options: &AuthorityOptions) -> Result<Authority, CaError> {
        let key = parse_signer_key(&self.key.display().to_string(), &read(&self.key)?)?;
        let mut path = read_certificates(&self.cert)?;
        for above in self.certificates(self.chain.as_deref(), CHAIN)? {
            if !path.contains(&above) {
                path.push(above);
            }
        }
        let mut roots = self.certificates(self.root.as_deref(), ROOT)?;
        if roots.is_empty() {
            roots.push(self.own_root(&path)?);
        }
        Authority::assemble(options, key_pair(&key)?, path, roots)
    }

    /// The last certificate, if it signed itself.
    fn own_root(&self, path: &[CertificateDer]) -> Result<CertificateDer, CaError> {
        let last = path.last().ok_or_else(|| IdentityError::EmptyChain { id: "the CA".to_owned() })?;
        let read = SignerCertificate::parse(last)?;
        if read.subject_der == read.issuer_der {
            return Ok(last.clone());
        }
        Err(CaError::NoRootFile { cert: self.cert.clone(), issuer: read.summary.issuer })
    }
}

#[cfg(test)]
mod tests;
