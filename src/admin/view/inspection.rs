//! Certificates as they were read, wherever they came from; nothing in them is verified.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::time::{nanoseconds, rfc3339};
use crate::identity::{CertificateDer, CertificateSummary, encode_certificates};
use crate::tls::Look;

/// What was found in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectionView {
    /// The file, or HOST:PORT.
    pub source: String,
    /// The handshake, if it was a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<LookView>,
    /// What else is in the file: the labels of keys and other blocks, never their content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// The certificates, in the order of the place.
    pub certificates: Vec<InspectedView>,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectedView {
    /// `leaf`, `intermediate` or `root`, by what it says.
    pub role: String,
    /// Its first URI, which is a workload's identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Its subject, which is empty for most workloads.
    pub subject: String,
    /// Its issuer's name.
    pub issuer: String,
    /// In lower-case hexadecimal.
    pub serial_number: String,
    /// The first moment of validity.
    pub not_before: String,
    /// The last moment of validity.
    pub not_after: String,
    /// Whether it is valid at the time of the answer.
    pub valid: bool,
    /// For how much longer; absent once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ns: Option<u64>,
    /// All URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
    /// All other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// `serverAuth clientAuth`, or `none`.
    pub extended_key_usage: String,
    /// `digitalSignature keyEncipherment, critical`, or `none`.
    pub key_usage: String,
    /// `P-256`, `RSA 2048`.
    pub public_key: String,
    /// Whether it says CA:TRUE.
    pub is_ca: bool,
    /// The identifier of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The identifier of its issuer's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_key_id: Option<String>,
    /// The certificate itself.
    pub pem: String,
}

/// A handshake that was made to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookView {
    /// `TLSv1.3`.
    pub version: String,
    /// The cipher suite.
    pub suite: String,
    /// The key exchange group.
    pub group: String,
    /// The application protocol that it chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// Whether it asks for a client certificate.
    pub asks_for_certificate: bool,
    /// The CAs that it names when it asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_authorities: Vec<String>,
    /// The alert that it sent after the handshake, as `certificate_required (116)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
}

impl InspectedView {
    /// What a certificate says of itself, at `now`.
    pub fn of(der: &CertificateDer, said: &CertificateSummary, now: SystemTime) -> Self {
        Self {
            role: role(said).to_owned(),
            identity: said.uris.first().cloned(),
            subject: said.subject.clone(),
            issuer: said.issuer.clone(),
            serial_number: said.serial.clone(),
            not_before: rfc3339(said.not_before),
            not_after: rfc3339(said.not_after),
            valid: (said.not_before..=said.not_after).contains(&now),
            expires_in_ns: said.not_after.duration_since(now).ok().map(nanoseconds),
            uris: said.uris.clone(),
            other_names: said.other_names.clone(),
            extended_key_usage: said.extended_key_usage.clone(),
            key_usage: said.key_usage.clone(),
            public_key: said.public_key.clone(),
            is_ca: said.is_ca,
            key_id: said.key_id.clone(),
            issuer_key_id: said.issuer_key_id.clone(),
            pem: encode_certificates(std::slice::from_ref(der)),
        }
    }
}

impl LookView {
    /// The handshake as the client saw it.
    pub fn of(look: &Look) -> Self {
        Self {
            version: look.version.to_owned(),
            suite: look.suite.to_owned(),
            group: look.group.to_owned(),
            alpn: look.alpn.as_deref().map(|alpn| String::from_utf8_lossy(alpn).into_owned()),
            asks_for_certificate: look.asks.is_some(),
            certificate_authorities: look.asks.clone().unwrap_or_default(),
            alert: look
                .refused
                .as_ref()
                .and_then(|refused| refused.alert_received())
                .map(|alert| alert.to_string()),
        }
    }
}

impl Kind for InspectionView {
    const KIND: &'static str = "Inspection";
}

/// A CA that names itself is a root; what is no CA is a leaf.
fn role(said: &CertificateSummary) -> &'static str {
    match (said.is_ca, said.subject == said.issuer) {
        (false, _) => "leaf",
        (true, true) => "root",
        (true, false) => "intermediate",
    }
}
