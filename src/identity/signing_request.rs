//! [`SigningRequest`]: what somebody sends who wants a certificate for a key that stays with them (PKCS#10, RFC 2986).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;

use crate::identity::error::IdentityError;
use crate::identity::pem::{bad, blocks, labels};

const EXPECTED: &str = "one CERTIFICATE REQUEST block for a key on P-256";
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
/// ecdsa-with-SHA256 (RFC 5758 §3.2).
const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";
/// An uncompressed point on P-256: 0x04 and two coordinates (SEC 1 §2.3.3).
const POINT_BYTES: usize = 65;

/// A request as it was read; whether its signature is right is for `ca` to find out. The names in it are not looked at:
/// whoever signs says for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    /// What is signed, as DER.
    pub signed: Vec<u8>,
    /// The signature, ECDSA with SHA-256, as DER.
    pub signature: Vec<u8>,
    /// The key, as an uncompressed point on P-256.
    pub public_key: Vec<u8>,
}

impl SigningRequest {
    /// Reads a PEM text; `what` names it in errors.
    ///
    /// # Errors
    ///
    /// [`IdentityError::BadPem`] unless it is one request, for a key on P-256, signed with ECDSA and SHA-256.
    pub fn parse(what: &str, text: &[u8]) -> Result<Self, IdentityError> {
        let blocks = blocks(what, EXPECTED, text)?;
        let [only] = blocks.as_slice() else { return Err(bad(what, EXPECTED, labels(&blocks))) };
        if only.label != "CERTIFICATE REQUEST" {
            return Err(bad(what, EXPECTED, labels(&blocks)));
        }
        of_der(&only.contents).map_err(|found| bad(what, EXPECTED, found))
    }
}

fn of_der(der: &[u8]) -> Result<SigningRequest, String> {
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|problem| problem.to_string())?;
    let info = &request.certification_request_info;
    let kind = info.subject_pki.algorithm.algorithm.to_id_string();
    let signed_with = request.signature_algorithm.algorithm.to_id_string();
    let point = match info.subject_pki.parsed() {
        Ok(PublicKey::EC(point)) => point.data().to_vec(),
        _ => Vec::new(),
    };
    match (kind.as_str(), signed_with.as_str(), point.len()) {
        (EC_PUBLIC_KEY, ECDSA_WITH_SHA256, POINT_BYTES) if rest.is_empty() => Ok(SigningRequest {
            signed: info.raw.to_vec(),
            signature: request.signature_value.data.to_vec(),
            public_key: point,
        }),
        _ => Err(format!("a key of {kind}, {} bytes, signed with {signed_with}", point.len())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_request_is_said() {
        let check = |text: &str, says: &str| {
            let error = SigningRequest::parse("the body", text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("the body: expected one CERTIFICATE REQUEST"), "{error}");
            assert!(error.contains(says), "{error}");
        };
        check("hello", "found no PEM block");
        check("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "1 (CERTIFICATE)");
        check("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n", "found ");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _either = of_der(&bytes);
        }
    }
}
