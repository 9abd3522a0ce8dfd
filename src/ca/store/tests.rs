//! Tests of the CA's folder.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;
use crate::reason::Reason as _;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("glasstunnel-ca-{:016x}", rand::random::<u64>())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn reopening_gives_the_same_authority() {
    for intermediate in [false, true] {
        let folder = Folder::new();
        let options = AuthorityOptions { intermediate, ..AuthorityOptions::default() };
        let made = Authority::open_or_create(&folder.0, &options).unwrap();
        let again = Authority::open_or_create(&folder.0, &options).unwrap();
        assert_eq!(made.bundle(), again.bundle());
        assert_eq!(made.key_pem(), again.key_pem());
        let id = "spiffe://cluster.local/ns/a/sa/b".parse().unwrap();
        assert_eq!(made.issue_now(&id).unwrap().chain[1..], again.issue_now(&id).unwrap().chain[1..]);
        let expected = [".gitignore", "ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"];
        assert_eq!(names(&folder.0), expected);
        let mode = fs::metadata(folder.0.join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
}

/// The proxies of one mesh start at once, with one folder that is not there yet.
#[test]
fn whoever_comes_first_makes_it() {
    let folder = Folder::new();
    let roots: Vec<_> = std::thread::scope(|scope| {
        let open = || Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap().bundle();
        let openers: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        openers.into_iter().map(|opener| opener.join().unwrap()).collect()
    });
    assert!(roots.iter().all(|root| *root == roots[0]));
}

#[test]
fn half_a_ca_is_named_and_left_alone() {
    let folder = Folder::new();
    Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap();
    fs::remove_file(folder.0.join(ROOT)).unwrap();
    let before = names(&folder.0);
    let error = Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap_err();
    assert_eq!(error.code(), "ca.half_present");
    assert!(error.to_string().ends_with("found only ca-cert.pem, ca-key.pem, cert-chain.pem"), "{error}");
    assert_eq!(names(&folder.0), before);
}

#[test]
fn a_key_of_another_ca_is_refused() {
    let (ours, theirs) = (Folder::new(), Folder::new());
    for folder in [&ours, &theirs] {
        Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap();
    }
    fs::copy(theirs.0.join(KEY), ours.0.join(KEY)).unwrap();
    let error = Authority::open_or_create(&ours.0, &AuthorityOptions::default()).unwrap_err();
    assert_eq!(error.code(), "ca.key_mismatch");
}

#[test]
fn an_open_key_is_refused() {
    let folder = Folder::new();
    Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap();
    fs::set_permissions(folder.0.join(KEY), fs::Permissions::from_mode(0o644)).unwrap();
    let error = Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap_err();
    assert!(error.hint().unwrap().starts_with("Run: chmod 600 "), "{error:?}");
}
