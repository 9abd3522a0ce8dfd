//! [`Authority`]: a root, perhaps an intermediate, and issuing under them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{Certificate, DnType, DnValue, Issuer as Signer, KeyIdMethod, KeyPair, PublicKeyData as _};

use crate::ca::error::CaError;
use crate::ca::profile::{Profile, Validity, authority_params};
use crate::identity::{
    BoxFuture, CertificateDer, CertificateSummary, Clock, IdentityError, Issuer, NameAttribute, NameString,
    PrivateKeyDer, SignerCertificate, SpiffeId, Svid, TrustBundle, encode_key, parse_certificates, parse_key,
};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The lifetime of a root: istiod's self-signed root lives ten years.
pub(crate) const ROOT_LIFE: Duration = Duration::from_secs(3650 * 24 * 3600);
/// The lifetime of an intermediate: Istio's certificate tools give it two years.
pub(crate) const INTERMEDIATE_LIFE: Duration = Duration::from_secs(730 * 24 * 3600);

/// What an authority needs to know.
#[derive(Clone, Debug)]
pub struct AuthorityOptions {
    /// The trust domain it signs for.
    pub trust_domain: String,
    /// How long a workload's certificate lives; 24 h as in Istio.
    pub ttl: Duration,
    /// How long the root lives; 3650 days as istiod's own.
    pub root_ttl: Duration,
    /// How far back a certificate's validity begins, for clocks that differ; 2 min as in Istio.
    pub backdate: Duration,
    /// Whether an intermediate stands between root and workloads. The root's key is then forgotten.
    pub intermediate: bool,
}

/// A certificate authority for one trust domain. Each certificate it issues has a key of its own.
pub struct Authority {
    pub(crate) signer: Signer<'static, KeyPair>,
    pub(crate) certificate: SignerCertificate,
    /// The signer's own certificate, and those up to the root.
    pub(crate) path: Vec<CertificateDer>,
    bundle: Arc<TrustBundle>,
    ttl: Duration,
    backdate: Duration,
    clock: Clock,
}

impl Default for AuthorityOptions {
    fn default() -> Self {
        Self {
            trust_domain: "cluster.local".to_owned(),
            ttl: DAY,
            root_ttl: ROOT_LIFE,
            backdate: Duration::from_secs(120),
            intermediate: false,
        }
    }
}

impl Authority {
    /// A new authority with fresh ECDSA P-256 keys, in memory.
    ///
    /// # Errors
    ///
    /// [`CaError::Generate`] when the library cannot make keys or certificates.
    pub fn generate(options: &AuthorityOptions) -> Result<Self, CaError> {
        let now = SystemTime::now();
        let root_key = new_key()?;
        let lives = |life| Validity { not_before: now - options.backdate, not_after: now + life };
        let params = authority_params(&options.trust_domain, None, lives(options.root_ttl));
        let root = generated(params.self_signed(&root_key))?;
        if !options.intermediate {
            return Self::assemble(options, root_key, vec![root.clone()], vec![root]);
        }
        let root_signer = Signer::new(params, root_key);
        let key = new_key()?;
        let params =
            authority_params(&options.trust_domain, Some("Intermediate CA"), lives(INTERMEDIATE_LIFE));
        let intermediate = generated(params.signed_by(&key, &root_signer))?;
        Self::assemble(options, key, vec![intermediate], vec![root])
    }

    /// An authority from PEM texts: its certificate, its PKCS#8 key (ECDSA or RSA), certificates up to the root
    /// (which may repeat both, as Istio's `cert-chain.pem` does), and the root.
    ///
    /// # Errors
    ///
    /// What does not fit: see the variants of [`CaError`].
    pub fn from_pem(
        options: &AuthorityOptions,
        [certificate, key, chain, root]: [&[u8]; 4],
    ) -> Result<Self, CaError> {
        let mut path = parse_certificates("the CA certificate", certificate)?;
        path.truncate(1);
        for der in parse_certificates("the CA's certificate chain", chain)? {
            if !path.contains(&der) {
                path.push(der);
            }
        }
        let key = parse_key("the CA key", key)?;
        let roots = parse_certificates("the root certificate", root)?;
        Self::assemble(options, key_pair(&key)?, path, roots)
    }

