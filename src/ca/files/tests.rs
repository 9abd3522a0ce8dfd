//! Tests of plugged-in CAs: what `openssl` and istiod write is taken, and what is missing is named.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use super::*;
use crate::ca::store::FILES;
use crate::identity::{CertificateSummary, encode_certificates};
use crate::reason::Reason as _;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-files-{:016x}", rand::random::<u64>()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Runs `openssl` in the folder; it is part of every machine that has a CA to plug in.
    fn openssl(&self, line: &str) {
        let Output { status, stderr, .. } =
            Command::new("openssl").args(line.split(' ')).current_dir(&self.0).output().unwrap();
        assert!(status.success(), "openssl {line}: {}", String::from_utf8_lossy(&stderr));
    }

    /// A self-signed CA in `root.pem` over `key`, named as istiod names its own.
    fn root(&self, key: &str) {
        self.openssl(&format!("req -new -x509 -key {key} -out root.pem -days 30 -subj /O=cluster.local"));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Issues from `files`; gives the lengths of the chain and of the list of roots, and who signed.
fn issued(files: &CaFiles) -> (usize, usize, String) {
    let authority = files.load(&AuthorityOptions::default()).unwrap();
    let svid = authority.issue_now(&"spiffe://cluster.local/ns/a/sa/b".parse().unwrap()).unwrap();
    // TLS would refuse a leaf whose signature does not fit.
    let trusted = crate::tls::ServerTls::new(&svid).unwrap().check_chain(&svid.chain);
    assert_eq!(trusted.unwrap().id, svid.id);
    let signer = CertificateSummary::parse(&svid.chain[0]).unwrap().issuer;
    (svid.chain.len(), svid.bundle.roots.len(), signer)
}

#[test]
fn every_form_of_key_that_openssl_writes_signs() {
    for (made, form) in [
        ("genrsa -traditional -out key.pem 2048", "BEGIN RSA PRIVATE KEY"),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem", "BEGIN PRIVATE KEY"),
        ("ecparam -name prime256v1 -genkey -out key.pem", "BEGIN EC PRIVATE KEY"),
        ("ecparam -name secp384r1 -genkey -noout -out key.pem", "BEGIN EC PRIVATE KEY"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem", "BEGIN PRIVATE KEY"),
    ] {
        let folder = Folder::new();
        folder.openssl(made);
        assert!(fs::read_to_string(folder.at("key.pem")).unwrap().contains(form), "{made}");
        folder.root("key.pem");
        let files = CaFiles::new(folder.at("root.pem"), folder.at("key.pem"));
        assert_eq!(issued(&files), (1, 1, "O=cluster.local".to_owned()), "{made}");
    }
}

#[test]
fn a_key_with_a_password_is_refused_with_the_command_that_takes_it_off() {
    for made in [
        "genrsa -traditional -aes128 -passout pass:secret -out key.pem 2048",
        "genpkey -algorithm RSA -aes128 -pass pass:secret -out key.pem",
    ] {
        let folder = Folder::new();
        folder.openssl("genrsa -out plain.pem 2048");
        folder.root("plain.pem");
        folder.openssl(made);
        let files = CaFiles::new(folder.at("root.pem"), folder.at("key.pem"));
        let error = files.load(&AuthorityOptions::default()).unwrap_err();
        let expected = "Convert the key: openssl pkcs8 -topk8 -nocrypt -in old.pem -out key.pem";
        assert_eq!(error.hint().as_deref(), Some(expected), "{error}");
        assert!(error.to_string().contains("key.pem: expected one unencrypted key"), "{error}");
    }
}

/// Root, intermediate and signer as `cacerts` has them, in `folder` under Istio's names.
fn cacerts(folder: &Folder) {
    let options = AuthorityOptions { intermediate: true, ..AuthorityOptions::default() };
    let made = folder.at("made");
    Authority::open_or_create(&made, &options).unwrap();
    for name in FILES {
        fs::rename(made.join(name), folder.at(name)).unwrap();
    }
}

#[test]
fn istios_names_bring_root_and_chain_along_and_other_names_nothing() {
    let folder = Folder::new();
    cacerts(&folder);
    let files = CaFiles::new(folder.at("ca-cert.pem"), folder.at("ca-key.pem"));
    assert_eq!((issued(&files).0, issued(&files).1), (2, 1));
    fs::copy(folder.at("ca-cert.pem"), folder.at("other.pem")).unwrap();
    let other = CaFiles { cert: folder.at("other.pem"), ..files.clone() };
    let error = other.load(&AuthorityOptions::default()).unwrap_err();
    assert_eq!(error.code(), "ca.no_root_file");
    let expected = "other.pem: expected the certificate of \"O=cluster.local\" in a root file, found none";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(error.hint().unwrap().starts_with("Name it with --ca-root FILE, append it to "), "{error:?}");
    let named = CaFiles { root: Some(folder.at("root-cert.pem")), ..other };
    assert_eq!((issued(&named).0, issued(&named).1), (2, 1));
}

#[test]
fn one_file_may_hold_signer_and_root_and_a_root_file_several_roots() {
    let folder = Folder::new();
    cacerts(&folder);
    let read = |name: &str| fs::read_to_string(folder.at(name)).unwrap();
    fs::write(folder.at("all.pem"), read("ca-cert.pem") + &read("root-cert.pem")).unwrap();
    let files = CaFiles::new(folder.at("all.pem"), folder.at("ca-key.pem"));
    assert_eq!((issued(&files).0, issued(&files).1), (2, 1), "the root is never sent");
    let old = Authority::generate(&AuthorityOptions::default()).unwrap().bundle();
    fs::write(folder.at("both.pem"), read("root-cert.pem") + &encode_certificates(&old.roots)).unwrap();
    let files = CaFiles { root: Some(folder.at("both.pem")), ..files };
    assert_eq!((issued(&files).0, issued(&files).1), (2, 2));
}

#[test]
fn an_open_key_is_told_and_taken_and_a_missing_file_named() {
    let folder = Folder::new();
    cacerts(&folder);
    let files = CaFiles::new(folder.at("ca-cert.pem"), folder.at("ca-key.pem"));
    assert_eq!(files.open_key(), None);
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(files.open_key(), Some(0o644));
    issued(&files);
    fs::remove_file(&files.key).unwrap();
    let error = files.load(&AuthorityOptions::default()).unwrap_err().to_string();
    assert!(error.contains("cannot read ") && error.contains("/ca-key.pem: No such file"), "{error}");
}
