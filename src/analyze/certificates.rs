//! [`lint`]: what is wrong with a list of certificates as somebody means to use it.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::analyze::certificate_rules as rules;
use crate::analyze::certificate_rules::CertificateRule;
use crate::identity::{CertificateDer, CertificateSummary, IdentityError, Leaf, Material, SignerCertificate};
use crate::tls::fits;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Less than this left of a CA is soon: replacing a root takes people, not a timer.
const CA_SOON: Duration = Duration::from_secs(30 * 24 * 3600);
/// istiod's MAX_WORKLOAD_CERT_TTL is 90 days.
const LONGEST_LEAF: Duration = Duration::from_secs(90 * 24 * 3600);
/// webpki's MAX_SUB_CA_COUNT.
pub(crate) const MOST_INTERMEDIATES: usize = 6;

/// What a certificate is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateRole {
    /// A workload shows it.
    Workload,
    /// It stands between a workload's and the root.
    Intermediate,
    /// It is trusted.
    Root,
}

/// A word that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected workload, intermediate or root, found `{}`", found.escape_debug())]
pub struct UnknownRole {
    /// What was given.
    pub found: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFinding {
    /// Which rule it breaks.
    pub rule: &'static CertificateRule,
    /// Which certificate, from 0; `None` for the list as a whole.
    pub place: Option<usize>,
    /// What was expected, and what was found.
    pub message: String,
}

impl FromStr for CertificateRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        match text {
            "workload" | "leaf" => Ok(Self::Workload),
            "intermediate" => Ok(Self::Intermediate),
            "root" => Ok(Self::Root),
            other => Err(UnknownRole { found: other.to_owned() }),
        }
    }
}

impl fmt::Display for CertificateRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workload => "workload",
            Self::Intermediate => "intermediate",
            Self::Root => "root",
        })
    }
}

/// All findings about what one file holds, certificate by certificate, then those about the whole. Without `role`, each is
/// taken for what its place and its own words make it.
///
/// # Errors
///
/// [`IdentityError::UnreadableCertificate`].
pub fn lint(
    material: &Material,
    role: Option<CertificateRole>,
    now: SystemTime,
) -> Result<Vec<CertificateFinding>, IdentityError> {
    let read: Vec<SignerCertificate> =
        material.certificates.iter().map(SignerCertificate::parse).collect::<Result<_, _>>()?;
    let roles: Vec<_> = (0..read.len()).map(|place| role.unwrap_or_else(|| role_of(&read, place))).collect();
    let mut findings = Findings::default();
    for (place, (certificate, role)) in read.iter().zip(&roles).enumerate() {
        findings.place = Some(place);
        findings.about_any(&certificate.summary);
        match role {
            CertificateRole::Workload => findings.about_workload(&certificate.summary, now),
            CertificateRole::Intermediate => findings.about_ca(&certificate.summary, now),
            CertificateRole::Root => findings.about_root(certificate, now),
        }
    }
    findings.place = None;
    findings.about_list(&material.certificates, &read, &roles);
    if let (Some(key), false) = (&material.key, read.is_empty())
        && let Err(error) = fits(&material.certificates, key)
    {
        findings
            .add(&rules::KEY_MISMATCH, format!("the key is not that of certificate 1: {}", error.cause()));
    }
    Ok(findings.all)
}

fn role_of(read: &[SignerCertificate], place: usize) -> CertificateRole {
    let Some(own) = read.get(place) else { return CertificateRole::Workload };
    let is_self_issued = own.subject_der == own.issuer_der;
    let is_above = read.iter().take(place).any(|below| below.issuer_der == own.subject_der);
    match own.summary.is_ca {
        _ if place == 0 && !own.summary.uris.is_empty() => CertificateRole::Workload,
        true if is_self_issued => CertificateRole::Root,
        false if !is_above => CertificateRole::Workload,
        _ => CertificateRole::Intermediate,
    }
}

#[derive(Default)]
struct Findings {
    place: Option<usize>,
    all: Vec<CertificateFinding>,
}

