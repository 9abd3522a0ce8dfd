//! Tests of reading a CA again.

use std::fs;

use super::*;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn folder() -> Folder {
    Folder(std::env::temp_dir().join(format!("glasstunnel-kept-{:016x}", rand::random::<u64>())))
}

async fn issue(kept: &KeptAuthority) -> Result<Svid, IdentityError> {
    kept.issue(&"spiffe://cluster.local/ns/a/sa/b".parse().unwrap()).await
}

/// Puts the files of `from` in the place of those of `to`.
fn exchange(from: &Folder, to: &Folder) {
    for name in FILES {
        fs::rename(from.0.join(name), to.0.join(name)).unwrap();
    }
}

async fn check(kept: KeptAuthority, ours: &Folder) {
    let first = kept.current().unwrap();
    assert!(Arc::ptr_eq(&first, &kept.current().unwrap()), "what has not changed is not read again");
    let other = folder();
    let next = Authority::open_or_create(&other.0, &AuthorityOptions::default()).unwrap();
    exchange(&other, ours);
    assert_eq!(issue(&kept).await.unwrap().bundle, next.bundle());
    let key = ours.0.join("ca-key.pem");
    fs::rename(&key, ours.0.join("away")).unwrap();
    let error = issue(&kept).await.unwrap_err();
    assert!(matches!(error, IdentityError::Issuer { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("the CA in ") && said.contains("ca-key.pem: No such file"), "{said}");
    fs::rename(ours.0.join("away"), key).unwrap();
    assert_eq!(issue(&kept).await.unwrap().bundle, next.bundle(), "it heals");
}

#[tokio::test]
async fn a_folder_is_read_again_when_it_changes_and_does_not_issue_while_it_cannot_be_read() {
    let ours = folder();
    let kept = KeptAuthority::in_folder(ours.0.clone(), &AuthorityOptions::default()).unwrap();
    check(kept, &ours).await;
}

#[tokio::test]
async fn so_are_files() {
    let ours = folder();
    Authority::open_or_create(&ours.0, &AuthorityOptions::default()).unwrap();
    let files = CaFiles::new(ours.0.join("ca-cert.pem"), ours.0.join("ca-key.pem"));
    check(KeptAuthority::in_files(files, &AuthorityOptions::default()).unwrap(), &ours).await;
}

#[test]
fn files_that_are_not_there_at_first_are_an_error() {
    let files = CaFiles::new("/nowhere/ca-cert.pem", "/nowhere/ca-key.pem");
    let error = KeptAuthority::in_files(files, &AuthorityOptions::default()).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("the CA in /nowhere/ca-cert.pem cannot be used: "), "{said}");
}

#[tokio::test]
async fn a_ca_that_has_expired_can_be_read_and_does_not_issue() {
    let ours = folder();
    fs::create_dir_all(&ours.0).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2026, 1, 1);
    fs::write(ours.0.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(ours.0.join("key.pem"), key.serialize_pem()).unwrap();
    let files = CaFiles::new(ours.0.join("ca.pem"), ours.0.join("key.pem"));
    let kept = KeptAuthority::in_files(files, &AuthorityOptions::default()).unwrap();
    let said = issue(&kept).await.unwrap_err().to_string();
    assert!(said.contains("has expired: expected one that is valid now"), "{said}");
}
