//! [`Material`]: what is in a file or a folder of certificates and keys, whatever they are called.

use std::fs;
use std::path::{Path, PathBuf};

use crate::identity::der::{CertificateDer, PrivateKeyDer};
use crate::identity::error::IdentityError;
use crate::identity::pem::{SIGNER_KEYS, bad, blocks, file_error, read_file};
use crate::identity::signer::SignerCertificate;
use crate::identity::x509::CertificateSummary;

const ANYTHING: &str = "PEM blocks, or one certificate as DER";
/// What a folder is searched for.
const ENDINGS: [&str; 5] = ["pem", "crt", "cer", "key", "der"];
/// Files whose certificates are trusted, not shown: in Istio's `cacerts` and `OUTPUT_CERTS`, and in a Kubernetes secret.
const ROOT_FILES: [&str; 2] = ["root-cert.pem", "ca.crt"];
/// What every DER certificate begins with: the tag of a SEQUENCE.
const SEQUENCE: u8 = 0x30;

/// What one file holds, in its order. A key is there to be used, never to be shown.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The certificates.
    pub certificates: Vec<CertificateDer>,
    /// The first private key that needs no password, in whichever of the three forms `openssl` writes.
    pub key: Option<PrivateKeyDer>,
    /// The labels of all other blocks: keys, requests, revocation lists.
    pub others: Vec<String>,
}

/// One party of a handshake as its files have it: what it shows, and whom it trusts.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// The leaf first, then what signed it; empty for a party that only trusts.
    pub chain: Vec<CertificateDer>,
    /// The roots.
    pub roots: Vec<CertificateDer>,
    /// The leaf's key, if it is there.
    pub key: Option<PrivateKeyDer>,
}

/// All that a text holds; `what` names it in errors.
///
/// # Errors
///
/// [`IdentityError::BadPem`] when there is nothing in it, and [`IdentityError::UnreadableCertificate`].
pub fn parse_material(what: &str, bytes: &[u8]) -> Result<Material, IdentityError> {
    if bytes.first() == Some(&SEQUENCE) {
        let certificate = CertificateDer::from(bytes);
        CertificateSummary::parse(&certificate)?;
        return Ok(Material { certificates: vec![certificate], ..Material::default() });
    }
    let blocks = blocks(what, ANYTHING, bytes)?;
    if blocks.is_empty() {
        return Err(bad(what, ANYTHING, "neither".to_owned()));
    }
    let mut material = Material::default();
    for block in blocks {
        if block.label == "CERTIFICATE" {
            let certificate = CertificateDer::from(block.contents.as_slice());
            CertificateSummary::parse(&certificate)?;
            material.certificates.push(certificate);
            continue;
        }
        if material.key.is_none() && SIGNER_KEYS.contains(&block.label.as_str()) {
            material.key = Some(PrivateKeyDer::of_signer(block.contents));
        }
        material.others.push(block.label.escape_debug().to_string());
    }
    Ok(material)
}

/// All that the file `path` holds, or each file of the folder, in the order of their names.
///
/// # Errors
///
/// [`IdentityError::File`], and those of [`parse_material`].
pub fn read_material(path: &Path) -> Result<Vec<(PathBuf, Material)>, IdentityError> {
    let paths = if path.is_dir() { in_folder(path)? } else { vec![path.to_owned()] };
    let read = |path: PathBuf| {
        let material = parse_material(&path.display().to_string(), &read_file(&path)?)?;
        Ok((path, material))
    };
    paths.into_iter().map(read).collect()
}

/// The party whose files these are. Roots are the certificates in files called so, and any CA that signed itself.
///
/// # Errors
///
/// [`IdentityError::EmptyChain`] without any certificate, and [`IdentityError::UnreadableCertificate`].
pub fn credential(what: &str, files: &[(PathBuf, Material)]) -> Result<Credential, IdentityError> {
    let mut credential = Credential::default();
    for (path, material) in files {
        let named = is_root_file(path);
        for certificate in &material.certificates {
            let list =
                if named || is_root(certificate)? { &mut credential.roots } else { &mut credential.chain };
            if !list.contains(certificate) {
                list.push(certificate.clone());
            }
        }
        credential.key = credential.key.or_else(|| material.key.clone());
    }
    if credential.chain.is_empty() && credential.roots.is_empty() {
        return Err(IdentityError::EmptyChain { id: what.to_owned() });
    }
    Ok(credential)
}

/// Whether a file's name says that what is in it is trusted: `root-cert.pem`, `ca.crt`.
pub fn is_root_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| ROOT_FILES.iter().any(|root| name == *root))
}

/// Whether a certificate names itself as issuer and is a CA.
fn is_root(certificate: &CertificateDer) -> Result<bool, IdentityError> {
    let read = SignerCertificate::parse(certificate)?;
    Ok(read.summary.is_ca && read.subject_der == read.issuer_der)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, IdentityError> {
    let failed = |source| file_error("list", folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let ending = path.extension().unwrap_or_default();
        if ENDINGS.iter().any(|known| ending == *known) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ca::{Authority, AuthorityOptions};
    use crate::identity::{SpiffeId, encode_certificates, encode_key};

    fn client() -> crate::identity::Svid {
        let options = AuthorityOptions { intermediate: true, ..AuthorityOptions::default() };
        let id: SpiffeId = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
        Authority::generate(&options).unwrap().issue_now(&id).unwrap()
    }

    #[test]
    fn a_file_of_everything_is_sorted_out() {
        let svid = client();
        let text = encode_key(&svid.key)
            + &encode_certificates(&svid.chain)
            + "a remark\n"
            + &encode_certificates(&svid.bundle.roots);
        let material = parse_material("all.pem", text.as_bytes()).unwrap();
        assert_eq!(
            (material.certificates.len(), material.others.as_slice()),
            (3, ["PRIVATE KEY".to_owned()].as_slice())
        );
        assert_eq!(material.key.as_ref().unwrap().secret_bytes(), svid.key.secret_bytes());
        assert!(!format!("{material:?}").contains("MII"));
        let party = credential("all.pem", &[("all.pem".into(), material)]).unwrap();
        assert_eq!((party.chain, party.roots), (svid.chain.clone(), svid.bundle.roots.clone()));
    }

    #[test]
    fn der_is_read_and_nothing_is_an_error() {
        let svid = client();
        let der = parse_material("leaf.der", svid.chain[0].as_bytes()).unwrap();
        assert_eq!(der.certificates, svid.chain[..1]);
        let error = parse_material("notes.txt", b"hello").unwrap_err();
        assert_eq!(
            error.to_string(),
            "notes.txt: expected PEM blocks, or one certificate as DER, found neither"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _either = parse_material("noise", &bytes);
        }
    }
}