impl Findings {
    fn add(&mut self, rule: &'static CertificateRule, message: String) {
        self.all.push(CertificateFinding { rule, place: self.place, message });
    }

    fn about_any(&mut self, said: &CertificateSummary) {
        let bits = said.public_key.strip_prefix("RSA ").and_then(|bits| bits.parse::<u32>().ok());
        match bits {
            Some(bits @ 0..2048) => {
                self.add(&rules::WEAK_RSA, format!("expected RSA 2048 or more, found {bits}"))
            }
            Some(bits @ 8193..) => {
                self.add(&rules::HUGE_RSA, format!("expected RSA 8192 or less, found {bits}"))
            }
            _ if said.public_key == "Ed25519" => {
                self.add(&rules::ED25519, "expected an ECDSA or RSA key, found Ed25519".to_owned());
            }
            _ => {}
        }
    }

    fn about_workload(&mut self, said: &CertificateSummary, now: SystemTime) {
        match Leaf::try_from(said.clone()) {
            Ok(_) => {}
            Err(error @ IdentityError::NoUriSan { .. })
                if said.subject.is_empty() && said.other_names.is_empty() =>
            {
                self.add(&rules::NO_NAME, error.to_string());
            }
            Err(error @ IdentityError::NoUriSan { .. }) => self.add(&rules::NO_URI_SAN, error.to_string()),
            Err(error @ IdentityError::SeveralUriSans { .. }) => {
                self.add(&rules::SEVERAL_URI_SANS, error.to_string());
            }
            Err(error @ IdentityError::LeafIsCa { .. }) => self.add(&rules::LEAF_IS_CA, error.to_string()),
            Err(error @ IdentityError::LeafMaySign { .. }) => {
                self.add(&rules::LEAF_MAY_SIGN, error.to_string())
            }
            Err(error) => self.add(&rules::NOT_ISTIO, error.to_string()),
        }
        for (word, rule) in [("clientAuth", &rules::NO_CLIENT_AUTH), ("serverAuth", &rules::NO_SERVER_AUTH)] {
            if lacks(&said.extended_key_usage, word) {
                self.add(rule, format!("expected {word}, found {}", said.extended_key_usage));
            }
        }
        if lacks(&said.key_usage, "digitalSignature") {
            let message = format!("expected digitalSignature, found {}", said.key_usage);
            self.add(&rules::NO_DIGITAL_SIGNATURE, message);
        }
        if said.subject.is_empty()
            && !said.names_critical
            && !(said.uris.is_empty() && said.other_names.is_empty())
        {
            let message =
                "the subject is empty: expected critical names, found names that are not".to_owned();
            self.add(&rules::NAMES_NOT_CRITICAL, message);
        }
        let life = said.not_after.duration_since(said.not_before).unwrap_or_default();
        if life > LONGEST_LEAF {
            let days = life.as_secs() / DAY.as_secs();
            self.add(&rules::LONG_LIVED, format!("expected at most 90 days, found {days}"));
        }
        self.dates(said, now, (&rules::EXPIRED, life / 10));
    }

    fn about_ca(&mut self, said: &CertificateSummary, now: SystemTime) {
        self.signs(said);
        for (word, rule) in
            [("clientAuth", &rules::CA_NO_CLIENT_AUTH), ("serverAuth", &rules::CA_NO_SERVER_AUTH)]
        {
            if lacks(&said.extended_key_usage, word) {
                let found = &said.extended_key_usage;
                self.add(
                    rule,
                    format!("expected no extended key usage on a CA, found {found} without {word}"),
                );
            }
        }
        self.dates(said, now, (&rules::EXPIRED, CA_SOON));
    }

    fn about_root(&mut self, certificate: &SignerCertificate, now: SystemTime) {
        let said = &certificate.summary;
        self.signs(said);
        if certificate.subject_der != certificate.issuer_der {
            let message =
                format!("expected a certificate that signed itself, found one issued by \"{}\"", said.issuer);
            self.add(&rules::ROOT_NOT_SELF_SIGNED, message);
        }
        self.dates(said, now, (&rules::EXPIRED_ROOT, CA_SOON));
    }

