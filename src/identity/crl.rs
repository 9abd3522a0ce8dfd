//! [`RevocationList`]: a certificate revocation list as read (RFC 5280 §5). Nothing in it is verified here.

use std::path::Path;
use std::time::SystemTime;

use x509_parser::revocation_list::CertificateRevocationList;

use crate::identity::der::CertificateDer;
use crate::identity::error::IdentityError;
use crate::identity::pem::{bad, blocks, labels, read_file};
use crate::identity::x509::{read, system_time};

const LISTS: &str = "one or more X509 CRL blocks, or one list as DER";
/// How every PEM block begins (RFC 7468 §3); a file without it is taken for DER.
const PEM: &[u8] = b"-----BEGIN";

/// What a revocation list says about itself, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationSummary {
    /// The name of the CA that issued it.
    pub issuer: String,
    /// Its number in decimal (RFC 5280 §5.2.3); `None` when it has none.
    pub number: Option<String>,
    /// When it was issued.
    pub this_update: SystemTime,
    /// When the next one is promised; `None` when nothing is promised. It stays in force beyond, as in ztunnel.
    pub next_update: Option<SystemTime>,
    /// How many certificates it revokes.
    pub revoked: usize,
}

/// One revocation list.
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationList {
    der: Vec<u8>,
    summary: RevocationSummary,
}

impl RevocationList {
    /// Reads one list; `what` names the bytes in errors.
    ///
    /// # Errors
    ///
    /// [`IdentityError::UnreadableRevocationList`] when the bytes are not exactly one list.
    pub fn parse(what: &str, der: &[u8]) -> Result<Self, IdentityError> {
        let summary = parsed(der).map(|list| summarize(&list)).map_err(|problem| {
            IdentityError::UnreadableRevocationList { what: what.to_owned(), length: der.len(), problem }
        })?;
        Ok(Self { der: der.to_vec(), summary })
    }

    /// The DER bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.der
    }

    /// What it says about itself.
    pub fn summary(&self) -> &RevocationSummary {
        &self.summary
    }

    /// Whether `signer` has the issuer's name, and `verify` says that its key made the signature: `verify` gets the
    /// bytes that were signed, and the signature.
    pub fn is_by(&self, signer: &CertificateDer, verify: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let (Ok(list), Ok(signer)) = (parsed(&self.der), read(signer)) else { return false };
        list.issuer().as_raw() == signer.subject().as_raw()
            && verify(list.tbs_cert_list.as_ref(), &list.signature_value.data)
    }
}

impl std::fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.summary.fmt(f)
    }
}

/// Revocation lists from PEM text with any number of `X509 CRL` blocks, or from the DER of one; `what` names the bytes
/// in errors.
///
/// # Errors
///
/// [`IdentityError::BadPem`] without any list or with another kind of block, and
/// [`IdentityError::UnreadableRevocationList`] when one of them cannot be read: none is skipped.
pub fn parse_revocation_lists(what: &str, bytes: &[u8]) -> Result<Vec<RevocationList>, IdentityError> {
    if bytes.is_empty() {
        return Err(bad(what, LISTS, "an empty file".to_owned()));
    }
    if !bytes.windows(PEM.len()).any(|window| window == PEM) {
        return Ok(vec![RevocationList::parse(what, bytes)?]);
    }
    let blocks = blocks(what, LISTS, bytes)?;
    if blocks.is_empty() || blocks.iter().any(|block| block.label != "X509 CRL") {
        return Err(bad(what, LISTS, labels(&blocks)));
    }
    let lists = blocks.iter().enumerate();
    lists
        .map(|(index, block)| RevocationList::parse(&format!("{what}, block {}", index + 1), &block.contents))
        .collect()
}

/// Revocation lists from a file.
///
/// # Errors
///
/// [`IdentityError::File`], and those of [`parse_revocation_lists`].
pub fn read_revocation_lists(path: &Path) -> Result<Vec<RevocationList>, IdentityError> {
    parse_revocation_lists(&path.display().to_string(), &read_file(path)?)
}

fn parsed(der: &[u8]) -> Result<CertificateRevocationList<'_>, String> {
    match x509_parser::parse_x509_crl(der) {
        Ok(([], list)) => Ok(list),
        Ok((rest, _)) => Err(format!("{} bytes follow the list", rest.len())),
        Err(problem) => Err(problem.to_string()),
    }
}

fn summarize(list: &CertificateRevocationList<'_>) -> RevocationSummary {
    RevocationSummary {
        issuer: list.issuer().to_string(),
        number: list.crl_number().map(ToString::to_string),
        this_update: system_time(list.last_update()),
        next_update: list.next_update().map(system_time),
        revoked: list.iter_revoked_certificates().count(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], found: &str) {
        let error = parse_revocation_lists("some.crl", bytes).unwrap_err().to_string();
        assert!(error.starts_with("some.crl") && error.contains(found), "{error}");
    }

    #[test]
    fn what_is_no_list_is_said() {
        check(b"", "found an empty file");
        check(b"\n", "found 1 bytes");
        check(b"hello", "found 5 bytes");
        check(b"-----BEGIN X509 CRL-----\n", "expected one or more X509 CRL blocks");
        check(
            b"-----BEGIN X509 CRL-----\naGVsbG8=\n-----END X509 CRL-----\n",
            "block 1: expected a certificate",
        );
        check(b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "found 1 (CERTIFICATE)");
        let missing = read_revocation_lists(Path::new("/no/such.crl")).unwrap_err().to_string();
        assert!(missing.contains("cannot read /no/such.crl"), "{missing}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            assert!(parse_revocation_lists("some.crl", &bytes).is_err());
        }
    }
}
