//! [`IdentityError`]: why a name, a certificate or a key file is not taken.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::reason::{Reason, Side, shown};

/// Why an identity, a certificate or a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The text is no Istio SPIFFE ID.
    #[error("invalid spiffe identity: \"{}\": {problem}", shown(text))]
    NotSpiffe {
        /// What was found.
        text: String,
        /// Which rule it breaks.
        problem: SpiffeProblem,
    },
    /// The bytes are no X.509 certificate.
    #[error(
        "failed to parse X.509 certificate: expected DER of one certificate, found {length} bytes: {problem}"
    )]
    UnreadableCertificate {
        /// How many bytes there were.
        length: usize,
        /// What the parser says.
        problem: String,
    },
    /// The bytes are no certificate revocation list (RFC 5280 §5).
    #[error("{what}: expected a certificate revocation list, found {length} bytes: {problem}")]
    UnreadableRevocationList {
        /// Where they were found: a path, or words.
        what: String,
        /// How many bytes there were.
        length: usize,
        /// What the parser says.
        problem: String,
    },
    /// The certificate has no URI among its subject alternative names (X509-SVID §2).
    #[error("certificate has no SPIFFE identity: expected one URI SAN, found {}", listed(found))]
    NoUriSan {
        /// The other subject alternative names, in words (`DNS web.example`).
        found: Vec<String>,
    },
    /// The certificate has several URI SANs, so nobody can say which one policy should read (X509-SVID §2).
    #[error("certificate has several identities: expected exactly one URI SAN, found {}", listed(found))]
    SeveralUriSans {
        /// All of its URIs, in order.
        found: Vec<String>,
    },
    /// The leaf is a certificate authority (X509-SVID §4.1).
    #[error("certificate of {id} is a CA certificate: expected basicConstraints CA:FALSE, found CA:TRUE")]
    LeafIsCa {
        /// The identity it claims.
        id: String,
    },
    /// The leaf may sign other certificates or revocation lists (X509-SVID §4.3).
    #[error("certificate of {id} may sign: expected keyUsage without keyCertSign and cRLSign, found {found}")]
    LeafMaySign {
        /// The identity it claims.
        id: String,
        /// Its key usage, in words.
        found: String,
    },
    /// A PEM text lacks a block, has the wrong kind of block, or a block that does not decode.
    #[error("{what}: expected {expected}, found {found}")]
    BadPem {
        /// Which text: a path, or words.
        what: String,
        /// Which blocks are taken.
        expected: &'static str,
        /// What there was.
        found: String,
    },
    /// A key file that others can read (the finding of Cure53's SPIRE audit 2021: keys with mode 0644).
    #[error("private key {} is open to others: expected mode 0600, found {mode:04o}", path.display())]
    OpenKey {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that would be overwritten.
    #[error("refusing to overwrite {}: expected no such file, found one", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The issuer did not issue.
    #[error("signing error for {id}: expected a certificate, found: {source}")]
    Issuer {
        /// The identity that was asked for.
        id: String,
        /// What the issuer said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The issuer gave a certificate for somebody else (ztunnel checks the same after every signing).
    #[error("did not find expected SAN: expected {expected}, found {found}")]
    OtherIdentity {
        /// The identity that was asked for.
        expected: String,
        /// The identity in the certificate.
        found: String,
    },
    /// The issuer did not answer in time.
    #[error("signing error for {id}: expected a certificate within {after:?}, found no answer")]
    NoAnswer {
        /// The identity that was asked for.
        id: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The certificate expired while its renewal was under way.
    #[error(
        "the certificate of {id} has expired: expected its renewal before that, found the CA still at it"
    )]
    Expired {
        /// Whose certificate.
        id: String,
    },
    /// The issuer gave a certificate that is not valid now, while the old one is.
    #[error(
        "signing error for {id}: expected a certificate that is valid now, found one that {}",
        off(ahead)
    )]
    NotValidNow {
        /// The identity that was asked for.
        id: String,
        /// How far in the future it begins; `None` when it is over already.
        ahead: Option<Duration>,
    },
    /// The issuer gave no certificate at all.
    #[error("chain returned from CA is empty for: {id}: expected a leaf certificate, found none")]
    EmptyChain {
        /// The identity that was asked for.
        id: String,
    },
}

/// Which rule of SPIFFE-ID §2, or of Istio's shape of the path, a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpiffeProblem {
    /// Longer than 2048 bytes (SPIFFE-ID §2.3); the length is given.
    TooLong(usize),
    /// It does not start with `spiffe://` in lower case.
    Scheme,
    /// The trust domain is empty.
    EmptyTrustDomain,
    /// The trust domain is longer than 255 bytes (SPIFFE-ID §2.3); the length is given.
    LongTrustDomain(usize),
    /// A character that a trust domain must not have (SPIFFE-ID §2.1).
    TrustDomainCharacter(char),
    /// A path segment is empty: `//`, or a `/` at the end (SPIFFE-ID §2.2).
    EmptySegment,
    /// A path segment is `.` or `..` (SPIFFE-ID §2.2).
    DotSegment,
    /// A character that a path must not have (SPIFFE-ID §2.2): `%`, `?`, `#`, control characters and the like.
    PathCharacter(char),
    /// A legal SPIFFE ID, but not `/ns/NAMESPACE/sa/SERVICE_ACCOUNT`.
    NotIstio,
}

