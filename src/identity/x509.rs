//! [`CertificateSummary`] and [`Leaf`]: what a certificate says, without trusting it.

use std::time::{Duration, SystemTime};

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use crate::identity::der::CertificateDer;
use crate::identity::error::IdentityError;
use crate::identity::spiffe::SpiffeId;

/// What any certificate says about itself, for people and for checks; nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSummary {
    /// The subject name (`O=cluster.local`), empty for a workload.
    pub subject: String,
    /// The issuer's name.
    pub issuer: String,
    /// The serial number in lower-case hexadecimal.
    pub serial: String,
    /// The first moment of validity.
    pub not_before: SystemTime,
    /// The last moment of validity.
    pub not_after: SystemTime,
    /// The URIs among the subject alternative names, in order.
    pub uris: Vec<String>,
    /// The other subject alternative names, in words (`DNS web.example`).
    pub other_names: Vec<String>,
    /// Whether the subject alternative names are marked critical (RFC 5280 §4.2.1.6, for an empty subject).
    pub names_critical: bool,
    /// Whether basicConstraints say CA:TRUE.
    pub is_ca: bool,
    /// Whether keyUsage has keyCertSign or cRLSign.
    pub may_sign: bool,
    /// The key usage in words (`digitalSignature keyEncipherment, critical`), `none` without the extension.
    pub key_usage: String,
    /// The extended key usage in words (`serverAuth clientAuth`), `none` without the extension.
    pub extended_key_usage: String,
    /// The kind of public key: `P-256`, `RSA 2048`.
    pub public_key: String,
    /// The subject key identifier in lower-case hexadecimal.
    pub key_id: Option<String>,
    /// The identifier of the issuer's key in lower-case hexadecimal.
    pub issuer_key_id: Option<String>,
}

/// A certificate that has the shape of a workload's: exactly one identity, and no power to sign.
///
/// Having the shape says nothing about who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The identity that the certificate carries.
    pub id: SpiffeId,
    /// Everything else it says.
    pub certificate: CertificateSummary,
}

impl CertificateSummary {
    /// Reads one certificate.
    ///
    /// # Errors
    ///
    /// [`IdentityError::UnreadableCertificate`] when the bytes are not exactly one certificate.
    pub fn parse(der: &CertificateDer) -> Result<Self, IdentityError> {
        summarize(&read(der)?).map_err(|problem| unreadable(der, problem))
    }
}

impl Leaf {
    /// Reads one certificate and holds it against X509-SVID §2 (one URI SAN) and §4 (no CA, may not sign).
    ///
    /// # Errors
    ///
    /// What is wrong with it, in this order: unreadable, no URI, several URIs, no SPIFFE ID, a CA, may sign.
    pub fn parse(der: &CertificateDer) -> Result<Self, IdentityError> {
        Self::try_from(CertificateSummary::parse(der)?)
    }
}

impl TryFrom<CertificateSummary> for Leaf {
    type Error = IdentityError;

    fn try_from(certificate: CertificateSummary) -> Result<Self, IdentityError> {
        let id: SpiffeId = match certificate.uris.as_slice() {
            [] => return Err(IdentityError::NoUriSan { found: certificate.other_names }),
            [uri] => uri.parse()?,
            _ => return Err(IdentityError::SeveralUriSans { found: certificate.uris }),
        };
        if certificate.is_ca {
            return Err(IdentityError::LeafIsCa { id: id.to_string() });
        }
        if certificate.may_sign {
            return Err(IdentityError::LeafMaySign { id: id.to_string(), found: certificate.key_usage });
        }
        Ok(Self { id, certificate })
    }
}

/// Parses DER; bytes after the certificate are refused, because somebody else might read those.
pub(crate) fn read(der: &CertificateDer) -> Result<X509Certificate<'_>, IdentityError> {
    match x509_parser::parse_x509_certificate(der.as_bytes()) {
        Ok(([], certificate)) => Ok(certificate),
        Ok((rest, _)) => Err(unreadable(der, format!("{} bytes follow the certificate", rest.len()))),
        Err(problem) => Err(unreadable(der, problem)),
    }
}

/// A distinguished name as people write it (`O=cluster.local`); `None` when the DER bytes are none.
pub fn name_text(der: &[u8]) -> Option<String> {
    match X509Name::from_der(der) {
        Ok(([], name)) => Some(name.to_string()),
        _ => None,
    }
}

