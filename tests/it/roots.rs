//! One root replaces another: with both trusted in between nothing fails, without it fails as documented
//! (reference/failures.md B 41).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use glasstunnel::app::CaAt;
use glasstunnel::ca::{Authority, AuthorityOptions, CaFiles};
use glasstunnel::identity::{CertificateSummary, Svid, SvidState, encode_certificates};
use glasstunnel::lab::Lab;

use crate::desk::{Act, Desk, authority, until};
use crate::mesh::{Plan, conclusion, record_to};
use crate::rotation::pooled;

const ENDS: [&str; 2] = ["default/curl-client", "server"];

/// A secret as a cluster mounts it: its files are reached through a link, and turned over all at once.
struct Secret(PathBuf);

impl Secret {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-secret-{:016x}", rand::random::<u64>()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A CA in a folder of its own.
    fn ca(&self, name: &str) -> (PathBuf, Authority) {
        let folder = self.0.join(name);
        let made = Authority::open_or_create(&folder, &AuthorityOptions::default()).unwrap();
        (folder, made)
    }

    /// The files of `signer`, with `roots` in the place of its own.
    fn show(&self, signer: &Path, roots: &[&Authority]) {
        let number = format!("{:016x}", rand::random::<u64>());
        let folder = self.0.join(&number);
        fs::create_dir(&folder).unwrap();
        for name in ["ca-cert.pem", "ca-key.pem", "cert-chain.pem"] {
            fs::copy(signer.join(name), folder.join(name)).unwrap();
        }
        let roots: String = roots.iter().map(|root| encode_certificates(&root.bundle().roots)).collect();
        fs::write(folder.join("root-cert.pem"), roots).unwrap();
        let link = self.0.join("next");
        std::os::unix::fs::symlink(&number, &link).unwrap();
        fs::rename(link, self.0.join("now")).unwrap();
    }

    fn files(&self) -> CaFiles {
        let now = self.0.join("now");
        CaFiles::new(now.join("ca-cert.pem"), now.join("ca-key.pem"))
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Sends requests, each of which must succeed, until both ends' certificates are as `wanted`.
async fn requests_until(lab: &Lab, wanted: impl Fn(&Svid) -> bool) {
    let mut sent = 0;
    while !ENDS.iter().all(|end| wanted(&lab.svid(end).unwrap())) {
        let tunnel = crate::hbone_door::tunnel(lab, "server").await;
        assert!(pooled(lab, "server").await);
        drop(tunnel);
        sent += 1;
    }
    assert!(sent > 0);
}

fn is_signed_by(svid: &Svid, signer: &Authority) -> bool {
    let key_id = CertificateSummary::parse(&signer.bundle().roots[0]).unwrap().key_id;
    CertificateSummary::parse(&svid.chain[0]).unwrap().issuer_key_id == key_id
}

#[tokio::test]
async fn trust_first_sign_later_remove_last_and_nothing_fails() {
    let secret = Secret::new();
    let ((old_folder, old), (new_folder, new)) = (secret.ca("old"), secret.ca("new"));
    secret.show(&old_folder, &[&old]);
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca = CaAt::Files(secret.files());
    plan.options.certificate_ttl = Some(Duration::from_secs(2));
    let lab = plan.start().await;
    secret.show(&old_folder, &[&old, &new]);
    requests_until(&lab, |svid| svid.bundle.roots.len() == 2 && is_signed_by(svid, &old)).await;
    secret.show(&new_folder, &[&old, &new]);
    requests_until(&lab, |svid| is_signed_by(svid, &new)).await;
    secret.show(&new_folder, &[&new]);
    requests_until(&lab, |svid| svid.bundle.roots == new.bundle().roots).await;
}

#[tokio::test]
async fn without_overlap_the_two_sides_refuse_each_other_until_both_have_renewed() {
    let (old, new) = (authority("old.example", 2), authority("new.example", 3600));
    let desk = Desk::new(Act::Sign(old));
    desk.only("server", Act::Sign(new.clone()));
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca = desk.at();
    let lab = plan.start().await;
    assert!(!pooled(&lab, "server").await);
    let record = record_to(&lab, "server").await;
    assert_eq!(conclusion(&record), "FAIL TLS_FAILURE tls.unknown_issuer at tls");
    let error =
        |half: Option<&glasstunnel::telemetry::Half>| half.unwrap().outcome.failure().unwrap().error.clone();
    let (source, destination) = record.lanes();
    assert!(error(source).contains("UnknownIssuer"), "{}", error(source));
    assert!(error(destination).contains("UnknownCA"), "{}", error(destination));
    desk.everybody(Act::Sign(new.clone()));
    let renewed = |state: &SvidState| matches!(state, SvidState::Available(svid) if is_signed_by(svid, &new));
    until(&lab, ENDS[0], renewed).await;
    assert!(pooled(&lab, "server").await);
}
