//! [`SignerCertificate`]: what an issuer needs to know of a CA certificate that it did not make itself.

use x509_parser::asn1_rs::Tag;
use x509_parser::x509::X509Name;

use crate::identity::der::CertificateDer;
use crate::identity::error::IdentityError;
use crate::identity::x509::{CertificateSummary, read, unreadable};

/// A CA certificate in the parts that issuing copies or compares.
#[derive(Clone, Debug)]
pub struct SignerCertificate {
    /// What it says, for people and for checks.
    pub summary: CertificateSummary,
    /// Its subject, attribute by attribute, in order.
    pub subject: Vec<NameAttribute>,
    /// Its subject as DER: an issued certificate must repeat it byte for byte (RFC 5280 §7.1).
    pub subject_der: Vec<u8>,
    /// Its issuer as DER.
    pub issuer_der: Vec<u8>,
    /// Its subjectPublicKeyInfo as DER.
    pub public_key_der: Vec<u8>,
    /// Its subject key identifier, which an issued certificate names (RFC 5280 §4.2.1.1).
    pub key_id: Option<Vec<u8>>,
}

/// One attribute of a name, such as `O=cluster.local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAttribute {
    /// The attribute's object identifier, number by number.
    pub oid: Vec<u64>,
    /// How the value is encoded.
    pub encoding: NameString,
    /// The value.
    pub value: String,
}

/// The encodings of a name that occur in practice (RFC 5280 §4.1.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameString {
    /// UTF8String.
    Utf8,
    /// PrintableString.
    Printable,
    /// IA5String.
    Ia5,
}

impl SignerCertificate {
    /// Reads a CA certificate.
    ///
    /// # Errors
    ///
    /// [`IdentityError::UnreadableCertificate`] when it does not parse, or its subject has an encoding that is not taken.
    pub fn parse(der: &CertificateDer) -> Result<Self, IdentityError> {
        let x509 = read(der)?;
        Ok(Self {
            summary: CertificateSummary::parse(der)?,
            subject: attributes(x509.subject()).map_err(|problem| unreadable(der, problem))?,
            subject_der: x509.subject().as_raw().to_vec(),
            issuer_der: x509.issuer().as_raw().to_vec(),
            public_key_der: x509.public_key().raw.to_vec(),
            key_id: x509.iter_extensions().find_map(|extension| match extension.parsed_extension() {
                x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                _ => None,
            }),
        })
    }
}

fn attributes(name: &X509Name<'_>) -> Result<Vec<NameAttribute>, String> {
    name.iter_attributes()
        .map(|attribute| {
            let encoding = match attribute.attr_value().tag() {
                Tag::Utf8String => NameString::Utf8,
                Tag::PrintableString => NameString::Printable,
                Tag::Ia5String => NameString::Ia5,
                other => return Err(format!("the subject is encoded as {other:?}")),
            };
            let oid = attribute.attr_type().iter().map(Iterator::collect).unwrap_or_default();
            let value = attribute.as_str().map_err(|problem| problem.to_string())?.to_owned();
            Ok(NameAttribute { oid, encoding, value })
        })
        .collect()
}