impl fmt::Display for SpiffeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => write!(f, "expected at most 2048 bytes, found {length}"),
            Self::Scheme => f.write_str("expected it to start with spiffe://"),
            Self::EmptyTrustDomain => f.write_str("expected a trust domain after spiffe://, found none"),
            Self::LongTrustDomain(length) => {
                write!(f, "expected a trust domain of at most 255 bytes, found {length}")
            }
            Self::TrustDomainCharacter(found) => {
                write!(f, "expected a trust domain of a-z 0-9 . - _ only, found {found:?}")
            }
            Self::EmptySegment => f.write_str("expected no empty path segment and no / at the end"),
            Self::DotSegment => f.write_str("expected no . or .. as a path segment"),
            Self::PathCharacter(found) => {
                write!(f, "expected a path of a-z A-Z 0-9 . - _ only, found {found:?}")
            }
            Self::NotIstio => {
                f.write_str("expected the shape spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT")
            }
        }
    }
}

impl Reason for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotSpiffe { .. } => "identity.not_spiffe",
            Self::UnreadableCertificate { .. } => "identity.unreadable_certificate",
            Self::UnreadableRevocationList { .. } => "identity.unreadable_revocation_list",
            Self::NoUriSan { .. } => "identity.no_uri_san",
            Self::SeveralUriSans { .. } => "identity.several_uri_sans",
            Self::LeafIsCa { .. } => "identity.leaf_is_ca",
            Self::LeafMaySign { .. } => "identity.leaf_may_sign",
            Self::BadPem { .. } => "identity.bad_pem",
            Self::OpenKey { .. } => "identity.open_key",
            Self::Exists { .. } => "identity.exists",
            Self::File { .. } => "identity.file",
            Self::Issuer { .. } => "identity.issuer",
            Self::OtherIdentity { .. } => "identity.other_identity",
            Self::NoAnswer { .. } => "identity.no_answer",
            Self::Expired { .. } => "identity.expired",
            Self::NotValidNow { .. } => "identity.not_valid_now",
            Self::EmptyChain { .. } => "identity.empty_chain",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::OpenKey { path, .. } => Some(format!("Run: chmod 600 {}", path.display())),
            Self::Exists { path } => {
                Some(format!("Choose another folder, or move {} away first.", path.display()))
            }
            Self::NotSpiffe { problem: SpiffeProblem::NotIstio, .. } => {
                Some("ztunnel reads this shape only; give the workload an Istio-shaped identity.".to_owned())
            }
            Self::BadPem { expected, .. } if expected.contains("PRIVATE KEY") => {
                Some("Convert the key: openssl pkcs8 -topk8 -nocrypt -in old.pem -out key.pem".to_owned())
            }
            Self::BadPem { expected, .. } if expected.contains("DER") => Some(
                "see what it is: head -c 64 FILE | od -c; PKCS#12: openssl pkcs12 -in FILE -nodes".to_owned(),
            ),
            Self::BadPem { expected, .. } if expected.contains("CERTIFICATE block") => {
                Some("give PEM: openssl x509 -inform DER -in FILE".to_owned())
            }
            Self::UnreadableRevocationList { .. } => Some(
                "Give a file of PEM blocks X509 CRL, or one list as DER: openssl crl -in FILE -text"
                    .to_owned(),
            ),
            Self::BadPem { expected, .. } if expected.contains("X509 CRL") => Some(
                "Give a file of PEM blocks X509 CRL, or one list as DER; a list may be empty, the file not."
                    .to_owned(),
            ),
            Self::NoUriSan { .. } | Self::SeveralUriSans { .. } => {
                Some("Issue a certificate with exactly one URI SAN, the SPIFFE ID.".to_owned())
            }
            Self::NotValidNow { .. } => Some("Compare the CA's clock with this machine's.".to_owned()),
            Self::LeafIsCa { .. } | Self::LeafMaySign { .. } => {
                Some("Issue the workload a leaf certificate; a CA certificate is no identity.".to_owned())
            }
            _ => None,
        }
    }
}

/// How a certificate's dates miss the present.
fn off(ahead: &Option<Duration>) -> String {
    match ahead {
        Some(ahead) => format!("begins in {} s", ahead.as_secs()),
        None => "has expired already".to_owned(),
    }
}

/// Several foreign texts in one phrase.
fn listed(found: &[String]) -> String {
    if found.is_empty() {
        return "none".to_owned();
    }
    found.iter().map(|text| format!("\"{}\"", shown(text))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_escaped_and_cut() {
        let error = IdentityError::NotSpiffe {
            text: format!("spiffe://a\r\n\u{1b}[31m{}", "x".repeat(5000)),
            problem: SpiffeProblem::TrustDomainCharacter('\r'),
        };
        let said = error.to_string();
        assert!(said.starts_with(r#"invalid spiffe identity: "spiffe://a\r\n\u{1b}[31mxxx"#), "{said}");
        assert!(!said.contains(['\r', '\n', '\u{1b}']) && said.len() < 400, "{said}");
        assert!(said.ends_with(r"found '\r'"), "{said}");
    }

    #[test]
    fn a_key_open_to_others_names_the_command() {
        let error = IdentityError::OpenKey { path: PathBuf::from("certs/ca-key.pem"), mode: 0o644 };
        assert_eq!(
            error.to_string(),
            "private key certs/ca-key.pem is open to others: expected mode 0600, found 0644"
        );
        assert_eq!(error.hint().as_deref(), Some("Run: chmod 600 certs/ca-key.pem"));
    }
}
