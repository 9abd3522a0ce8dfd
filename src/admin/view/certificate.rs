//! Certificates: what each identity shows and trusts, as `istioctl ztunnel-config certificates` lists it.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::time::rfc3339;
use crate::identity::{CertificateDer, CertificateSummary, Svid, encode_certificates};

/// One certificate that an identity holds. Never a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateView {
    /// The identity that holds it; a root is listed once for each identity that trusts it, as istioctl does.
    pub identity: String,
    /// `Leaf`, `Intermediate` or `Root`.
    #[serde(rename = "type")]
    pub role: String,
    /// `Available`, `Initializing`, or `Unavailable: ` and why.
    pub status: String,
    /// Whether it is valid at the time of the answer.
    pub valid: bool,
    /// In lower-case hexadecimal; empty while there is no certificate.
    pub serial_number: String,
    /// The first moment of validity.
    pub not_before: String,
    /// The last moment of validity.
    pub not_after: String,
    /// `P-256`, `RSA 2048`.
    pub public_key: String,
    /// The certificate itself; empty while there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pem: String,
}

impl CertificateView {
    /// All certificates of one SVID at `now`: the leaf, what signed it, and whom its owner trusts.
    pub fn of_svid(svid: &Svid, now: SystemTime) -> Vec<Self> {
        let identity = svid.id.to_string();
        let role = |position| if position == 0 { "Leaf" } else { "Intermediate" };
        let chain = svid.chain.iter().enumerate().map(|(position, der)| (der, role(position)));
        let roots = svid.bundle.roots.iter().map(|der| (der, "Root"));
        chain.chain(roots).map(|(der, role)| Self::of(&identity, role, der, now)).collect()
    }

    /// An identity without a certificate yet; `status` is ztunnel's word for why.
    pub fn missing(identity: &str, status: impl Into<String>) -> Self {
        Self {
            identity: identity.to_owned(),
            role: "NA".to_owned(),
            status: status.into(),
            valid: false,
            serial_number: String::new(),
            not_before: String::new(),
            not_after: String::new(),
            public_key: String::new(),
            pem: String::new(),
        }
    }

    fn of(identity: &str, role: &str, der: &CertificateDer, now: SystemTime) -> Self {
        let certificate = match CertificateSummary::parse(der) {
            Ok(certificate) => certificate,
            Err(error) => return Self::missing(identity, format!("Unavailable: {error}")),
        };
        Self {
            identity: identity.to_owned(),
            role: role.to_owned(),
            status: "Available".to_owned(),
            valid: (certificate.not_before..=certificate.not_after).contains(&now),
            serial_number: certificate.serial,
            not_before: rfc3339(certificate.not_before),
            not_after: rfc3339(certificate.not_after),
            public_key: certificate.public_key,
            pem: encode_certificates(std::slice::from_ref(der)),
        }
    }
}

impl Kind for CertificateView {
    const KIND: &'static str = "Certificate";
}
