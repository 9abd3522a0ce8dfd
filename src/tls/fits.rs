//! Whether a key belongs to a certificate.

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::identity;
use crate::tls::cause::TlsCause;
use crate::tls::error::{Role, TlsError};
use crate::tls::provider::provider;

/// Whether `key`, in any of its three forms, is that of the first certificate of `chain`.
///
/// # Errors
///
/// [`TlsCause::OwnCertificate`] when it is another's, or of a kind that cannot be used.
pub fn fits(chain: &[identity::CertificateDer], key: &identity::PrivateKeyDer) -> Result<(), TlsError> {
    certified(chain, key).map(drop)
}

/// Both in rustls' form.
pub(crate) fn certified(
    chain: &[identity::CertificateDer],
    key: &identity::PrivateKeyDer,
) -> Result<CertifiedKey, TlsError> {
    let unusable = |problem: String| TlsError::from_cause(Role::Client, TlsCause::OwnCertificate { problem });
    let chain = chain.iter().map(|der| CertificateDer::from(der.as_bytes().to_vec())).collect();
    let key = PrivateKeyDer::try_from(key.secret_bytes().to_vec())
        .map_err(|problem| unusable(problem.to_owned()))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|problem| unusable(problem.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Authority, AuthorityOptions};

    #[test]
    fn a_key_fits_its_own_certificate_only() {
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let id = "spiffe://cluster.local/ns/default/sa/client".parse().unwrap();
        let (one, other) = (authority.issue_now(&id).unwrap(), authority.issue_now(&id).unwrap());
        assert!(fits(&one.chain, &one.key).is_ok());
        let error = fits(&one.chain, &other.key).unwrap_err();
        assert!(matches!(error.cause(), TlsCause::OwnCertificate { .. }), "{error:?}");
        let nonsense = identity::PrivateKeyDer::from_pkcs8(vec![1, 2, 3]);
        assert!(fits(&one.chain, &nonsense).is_err());
    }
}