    fn signs(&mut self, said: &CertificateSummary) {
        if !said.is_ca {
            self.add(&rules::NOT_A_CA, "expected CA:TRUE, found CA:FALSE".to_owned());
        } else if lacks(&said.key_usage, "keyCertSign") {
            self.add(&rules::CA_MAY_NOT_SIGN, format!("expected keyCertSign, found {}", said.key_usage));
        }
    }

    fn dates(
        &mut self,
        said: &CertificateSummary,
        now: SystemTime,
        (expired, soon): (&'static CertificateRule, Duration),
    ) {
        let seconds = |span: Duration| format!("{} s", span.as_secs());
        match (said.not_before.duration_since(now), said.not_after.duration_since(now)) {
            (Ok(ahead), _) if !ahead.is_zero() => {
                self.add(
                    &rules::NOT_YET_VALID,
                    format!("expected one that is valid now, found one that begins in {}", seconds(ahead)),
                );
            }
            (_, Err(over)) => {
                self.add(
                    expired,
                    format!(
                        "expected one that is valid now, found one that ended {} ago",
                        seconds(over.duration())
                    ),
                );
            }
            (_, Ok(left)) if left < soon => {
                self.add(&rules::EXPIRES_SOON, format!("it ends in {}", seconds(left)));
            }
            _ => {}
        }
    }

    /// What only shows when the certificates are seen together.
    fn about_list(&mut self, ders: &[CertificateDer], read: &[SignerCertificate], roles: &[CertificateRole]) {
        for (place, der) in ders.iter().enumerate() {
            if let Some(first) = ders.iter().take(place).position(|earlier| earlier == der) {
                self.add(
                    &rules::DUPLICATE,
                    format!("certificate {} is certificate {} again", place + 1, first + 1),
                );
            }
        }
        self.roots_of_one_name(read, roles);
        if roles.first() != Some(&CertificateRole::Workload) || roles.len() < 2 {
            return;
        }
        if let Some(root) = roles.iter().position(|role| *role == CertificateRole::Root) {
            self.add(
                &rules::ROOT_SENT,
                format!("expected a chain without its root, found it as certificate {}", root + 1),
            );
        }
        let count = roles.iter().filter(|role| **role == CertificateRole::Intermediate).count();
        if count > MOST_INTERMEDIATES {
            self.add(
                &rules::LONG_CHAIN,
                format!("expected at most {MOST_INTERMEDIATES} intermediates, found {count}"),
            );
        }
        let breaks = |pair: &[SignerCertificate]| matches!(pair, [below, above] if below.issuer_der != above.subject_der);
        if let Some(place) = read.windows(2).position(breaks) {
            let message =
                format!("expected the issuer of certificate {} behind it, found another", place + 1);
            self.add(&rules::CHAIN_ORDER, message);
        }
    }

    fn roots_of_one_name(&mut self, read: &[SignerCertificate], roles: &[CertificateRole]) {
        let roots: Vec<_> = read
            .iter()
            .zip(roles)
            .filter(|(_, role)| **role == CertificateRole::Root)
            .map(|(root, _)| root)
            .collect();
        for (place, root) in roots.iter().enumerate() {
            let is_twin = |other: &&&SignerCertificate| {
                other.subject_der == root.subject_der && other.public_key_der != root.public_key_der
            };
            if roots.iter().take(place).any(|other| is_twin(&other)) {
                let message =
                    format!("expected one key behind the name \"{}\", found two", root.summary.subject);
                self.add(&rules::SAME_NAME_ROOTS, message);
            }
        }
    }
}

/// Whether a usage is there and has no such word; without any usage everything is allowed.
fn lacks(usage: &str, word: &str) -> bool {
    let mut words = usage.split([' ', ',']);
    usage != "none" && !words.any(|found| found == word || found == "any")
}

#[cfg(test)]
mod tests;
