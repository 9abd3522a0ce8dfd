//! webpki's verdict on one chain, in rustls' words: the alerts and the log lines are made of those.

use std::sync::Arc;

use rustls::pki_types::UnixTime;
use rustls::{
    CertRevocationListError, CertificateError, Error, ExtendedKeyPurpose, OtherError, RootCertStore,
};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

use crate::tls::error::Role;
use crate::tls::provider::signature_algorithms;
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;

/// Whether `shown` leads to one of `roots`, and nothing in it is revoked.
///
/// Each list is asked by itself, because webpki asks only the first of an issuer. A list that another CA of the same name
/// signed is not about this chain: a mesh whose root was replaced under its old name would refuse everybody for it. Such a list shows
/// as a wrong signature, of the list or, where both roots are trusted, of the chain under the other root, and is passed over: the
/// chain itself was found good before. That somebody is revoked is said at once, and anything else only after all lists were asked.
///
/// A CA that two others signed has two ways up, and each list closes its own only: those that found nothing are asked once more,
/// together.
pub(crate) fn verdict(
    role: Role,
    roots: &RootCertStore,
    shown: &Shown<'_>,
    (now, revocations): (UnixTime, &Revocations),
) -> Result<(), Error> {
    use webpki::Error::{CertRevoked, InvalidCrlSignatureForPublicKey, InvalidSignatureForPublicKey};
    path(role, roots, shown, (now, &[])).map_err(in_rustls_words)?;
    let mut found = Ok(());
    let mut passed = Vec::new();
    for list in revocations.about(shown.chain()) {
        match path(role, roots, shown, (now, &[list])) {
            Ok(()) => passed.push(list),
            Err(InvalidCrlSignatureForPublicKey | InvalidSignatureForPublicKey) => {}
            Err(CertRevoked) => return Err(in_rustls_words(CertRevoked)),
            Err(error) => found = Err(in_rustls_words(error)),
        }
    }
    match passed.len() > 1 && path(role, roots, shown, (now, &passed)) == Err(CertRevoked) {
        true => Err(in_rustls_words(CertRevoked)),
        false => found,
    }
}

fn path(
    role: Role,
    roots: &RootCertStore,
    shown: &Shown<'_>,
    (now, lists): (UnixTime, &[&CertRevocationList<'_>]),
) -> Result<(), webpki::Error> {
    let usage = match role {
        Role::Server => KeyUsage::client_auth(),
        Role::Client => KeyUsage::server_auth(),
    };
    let leaf = EndEntityCert::try_from(shown.leaf)?;
    let algorithms = signature_algorithms().all;
    leaf.verify_for_usage(algorithms, &roots.roots, shown.intermediates, now, usage, asking(lists), None)
        .map(drop)
}

/// ztunnel's choices (reference/hbone.md 7); `None` without a list.
fn asking<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(lists).ok()?;
    let options = options.with_depth(RevocationCheckDepth::Chain);
    let options = options.with_status_policy(UnknownStatusPolicy::Allow);
    Some(options.with_expiration_policy(ExpirationPolicy::Ignore).build())
}

/// The same as rustls' own verifiers say, whose translation is not public.
fn in_rustls_words(error: webpki::Error) -> Error {
    use webpki::Error as Found;
    let said = match error {
        Found::BadDer | Found::BadDerTime | Found::TrailingData(_) => CertificateError::BadEncoding,
        Found::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        Found::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        Found::InvalidCertValidity => CertificateError::Expired,
        Found::UnknownIssuer => CertificateError::UnknownIssuer,
        Found::CertRevoked => CertificateError::Revoked,
        Found::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        Found::UnsupportedSignatureAlgorithmContext(found) => {
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: found.signature_algorithm_id,
                supported_algorithms: found.supported_algorithms,
            }
        }
        Found::UnsupportedSignatureAlgorithmForPublicKeyContext(found) => {
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: found.signature_algorithm_id,
                public_key_algorithm_id: found.public_key_algorithm_id,
            }
        }
        Found::RequiredEkuNotFoundContext(found) => CertificateError::InvalidPurposeContext {
            required: purpose(found.required.oid_values()),
            presented: found.present.into_iter().map(|oid| purpose(oid.into_iter())).collect(),
        },
        // The CA may not sign lists, so that its list is void; letting everybody pass for it would be a silent pass.
        Found::IssuerNotCrlSigner => {
            return Error::InvalidCertRevocationList(CertRevocationListError::IssuerInvalidForCrl);
        }
        other => CertificateError::Other(OtherError(Arc::new(other))),
    };
    Error::InvalidCertificate(said)
}

/// The arcs of id-kp-serverAuth and id-kp-clientAuth (RFC 5280 §4.2.1.12).
fn purpose(oid: impl Iterator<Item = usize>) -> ExtendedKeyPurpose {
    let arcs: Vec<usize> = oid.collect();
    match arcs.as_slice() {
        [1, 3, 6, 1, 5, 5, 7, 3, 1] => ExtendedKeyPurpose::ServerAuth,
        [1, 3, 6, 1, 5, 5, 7, 3, 2] => ExtendedKeyPurpose::ClientAuth,
        _ => ExtendedKeyPurpose::Other(arcs),
    }
}
