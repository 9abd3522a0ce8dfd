//! Certificates for the stacks to judge: every profile of `certs/profiles`, and what only a CA can get wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use glasstunnel::ca::{Authority, AuthorityOptions, Bend, Profile};
use glasstunnel::identity::{Existing, SpiffeId, write_svid};
use glasstunnel::resources::{Input, certificate_profile};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose as Purpose, IsCa, KeyPair, KeyUsagePurpose as Usage, SanType,
};

const HOUR: Duration = Duration::from_secs(3600);

/// A certificate as its owner has it in files.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
}

/// All of them, below `folder`.
pub(crate) fn all(folder: &Path) -> Vec<Case> {
    profiles(folder);
    by_hand(folder);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let case =
        |folder: PathBuf| Case { name: folder.file_name().unwrap().to_str().unwrap().to_owned(), folder };
    folders.into_iter().map(case).collect()
}

/// What `certs issue --profile FILE` makes, whoever signed it: the owner trusts the authority.
fn profiles(folder: &Path) {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs/profiles");
    for entry in fs::read_dir(kept).unwrap() {
        let path = entry.unwrap().path();
        let profile = certificate_profile(&Input::Path(path.clone())).unwrap();
        let (id, bend) = (profile.id.unwrap(), profile.bend.unwrap_or(Bend::Straight));
        let svid = authority.issue_bent(&Profile { id, bend }).unwrap();
        write_svid(&folder.join(path.file_stem().unwrap()), &svid, Existing::Kept).unwrap();
    }
}

/// What only a CA gets wrong, and keys of other kinds.
fn by_hand(folder: &Path) {
    let ends =
        |params: &mut CertificateParams, ago: Duration| params.not_after = (SystemTime::now() - ago).into();
    let key = || KeyPair::generate().unwrap();
    let root = || CertifiedIssuer::self_signed(ca("Root"), key()).unwrap();
    let own = key();
    let put = |name: &str, chain: &[&str], roots: &[&str]| {
        let folder = folder.join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("key.pem"), own.serialize_pem()).unwrap();
        fs::write(folder.join("cert-chain.pem"), chain.concat()).unwrap();
        fs::write(folder.join("root-cert.pem"), roots.concat()).unwrap();
    };
    let beneath = |name: &str, change: &dyn Fn(&mut CertificateParams)| {
        let root = root();
        let mut params = ca("Intermediate");
        change(&mut params);
        let middle = CertifiedIssuer::signed_by(params, key(), &root).unwrap();
        let leaf = leaf().signed_by(&own, &middle).unwrap();
        put(name, &[&leaf.pem(), &middle.pem()], &[&root.pem()]);
        (leaf.pem(), middle.pem())
    };
    beneath("ca-expired", &|params| ends(params, HOUR));
    beneath("ca-false", &|params| params.is_ca = IsCa::ExplicitNoCa);
    beneath("ca-may-not-sign", &|params| params.key_usages = vec![Usage::CrlSign]);
    let (leaf_pem, middle) = beneath("ca-good", &|_| {});
    put("root-is-intermediate", &[&leaf_pem], &[&middle]);
    let mut old = ca("Root");
    ends(&mut old, HOUR);
    let old = CertifiedIssuer::self_signed(old, key()).unwrap();
    put("root-expired", &[&leaf().signed_by(&own, &old).unwrap().pem()], &[&old.pem()]);
    let (first, second) = (root(), root());
    let of_first = leaf().signed_by(&own, &first).unwrap().pem();
    put("roots-of-one-name", &[&of_first], &[&second.pem(), &first.pem()]);
    put("twice", &[&of_first, &of_first], &[&first.pem()]);
    let mut encipher = leaf();
    encipher.key_usages = vec![Usage::KeyEncipherment];
    put("no-digital-signature", &[&encipher.signed_by(&own, &first).unwrap().pem()], &[&first.pem()]);
    let other = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    put("ed25519", &[&leaf().signed_by(&other, &first).unwrap().pem()], &[&first.pem()]);
    let upper = CertifiedIssuer::signed_by(ca("Upper"), key(), &first).unwrap();
    let lower = CertifiedIssuer::signed_by(ca("Lower"), key(), &upper).unwrap();
    let below = leaf().signed_by(&own, &lower).unwrap().pem();
    put("disordered", &[&below, &upper.pem(), &lower.pem()], &[&first.pem()]);
}

fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![Usage::KeyCertSign, Usage::CrlSign];
    params.not_before = (SystemTime::now() - 3 * HOUR).into();
    params.not_after = (SystemTime::now() + 2000 * HOUR).into();
    params.use_authority_key_identifier_extension = true;
    params
}

fn leaf() -> CertificateParams {
    let id = SpiffeId::new("cluster.local", "default", "client").unwrap();
    let mut params = ca("");
    params.distinguished_name = DistinguishedName::new();
    params.is_ca = IsCa::ExplicitNoCa;
    params.subject_alt_names = vec![SanType::URI(id.as_str().try_into().unwrap())];
    params.key_usages = vec![Usage::DigitalSignature, Usage::KeyEncipherment];
    params.extended_key_usages = vec![Purpose::ServerAuth, Purpose::ClientAuth];
    params.not_after = (SystemTime::now() + 24 * HOUR).into();
    params
}