    /// An authority from its parts; `path` is the signer's own certificate and those up to the root.
    pub(crate) fn assemble(
        options: &AuthorityOptions,
        key: KeyPair,
        path: Vec<CertificateDer>,
        roots: Vec<CertificateDer>,
    ) -> Result<Self, CaError> {
        let own = path.first().ok_or_else(|| IdentityError::EmptyChain { id: "the CA".to_owned() })?;
        let certificate = SignerCertificate::parse(own)?;
        check_signer(&certificate, &key)?;
        check_path(&path, &roots)?;
        let authority = Self {
            signer: Signer::new(signer_params(&certificate)?, key),
            certificate,
            path,
            bundle: Arc::new(TrustBundle { trust_domain: options.trust_domain.clone(), roots }),
            ttl: options.ttl,
            backdate: options.backdate,
            clock: Clock::default(),
        };
        authority.check_subject()?;
        Ok(authority)
    }

    /// Whom the authority's workloads trust.
    pub fn bundle(&self) -> Arc<TrustBundle> {
        Arc::clone(&self.bundle)
    }

    /// The clock by which it issues, which may be set wrong, or to a later time together with all others.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Issues for `id`, valid from now.
    ///
    /// # Errors
    ///
    /// [`CaError::Expired`] when the CA itself has expired, and [`CaError::Generate`].
    pub fn issue_now(&self, id: &SpiffeId) -> Result<Svid, CaError> {
        self.issue_at(id, self.clock.now())
    }

    /// Issues for `id` as if the time were `now`.
    ///
    /// # Errors
    ///
    /// As [`Authority::issue_now`].
    pub fn issue_at(&self, id: &SpiffeId, now: SystemTime) -> Result<Svid, CaError> {
        self.issue(&Profile::straight(id.clone()), now)
    }

    pub(crate) fn issue(&self, profile: &Profile, now: SystemTime) -> Result<Svid, CaError> {
        self.issue_with(profile, now, new_key()?)
    }

    /// The same, for a key of any kind.
    pub(crate) fn issue_with(
        &self,
        profile: &Profile,
        now: SystemTime,
        key: KeyPair,
    ) -> Result<Svid, CaError> {
        let validity = self.validity(now, self.ttl)?;
        let leaf = generated(profile.params(validity, now)?.signed_by(&key, &self.signer))?;
        let summary = CertificateSummary::parse(&leaf)?;
        Ok(Svid {
            id: profile.id.clone(),
            chain: std::iter::once(leaf).chain(self.intermediates()).collect(),
            key: PrivateKeyDer::from_pkcs8(key.serialize_der()),
            bundle: self.bundle(),
            serial: summary.serial,
            not_before: summary.not_before,
            not_after: summary.not_after,
        })
    }

    /// What a CA beside or below this one has in common with it.
    pub(crate) fn options(&self) -> AuthorityOptions {
        AuthorityOptions {
            trust_domain: self.bundle.trust_domain.clone(),
            ttl: self.ttl,
            root_ttl: ROOT_LIFE,
            backdate: self.backdate,
            intermediate: false,
        }
    }

    /// A certificate never outlives its signer: a verifier would refuse it then without saying why.
    pub(crate) fn validity(&self, now: SystemTime, life: Duration) -> Result<Validity, CaError> {
        let ends = self.certificate.summary.not_after;
        if let Ok(ago) = now.duration_since(ends) {
            let subject = self.certificate.summary.subject.clone();
            return Err(CaError::Expired { subject, seconds: ago.as_secs() });
        }
        Ok(Validity { not_before: now - self.backdate, not_after: ends.min(now + life.min(self.ttl)) })
    }