/// The error for bytes that do not parse.
pub(crate) fn unreadable(der: &CertificateDer, problem: impl ToString) -> IdentityError {
    IdentityError::UnreadableCertificate { length: der.as_bytes().len(), problem: problem.to_string() }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn summarize(x509: &X509Certificate<'_>) -> Result<CertificateSummary, x509_parser::error::X509Error> {
    let names = x509.subject_alternative_name()?;
    let (uris, other_names) =
        names.as_ref().map_or_else(Default::default, |names| sort(&names.value.general_names));
    let key_usage = x509.key_usage()?;
    Ok(CertificateSummary {
        subject: x509.subject().to_string(),
        issuer: x509.issuer().to_string(),
        serial: hex(x509.raw_serial()).trim_start_matches('0').to_owned(),
        not_before: system_time(x509.validity().not_before),
        not_after: system_time(x509.validity().not_after),
        uris,
        other_names,
        names_critical: names.is_some_and(|names| names.critical),
        is_ca: x509.basic_constraints()?.is_some_and(|constraints| constraints.value.ca),
        may_sign: key_usage
            .as_ref()
            .is_some_and(|usage| usage.value.key_cert_sign() || usage.value.crl_sign()),
        key_usage: key_usage.map_or_else(none, |usage| usage_text(usage.value, usage.critical)),
        extended_key_usage: x509.extended_key_usage()?.map_or_else(none, |usage| purposes(usage.value)),
        public_key: public_key(x509),
        key_id: key_id(x509),
        issuer_key_id: issuer_key_id(x509),
    })
}

fn none() -> String {
    "none".to_owned()
}

/// URIs apart from every other name.
fn sort(names: &[GeneralName<'_>]) -> (Vec<String>, Vec<String>) {
    let mut uris = Vec::new();
    let mut others = Vec::new();
    for name in names {
        match name {
            GeneralName::URI(uri) => uris.push((*uri).to_owned()),
            GeneralName::DNSName(dns) => others.push(format!("DNS {dns}")),
            GeneralName::RFC822Name(email) => others.push(format!("email {email}")),
            GeneralName::IPAddress(bytes) => others.push(format!("IP {}", hex(bytes))),
            // A URI that is no text counts as one, so that it cannot hide beside a good one.
            GeneralName::Invalid(tag, bytes) if tag.0 == 6 => uris.push(format!("(not text) {}", hex(bytes))),
            other => others.push(format!("{other:?}")),
        }
    }
    (uris, others)
}

fn usage_text(usage: &KeyUsage, critical: bool) -> String {
    let names = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
    ];
    let text = chosen(&names);
    if critical { format!("{text}, critical") } else { text }
}

fn purposes(usage: &ExtendedKeyUsage<'_>) -> String {
    chosen(&[
        (usage.any, "any"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
        (!usage.other.is_empty(), "other"),
    ])
}

fn chosen(names: &[(bool, &str)]) -> String {
    names.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

/// The kind of key; curves by their object identifiers (RFC 5480 §2.1.1.1, RFC 8410 §3), since sizes are ambiguous.
fn public_key(x509: &X509Certificate<'_>) -> String {
    let algorithm = &x509.public_key().algorithm;
    if let Ok(PublicKey::RSA(key)) = x509.public_key().parsed() {
        return format!("RSA {}", key.key_size());
    }
    let curve = algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    let oid = curve.as_ref().unwrap_or(&algorithm.algorithm).to_id_string();
    match oid.as_str() {
        "1.2.840.10045.3.1.7" => "P-256".to_owned(),
        "1.3.132.0.34" => "P-384".to_owned(),
        "1.3.132.0.35" => "P-521".to_owned(),
        "1.3.101.112" => "Ed25519".to_owned(),
        _ => format!("algorithm {oid}"),
    }
}

fn key_id(x509: &X509Certificate<'_>) -> Option<String> {
    x509.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(hex(id.0)),
        _ => None,
    })
}

fn issuer_key_id(x509: &X509Certificate<'_>) -> Option<String> {
    x509.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| hex(id.0)),
        _ => None,
    })
}

/// Dates before 1970 become 1970: no certificate of a mesh is that old, and `SystemTime` stays in range.
pub(crate) fn system_time(time: ASN1Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0))
}
