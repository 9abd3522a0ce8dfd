//! Certificates for keys that stay where they were made: a request is signed, and no key travels.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PublicKeyData, SignatureAlgorithm};

use crate::ca::authority::{Authority, generated, new_key};
use crate::ca::error::CaError;
use crate::ca::profile::Profile;
use crate::identity::{
    CertificateDer, IdentityError, PrivateKeyDer, SigningRequest, SpiffeId, Svid, TrustBundle,
};

/// A key of one's own, and the request for a certificate for it.
#[derive(Debug)]
pub struct RequestedKey {
    key: KeyPair,
    pem: String,
}

/// A key of which only the public half is here.
struct TheirKey<'a>(&'a [u8]);

impl PublicKeyData for TheirKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl RequestedKey {
    /// A fresh ECDSA P-256 key. The request names nobody: whoever signs says for whom.
    ///
    /// # Errors
    ///
    /// [`CaError::Generate`].
    pub fn generate() -> Result<Self, CaError> {
        let key = new_key()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let pem = params.serialize_request(&key).and_then(|request| request.pem());
        let pem = pem.map_err(|source| CaError::Generate { action: "write a signing request", source })?;
        Ok(Self { key, pem })
    }

    /// The request as PEM; there is nothing secret in it.
    pub fn request(&self) -> &str {
        &self.pem
    }

    /// The key with the certificate that came back for it.
    ///
    /// # Errors
    ///
    /// Those of [`Svid::new`].
    pub fn with(self, chain: Vec<CertificateDer>, bundle: TrustBundle) -> Result<Svid, IdentityError> {
        Svid::new(chain, PrivateKeyDer::from_pkcs8(self.key.serialize_der()), Arc::new(bundle))
    }
}

impl Authority {
    /// A certificate for `id` and the key of `request`, valid for `life`, but no longer than other workloads' and not
    /// longer than this authority; with what is sent beside it.
    ///
    /// # Errors
    ///
    /// [`CaError::Request`] when whoever asks does not have the key, and as [`Authority::issue_now`].
    pub fn sign(
        &self,
        request: &SigningRequest,
        id: &SpiffeId,
        life: Duration,
    ) -> Result<Vec<CertificateDer>, CaError> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &request.public_key);
        // The library says nothing but that it does not fit.
        if let Err(aws_lc_rs::error::Unspecified) = key.verify(&request.signed, &request.signature) {
            return Err(CaError::Request);
        }
        let now = self.clock().now();
        let validity = self.validity(now, life)?;
        let params = Profile::straight(id.clone()).params(validity, now)?;
        let leaf = generated(params.signed_by(&TheirKey(&request.public_key), &self.signer))?;
        Ok(std::iter::once(leaf).chain(self.intermediates()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::ca::AuthorityOptions;

    fn id() -> SpiffeId {
        SpiffeId::new("cluster.local", "default", "client").unwrap()
    }

    #[test]
    fn a_request_becomes_a_certificate_for_the_key_that_stayed() {
        let options = AuthorityOptions { intermediate: true, ..AuthorityOptions::default() };
        let authority = Authority::generate(&options).unwrap();
        let mine = RequestedKey::generate().unwrap();
        let request = SigningRequest::parse("it", mine.request().as_bytes()).unwrap();
        let hour = Duration::from_secs(3600);
        let chain = authority.sign(&request, &id(), hour).unwrap();
        assert_eq!(chain.len(), 2, "with its intermediate");
        let svid = mine.with(chain, TrustBundle::clone(&authority.bundle())).unwrap();
        assert_eq!(svid.id, id());
        assert!(crate::tls::fits(&svid.chain, &svid.key).is_ok());
        assert!(svid.valid_for(SystemTime::now()).unwrap() <= hour);
        let year = authority.sign(&request, &id(), Duration::from_secs(365 * 24 * 3600)).unwrap();
        let leaf = crate::identity::Leaf::parse(&year[0]).unwrap().certificate;
        assert!(leaf.not_after <= SystemTime::now() + options.ttl, "no longer than a workload's own");
    }

    #[test]
    fn somebody_elses_key_is_not_certified() {
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let (mine, theirs) = (RequestedKey::generate().unwrap(), RequestedKey::generate().unwrap());
        let read = |of: &RequestedKey| SigningRequest::parse("it", of.request().as_bytes()).unwrap();
        let forged = SigningRequest { public_key: read(&theirs).public_key, ..read(&mine) };
        let error = authority.sign(&forged, &id(), Duration::from_secs(60)).unwrap_err();
        assert!(matches!(error, CaError::Request), "{error:?}");
    }
}
