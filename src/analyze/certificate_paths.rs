//! [`lint_files`]: what is wrong with the files of one party, each by itself and all together: a chain is held against the
//! roots beside it, and against a trust domain.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::analyze::certificate_rules as rules;
use crate::analyze::certificates::{CertificateFinding, CertificateRole, MOST_INTERMEDIATES, lint};
use crate::identity::{
    CertificateSummary, Credential, IdentityError, Leaf, Material, SignerCertificate, TrustBundle,
    credential, is_root_file,
};
use crate::tls::{Checked, Expected, Found, Question, Role};

/// What the files are meant for; what is absent is taken from their names and from what they say.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// What every certificate is to be.
    pub role: Option<CertificateRole>,
    /// Which trust domain a workload's certificate has to be of.
    pub trust_domain: Option<String>,
}

/// All findings about the files of one party, called `what`, each with its file.
///
/// # Errors
///
/// [`IdentityError::UnreadableCertificate`], and [`IdentityError::EmptyChain`] without any certificate.
pub fn lint_files(
    what: &str,
    files: &[(PathBuf, Material)],
    intent: &Intent,
    now: SystemTime,
) -> Result<Vec<(String, CertificateFinding)>, IdentityError> {
    let mut found = Vec::new();
    for (path, material) in files {
        let named = is_root_file(path).then_some(CertificateRole::Root);
        let source = path.display().to_string();
        let findings = lint(material, intent.role.or(named), now)?;
        found.extend(findings.into_iter().map(|finding| (source.clone(), finding)));
    }
    let together = lint_together(&credential(what, files)?, intent.trust_domain.as_deref(), now)?;
    found.extend(together.into_iter().map(|finding| (what.to_owned(), finding)));
    Ok(found)
}

/// Whether the chain of `party` leads to one of its roots, if there are both, and whether its identity is of
/// `trust_domain`, if one is named.
fn lint_together(
    party: &Credential,
    trust_domain: Option<&str>,
    now: SystemTime,
) -> Result<Vec<CertificateFinding>, IdentityError> {
    let Some(first) = party.chain.first() else { return Ok(Vec::new()) };
    let finding = |rule, message| CertificateFinding { rule, place: None, message };
    let mut findings = Vec::new();
    let first = CertificateSummary::parse(first)?;
    // The verifier gives a path up that is too long, which has a rule of its own.
    let is_too_long = party.chain.len() > MOST_INTERMEDIATES + 1;
    if !party.roots.is_empty() && !is_too_long {
        let problem = if first.is_ca { by_names(party)? } else { by_signatures(party, now) };
        findings.extend(problem.map(|problem| finding(&rules::NO_PATH, problem)));
    }
    if let (Some(expected), Ok(leaf)) = (trust_domain, Leaf::try_from(first))
        && leaf.id.trust_domain() != expected
    {
        let message = format!("expected an identity of the trust domain {expected}, found {}", leaf.id);
        findings.push(finding(&rules::OTHER_TRUST_DOMAIN, message));
    }
    Ok(findings)
}

/// What the verifier of the wire says of a leaf's path. It says nothing of one that it does not come to, because the leaf
/// has another fault, which has a rule of its own.
fn by_signatures(party: &Credential, now: SystemTime) -> Option<String> {
    let bundle = TrustBundle { trust_domain: String::new(), roots: party.roots.clone() };
    let question = Question {
        role: Role::Server,
        bundle: Arc::new(bundle),
        expected: Expected::OurTrustDomain(Vec::new()),
        revocations: Arc::default(),
        at: now,
    };
    let acceptance = question.ask(&party.chain).ok()?;
    acceptance.checks.into_iter().find_map(|(check, found)| match (check, found) {
        (Checked::Path, Found::Bad(cause)) => Some(cause.to_string()),
        _ => None,
    })
}

/// The path of a CA, which no handshake shows by itself: by names and key identifiers only.
fn by_names(party: &Credential) -> Result<Option<String>, IdentityError> {
    let read = |list: &[_]| list.iter().map(SignerCertificate::parse).collect::<Result<Vec<_>, _>>();
    let (chain, roots) = (read(&party.chain)?, read(&party.roots)?);
    for (place, own) in chain.iter().enumerate() {
        let named = |above: &&SignerCertificate| above.subject_der == own.issuer_der;
        let above: Vec<_> = chain.iter().skip(place + 1).chain(&roots).filter(named).collect();
        let issuer = &own.summary.issuer;
        if above.is_empty() {
            let found = roots.iter().map(|root| root.summary.subject.as_str()).collect::<Vec<_>>().join(", ");
            return Ok(Some(format!(
                "expected a certificate of \"{issuer}\" among the roots, found {found}"
            )));
        }
        let wanted = own.summary.issuer_key_id.as_ref();
        let has_key = |above: &&SignerCertificate| match (wanted, above.summary.key_id.as_ref()) {
            (Some(wanted), Some(key_id)) => wanted == key_id,
            _ => true,
        };
        if !above.iter().any(has_key) {
            let wanted = wanted.map(String::as_str).unwrap_or_default();
            return Ok(Some(format!(
                "expected the key {wanted} behind the name \"{issuer}\", found another key"
            )));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Authority, AuthorityOptions, Bend, Profile};

    fn found(party: &Credential, trust_domain: Option<&str>) -> Vec<&'static str> {
        let findings = lint_together(party, trust_domain, SystemTime::now()).unwrap();
        findings.iter().map(|finding| finding.rule.id).collect()
    }

    #[test]
    fn a_chain_is_held_against_the_roots_beside_it() {
        let options = AuthorityOptions { intermediate: true, ..AuthorityOptions::default() };
        let authority = Authority::generate(&options).unwrap();
        let check = |bend: Bend, expect: &[&str]| {
            let id = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
            let svid = authority.issue_bent(&Profile { id, bend }).unwrap();
            let party = Credential { chain: svid.chain.clone(), roots: svid.bundle.roots.clone(), key: None };
            assert_eq!(found(&party, Some("cluster.local")), expect, "{bend:?}");
            let rootless = Credential { roots: Vec::new(), ..party };
            assert!(!found(&rootless, None).contains(&"no-path"));
        };
        for bend in [Bend::Straight, Bend::Expired, Bend::ServerOnly, Bend::WithRoot, Bend::TwoUriSans] {
            check(bend, &[]);
        }
        for bend in [Bend::OtherRoot, Bend::SameNameRoot, Bend::MissingIntermediate] {
            check(bend, &["no-path"]);
        }
        check(Bend::OtherTrustDomain, &["other-trust-domain"]);
    }

    #[test]
    fn a_ca_is_held_against_its_roots_too() {
        let generate = |intermediate| {
            Authority::generate(&AuthorityOptions { intermediate, ..AuthorityOptions::default() }).unwrap()
        };
        let id = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
        let (one, other) = (generate(true), generate(false));
        let ca = one.issue_now(&id).unwrap().chain.split_off(1);
        let with = |roots| Credential { chain: ca.clone(), roots, key: None };
        assert_eq!(found(&with(one.bundle().roots.clone()), None), [""; 0]);
        assert_eq!(
            found(&with(other.bundle().roots.clone()), None),
            ["no-path"],
            "the same name, another key"
        );
        let elsewhere =
            AuthorityOptions { trust_domain: "else.where".to_owned(), ..AuthorityOptions::default() };
        let elsewhere = Authority::generate(&elsewhere).unwrap();
        assert_eq!(found(&with(elsewhere.bundle().roots.clone()), None), ["no-path"]);
    }
}
