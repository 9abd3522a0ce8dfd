//! [`Profile`]: what a certificate should say, and what of it is bent on purpose.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;

use crate::ca::bend::Bend;
use crate::ca::error::CaError;
use crate::identity::SpiffeId;

const HOUR: Duration = Duration::from_secs(3600);

/// One certificate to issue.
#[derive(Clone, Debug)]
pub struct Profile {
    /// For whom.
    pub id: SpiffeId,
    /// What is wrong with it.
    pub bend: Bend,
}

/// The times between which a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
}

impl Profile {
    /// A certificate with nothing wrong.
    pub fn straight(id: SpiffeId) -> Self {
        Self { id, bend: Bend::Straight }
    }

    /// The parameters of a leaf as istiod makes them, then bent.
    pub(crate) fn params(&self, straight: Validity, now: SystemTime) -> Result<CertificateParams, CaError> {
        let mut params = base(self.validity(straight, now));
        params.is_ca = IsCa::ExplicitNoCa;
        // An empty subject makes rcgen mark the names as critical (RFC 5280 §4.2.1.6).
        params.subject_alt_names = self.names()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        match self.bend {
            Bend::ServerOnly => params.extended_key_usages.truncate(1),
            Bend::ClientOnly => drop(params.extended_key_usages.remove(0)),
            Bend::CaFlag => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Bend::MaySign => params.key_usages.push(KeyUsagePurpose::KeyCertSign),
            _ => {}
        }
        Ok(params)
    }

    fn validity(&self, straight: Validity, now: SystemTime) -> Validity {
        match self.bend {
            Bend::Expired => Validity { not_before: now - 2 * HOUR, not_after: now - HOUR },
            Bend::NotYetValid => Validity { not_before: now + HOUR, not_after: now + 2 * HOUR },
            _ => straight,
        }
    }

    fn names(&self) -> Result<Vec<SanType>, CaError> {
        let (namespace, account) = (self.id.namespace(), self.id.service_account());
        Ok(match self.bend {
            Bend::NoUriSan => vec![SanType::DnsName(ascii(&format!("{account}.{namespace}.example"))?)],
            Bend::NoSan => Vec::new(),
            Bend::NotIstio => {
                vec![SanType::URI(ascii(&format!("spiffe://{}/app/{account}", self.id.trust_domain()))?)]
            }
            Bend::OtherTrustDomain => {
                vec![SanType::URI(ascii(&format!("spiffe://other.domain/ns/{namespace}/sa/{account}"))?)]
            }
            Bend::TwoUriSans => vec![
                SanType::URI(ascii(self.id.as_str())?),
                SanType::URI(ascii(&format!("{}-second", self.id))?),
            ],
            _ => vec![SanType::URI(ascii(self.id.as_str())?)],
        })
    }
}

/// The parameters of a CA certificate.
pub(crate) fn authority_params(
    trust_domain: &str,
    name: Option<&str>,
    validity: Validity,
) -> CertificateParams {
    let mut params = base(validity);
    params.distinguished_name.push(DnType::OrganizationName, trust_domain);
    if let Some(name) = name {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// rcgen's defaults are valid from 1975 to 4096 under a common name of its own, so all of it is set here.
fn base(validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = OffsetDateTime::from(validity.not_before);
    params.not_after = OffsetDateTime::from(validity.not_after);
    params.distinguished_name = DistinguishedName::new();
    params.serial_number = Some(serial());
    params.use_authority_key_identifier_extension = true;
    params
}

/// A positive number of 127 random bits without leading zeros (RFC 5280 §4.1.2.2 allows up to 20 bytes).
fn serial() -> SerialNumber {
    let random: u128 = rand::random();
    let positive = random & (u128::MAX >> 1) | 1 << 126;
    SerialNumber::from_slice(&positive.to_be_bytes())
}

fn ascii(text: &str) -> Result<rcgen::string::Ia5String, CaError> {
    text.try_into().map_err(|source| CaError::Generate { action: "write the certificate's names", source })
}
