//! Tests of what is issued: every field is read back, because rcgen's defaults are traps.

use proptest::prelude::*;
use rcgen::SanType;

use super::*;
use crate::ca::bend::Bend;
use crate::identity::Leaf;
use crate::reason::Reason as _;

fn id() -> SpiffeId {
    "spiffe://cluster.local/ns/default/sa/web".parse().unwrap()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_leaf_says_what_istiods_would() {
    for intermediate in [false, true] {
        let options = AuthorityOptions { intermediate, ..AuthorityOptions::default() };
        let authority = Authority::generate(&options).unwrap();
        let now = SystemTime::now();
        let svid = authority.issue_at(&id(), now).unwrap();
        assert_eq!(svid.chain.len(), if intermediate { 2 } else { 1 }, "the root is never sent");
        let leaf = Leaf::parse(&svid.chain[0]).unwrap();
        let said = leaf.certificate;
        assert_eq!(leaf.id, id());
        assert_eq!(seconds(said.not_before), seconds(now - Duration::from_secs(120)));
        assert_eq!(seconds(said.not_after), seconds(now + DAY));
        assert_eq!((svid.not_before, svid.not_after), (said.not_before, said.not_after));
        assert_eq!(said.subject, "");
        assert_eq!(said.uris, [id().to_string()]);
        assert!(said.other_names.is_empty() && said.names_critical);
        assert_eq!(said.key_usage, "digitalSignature keyEncipherment, critical");
        assert_eq!(said.extended_key_usage, "serverAuth clientAuth");
        assert!(!said.is_ca && !said.may_sign);
        assert_eq!(said.public_key, "P-256");
        let signer = &authority.certificate.summary;
        assert_eq!(said.issuer, signer.subject);
        assert_eq!(said.issuer_key_id.as_ref().unwrap(), signer.key_id.as_ref().unwrap());
        assert_eq!(said.serial.len(), 32);
        assert!(
            said.serial.starts_with(['4', '5', '6', '7']),
            "positive and without leading zeros: {}",
            said.serial
        );
    }
}

#[test]
fn the_root_is_named_after_the_trust_domain_and_lives_ten_years() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let root = CertificateSummary::parse(&authority.bundle().roots[0]).unwrap();
    assert_eq!((root.subject.as_str(), root.issuer.as_str()), ("O=cluster.local", "O=cluster.local"));
    assert!(root.is_ca && root.may_sign);
    assert_eq!(root.key_usage, "keyCertSign cRLSign, critical");
    let life = root.not_after.duration_since(root.not_before).unwrap();
    assert_eq!(life.as_secs() / 86_400, 3650);
}

#[test]
fn two_certificates_share_neither_key_nor_serial() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let (a, b) = (authority.issue_now(&id()).unwrap(), authority.issue_now(&id()).unwrap());
    assert_ne!(a.key.secret_bytes(), b.key.secret_bytes());
    assert_ne!(a.serial, b.serial);
}

#[test]
fn a_leaf_never_outlives_its_signer() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let ends = authority.certificate.summary.not_after;
    let svid = authority.issue_at(&id(), ends - Duration::from_secs(60)).unwrap();
    assert_eq!(svid.not_after, ends);
    let error = authority.issue_at(&id(), ends + Duration::from_secs(7)).unwrap_err();
    assert_eq!(error.code(), "ca.expired");
    assert!(error.to_string().ends_with("ended 7 seconds ago"), "{error}");
}

#[test]
fn each_bend_bends_one_thing() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let check = |bend, expect: fn(&CertificateSummary) -> bool| {
        let svid = authority.issue_bent(&Profile { id: id(), bend }).unwrap();
        let said = CertificateSummary::parse(&svid.chain[0]).unwrap();
        assert!(expect(&said), "{bend:?}: {said:?}");
    };
    check(Bend::Expired, |said| said.not_after < SystemTime::now());
    check(Bend::NotYetValid, |said| said.not_before > SystemTime::now());
    check(Bend::OtherTrustDomain, |said| said.uris == ["spiffe://other.domain/ns/default/sa/web"]);
    check(Bend::NoUriSan, |said| said.uris.is_empty() && said.other_names == ["DNS web.default.example"]);
    check(Bend::TwoUriSans, |said| said.uris.len() == 2);
    check(Bend::ServerOnly, |said| said.extended_key_usage == "serverAuth");
    check(Bend::ClientOnly, |said| said.extended_key_usage == "clientAuth");
    check(Bend::CaFlag, |said| said.is_ca);
    check(Bend::MaySign, |said| said.may_sign && !said.is_ca);
}

#[test]
fn an_rsa_ca_from_outside_issues() {
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let now = SystemTime::now();
    let mut params = authority_params("x", None, Validity { not_before: now, not_after: now + DAY });
    params.distinguished_name = rcgen::DistinguishedName::new();
    let printable = DnValue::PrintableString("Example Corp".try_into().unwrap());
    params.distinguished_name.push(DnType::CountryName, DnValue::PrintableString("DE".try_into().unwrap()));
    params.distinguished_name.push(DnType::OrganizationName, printable);
    let certificate = params.self_signed(&key).unwrap().pem();
    let (certificate, key) = (certificate.as_bytes(), key.serialize_pem());
    let pem = [certificate, key.as_bytes(), certificate, certificate];
    let authority = Authority::from_pem(&AuthorityOptions::default(), pem).unwrap();
    let svid = authority.issue_now(&id()).unwrap();
    let leaf = Leaf::parse(&svid.chain[0]).unwrap().certificate;
    assert_eq!(leaf.issuer, authority.certificate.summary.subject);
    assert_eq!(leaf.issuer_key_id, authority.certificate.summary.key_id);
    assert_eq!(authority.certificate.summary.public_key, "RSA 2048");
    assert_eq!(svid.chain.len(), 1);
}

#[test]
fn hostile_uris_in_a_signed_certificate_are_no_identity() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let now = SystemTime::now();
    for uri in [
        "spiffe://cluster.local/ns/default/sa/web\0.evil",
        "spiffe://cluster.local/ns/default/sa/web\r\nX: y",
        "spiffe://cluster.local/ns/default/sa/web/",
        "spiffe://Cluster.Local/ns/default/sa/web",
        "https://cluster.local/ns/default/sa/web",
    ] {
        let straight = Profile::straight(id());
        let mut params = straight.params(authority.validity(now, DAY).unwrap(), now).unwrap();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        let der = generated(params.signed_by(&new_key().unwrap(), &authority.signer)).unwrap();
        let error = Leaf::parse(&der).unwrap_err();
        assert_eq!(error.code(), "identity.not_spiffe");
        assert!(!error.to_string().contains(['\0', '\r', '\n']), "{error}");
    }
}

proptest! {
    #[test]
    fn reading_a_damaged_certificate_never_panics_and_finds_only_legal_identities(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        static STRAIGHT: std::sync::LazyLock<CertificateDer> = std::sync::LazyLock::new(|| {
            let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
            authority.issue_now(&id()).unwrap().chain[0].clone()
        });
        let mut bytes = STRAIGHT.as_bytes().to_vec();
        let end = cut.index(bytes.len());
        let _ = Leaf::parse(&bytes[..end].into());
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(leaf) = Leaf::parse(&bytes.as_slice().into()) {
            prop_assert!(leaf.id.as_str().parse::<SpiffeId>().is_ok());
        }
    }
}
