//! Lists from a real CA: whom they concern, and who signed them.

use std::time::{Duration, SystemTime};

use super::*;
use crate::ca::{Authority, AuthorityOptions, ListEdition};
use crate::identity::{SpiffeId, Svid};

fn authority(intermediate: bool) -> Authority {
    Authority::generate(&AuthorityOptions { intermediate, ..AuthorityOptions::default() }).unwrap()
}

fn svid(authority: &Authority, name: &str) -> Svid {
    authority.issue_now(&SpiffeId::new("cluster.local", "default", name).unwrap()).unwrap()
}

fn list(authority: &Authority, serials: &[&str]) -> String {
    let this_update = SystemTime::now();
    let next_update = this_update + Duration::from_secs(3600);
    authority.revocation_list(serials, ListEdition { number: 3, this_update, next_update }).unwrap()
}

fn listed(revocations: &Revocations, svid: &Svid) -> Option<TlsCause> {
    let chain: Vec<_> =
        svid.chain.iter().map(|der| pki_types::CertificateDer::from(der.as_bytes())).collect();
    revocations.listed(chain.iter())
}

#[test]
fn a_list_knows_its_own() {
    let authority = authority(false);
    let (good, bad) = (svid(&authority, "good"), svid(&authority, "bad"));
    let revocations = Revocations::parse("a list", list(&authority, &[&bad.serial]).as_bytes()).unwrap();
    let said = listed(&revocations, &bad).unwrap().to_string();
    assert!(said.contains(&format!("serial number {} of \"O=cluster.local\"", bad.serial)), "{said}");
    assert!(said.contains("by its list number 3 of 2"), "{said}");
    assert_eq!(listed(&revocations, &good), None);
    assert_ne!(revocations.generation(), Revocations::default().generation());
}

#[test]
fn several_lists_in_one_file_all_count() {
    let (one, other) = (authority(false), authority(true));
    let (of_one, of_other) = (svid(&one, "a"), svid(&other, "b"));
    let text = list(&one, &[&of_one.serial]) + &list(&other, &[&of_other.serial]);
    let revocations = Revocations::parse("two lists", text.as_bytes()).unwrap();
    assert_eq!(revocations.summaries().count(), 2);
    assert!(listed(&revocations, &of_one).is_some() && listed(&revocations, &of_other).is_some());
    let cut = text.rfind("-----END").unwrap();
    assert!(Revocations::parse("two lists", &text.as_bytes()[..cut]).is_err(), "half a file is an error");
}

#[test]
fn a_list_that_nobody_we_trust_signed_is_a_stranger() {
    let (ours, twin) = (authority(false), authority(false));
    let text = list(&ours, &[]) + &list(&twin, &[]);
    let revocations = Revocations::parse("two lists", text.as_bytes()).unwrap();
    let roots = |authority: &Authority| authority.bundle().roots.clone();
    assert_eq!(revocations.strangers(&roots(&ours)).count(), 1, "of the same name, by another key");
    assert_eq!(revocations.strangers(&[roots(&ours), roots(&twin)].concat()).count(), 0);
    let below = authority(true);
    let by_intermediate = Revocations::parse("a list", list(&below, &[]).as_bytes()).unwrap();
    assert_eq!(by_intermediate.strangers(&roots(&below)).count(), 1);
    assert_eq!(by_intermediate.strangers(&svid(&below, "a").chain).count(), 0);
}
