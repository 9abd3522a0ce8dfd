//! Each bend is found, by its own rule; what is good is silent.

use super::*;
use crate::ca::{Authority, AuthorityOptions, Bend, Profile};

fn found(material: &Material, role: Option<CertificateRole>) -> Vec<&'static str> {
    lint(material, role, SystemTime::now()).unwrap().iter().map(|finding| finding.rule.id).collect()
}

fn of(certificates: &[CertificateDer]) -> Material {
    Material { certificates: certificates.to_vec(), ..Material::default() }
}

#[test]
fn each_bend_breaks_its_own_rule() {
    let authority =
        Authority::generate(&AuthorityOptions { intermediate: true, ..AuthorityOptions::default() }).unwrap();
    let check = |bend: Bend, expect: &[&str]| {
        let id = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
        let svid = authority.issue_bent(&Profile { id, bend }).unwrap();
        assert_eq!(found(&of(&svid.chain), None), expect, "{bend:?}");
    };
    check(Bend::Straight, &[]);
    check(Bend::Expired, &["expired"]);
    check(Bend::NotYetValid, &["not-yet-valid"]);
    check(Bend::NoSan, &["no-name"]);
    check(Bend::NoUriSan, &["no-uri-san"]);
    check(Bend::TwoUriSans, &["several-uri-sans"]);
    check(Bend::NotIstio, &["not-istio-id"]);
    check(Bend::CaFlag, &["leaf-is-ca"]);
    check(Bend::MaySign, &["leaf-may-sign"]);
    check(Bend::ServerOnly, &["no-client-auth"]);
    check(Bend::ClientOnly, &["no-server-auth"]);
    check(Bend::IntermediateServerOnly, &["ca-no-client-auth"]);
    check(Bend::LongChain, &["long-chain"]);
    check(Bend::WithRoot, &["root-sent"]);
    // By themselves these are good: it takes somebody who does not trust them.
    check(Bend::OtherTrustDomain, &[]);
    check(Bend::OtherRoot, &[]);
    check(Bend::SameNameRoot, &[]);
    check(Bend::MissingIntermediate, &[]);
}

#[test]
fn roles_and_lists_matter() {
    let generate = || Authority::generate(&AuthorityOptions::default()).unwrap();
    let (one, other) = (generate(), generate());
    let id = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
    let (mine, theirs) = (one.issue_now(&id).unwrap(), other.issue_now(&id).unwrap());
    let (root, twin) = (mine.bundle.roots[0].clone(), theirs.bundle.roots[0].clone());
    let leaf = mine.chain[0].clone();
    let check = |certificates: &[&CertificateDer], role, expect: &[&str]| {
        let certificates: Vec<_> = certificates.iter().map(|der| (*der).clone()).collect();
        assert_eq!(found(&of(&certificates), role), expect);
    };
    check(&[&root], None, &[]);
    check(&[&root, &twin], None, &["same-name-roots"]);
    check(&[&root, &root], None, &["duplicate"]);
    check(&[&leaf], Some(CertificateRole::Intermediate), &["not-a-ca", "expires-soon"]);
    check(&[&leaf], Some(CertificateRole::Root), &["not-a-ca", "root-not-self-signed", "expires-soon"]);
    check(&[&root], Some(CertificateRole::Workload), &["no-uri-san", "no-digital-signature", "long-lived"]);
    let mismatched = Material { key: Some(theirs.key), ..of(&mine.chain) };
    assert_eq!(found(&mismatched, None), ["key-mismatch"]);
    let matching = Material { key: Some(mine.key), ..of(&mine.chain) };
    assert_eq!(found(&matching, None), [""; 0]);
}

#[test]
fn time_passes() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let id = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
    let svid = authority.issue_now(&id).unwrap();
    let at = |hours: u64, material: &Material| -> Vec<_> {
        let now = SystemTime::now() + Duration::from_secs(hours * 3600);
        lint(material, None, now).unwrap().iter().map(|finding| finding.rule.id).collect()
    };
    assert_eq!(at(23, &of(&svid.chain)), ["expires-soon"]);
    assert_eq!(at(25, &of(&svid.chain)), ["expired"]);
    assert_eq!(at(24 * 3640, &of(&svid.bundle.roots)), ["expires-soon"]);
    assert_eq!(at(24 * 3651, &of(&svid.bundle.roots)), ["expired-root"]);
}