    /// What is sent beside a leaf: everything up to the root, without the root (reference/failures.md B 28).
    pub(crate) fn intermediates(&self) -> impl Iterator<Item = CertificateDer> + '_ {
        self.path.iter().filter(|der| !self.bundle.roots.contains(der)).cloned()
    }

    /// Issues once on trial: a subject that rcgen writes differently would make every certificate an orphan.
    fn check_subject(&self) -> Result<(), CaError> {
        let subject = || self.certificate.summary.subject.clone();
        let trial = Profile::straight(trial_id(&self.bundle.trust_domain)?);
        let now = SystemTime::now();
        let leaf = generated(
            trial
                .params(Validity { not_before: now, not_after: now }, now)?
                .signed_by(&new_key()?, &self.signer),
        )?;
        let written = SignerCertificate::parse(&leaf)?.issuer_der;
        if written == self.certificate.subject_der {
            Ok(())
        } else {
            Err(CaError::Subject { subject: subject() })
        }
    }

    /// The signing key as PEM: the secret itself, for `store`.
    pub(crate) fn key_pem(&self) -> String {
        encode_key(&PrivateKeyDer::from_pkcs8(self.signer.key().serialize_der()))
    }
}

impl Issuer for Authority {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        Box::pin(async move {
            self.issue_now(id)
                .map_err(|source| IdentityError::Issuer { id: id.to_string(), source: Box::new(source) })
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({}, {:?})", self.bundle.trust_domain, self.certificate.summary.subject)
    }
}

fn trial_id(trust_domain: &str) -> Result<SpiffeId, IdentityError> {
    SpiffeId::new(trust_domain, "istio-system", "trial")
}

pub(crate) fn new_key() -> Result<KeyPair, CaError> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
        .map_err(|source| CaError::Generate { action: "generate a key", source })
}

pub(crate) fn generated(result: Result<Certificate, rcgen::Error>) -> Result<CertificateDer, CaError> {
    result
        .map(|certificate| CertificateDer::from(certificate.der().as_ref()))
        .map_err(|source| CaError::Generate { action: "sign a certificate", source })
}

/// The key in the library's form.
pub(crate) fn key_pair(key: &PrivateKeyDer) -> Result<KeyPair, CaError> {
    KeyPair::try_from(key.secret_bytes())
        .map_err(|source| CaError::Generate { action: "use the CA key", source })
}

fn check_signer(certificate: &SignerCertificate, key: &KeyPair) -> Result<(), CaError> {
    let subject = certificate.summary.subject.clone();
    if !certificate.summary.is_ca {
        return Err(CaError::NotACa { subject });
    }
    if certificate.public_key_der != key.subject_public_key_info() {
        return Err(CaError::KeyMismatch { subject });
    }
    Ok(())
}

/// Every certificate of the path is named as issuer by the one before it, and a root by the last.
fn check_path(path: &[CertificateDer], roots: &[CertificateDer]) -> Result<(), CaError> {
    let roots: Vec<_> = roots.iter().map(SignerCertificate::parse).collect::<Result<_, _>>()?;
    let path: Vec<_> = path.iter().map(SignerCertificate::parse).collect::<Result<_, _>>()?;
    for (i, certificate) in path.iter().enumerate() {
        let above = path.get(i + 1).into_iter().chain(&roots);
        if !above.into_iter().any(|signer| signer.subject_der == certificate.issuer_der) {
            return Err(CaError::NoRoot {
                subject: certificate.summary.subject.clone(),
                expected: certificate.summary.issuer.clone(),
                found: roots.iter().map(|root| root.summary.subject.as_str()).collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(())
}

/// What rcgen needs of a signer: its name and the identifier of its key.
pub(crate) fn signer_params(certificate: &SignerCertificate) -> Result<rcgen::CertificateParams, CaError> {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for NameAttribute { oid, encoding, value } in &certificate.subject {
        let value = name_value(*encoding, value)
            .map_err(|source| CaError::Generate { action: "write the CA's name", source })?;
        params.distinguished_name.push(DnType::from_oid(oid), value);
    }
    if let Some(key_id) = &certificate.key_id {
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_id.clone());
    }
    Ok(params)
}

fn name_value(encoding: NameString, value: &str) -> Result<DnValue, rcgen::Error> {
    Ok(match encoding {
        NameString::Utf8 => DnValue::Utf8String(value.to_owned()),
        NameString::Printable => DnValue::PrintableString(value.try_into()?),
        NameString::Ia5 => DnValue::Ia5String(value.try_into()?),
    })
}

#[cfg(test)]
mod tests;
