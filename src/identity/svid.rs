//! [`Svid`] and [`TrustBundle`]: what a workload shows, and whom it believes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::identity::der::{CertificateDer, PrivateKeyDer};
use crate::identity::error::IdentityError;
use crate::identity::spiffe::SpiffeId;
use crate::identity::x509::Leaf;

/// The roots that sign for a trust domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundle {
    /// The trust domain, such as `cluster.local`.
    pub trust_domain: String,
    /// Its root certificates; several while one root replaces another.
    pub roots: Vec<CertificateDer>,
}

/// The certificate of one workload, with its key and with whom it trusts (an X.509 SVID).
///
/// Roots come with the certificate, per identity, as in ztunnel: root rotation arrives with the next certificate.
#[derive(Clone, Debug)]
pub struct Svid {
    /// Whose it is.
    pub id: SpiffeId,
    /// The leaf first, then intermediates; never the root.
    pub chain: Vec<CertificateDer>,
    /// The leaf's key.
    pub key: PrivateKeyDer,
    /// Whom the owner trusts.
    pub bundle: Arc<TrustBundle>,
    /// The leaf's serial number in lower-case hexadecimal.
    pub serial: String,
    /// The first moment of validity.
    pub not_before: SystemTime,
    /// The last moment of validity.
    pub not_after: SystemTime,
}

impl Svid {
    /// An SVID from its parts; identity, serial and validity are read from the leaf.
    ///
    /// # Errors
    ///
    /// [`IdentityError::EmptyChain`] without a leaf, and whatever [`Leaf::parse`] refuses.
    pub fn new(
        chain: Vec<CertificateDer>,
        key: PrivateKeyDer,
        bundle: Arc<TrustBundle>,
    ) -> Result<Self, IdentityError> {
        let first = chain.first().ok_or_else(|| IdentityError::EmptyChain {
            id: format!("a workload of {}", bundle.trust_domain),
        })?;
        let Leaf { id, certificate } = Leaf::parse(first)?;
        let (serial, not_before, not_after) =
            (certificate.serial, certificate.not_before, certificate.not_after);
        Ok(Self { id, chain, key, bundle, serial, not_before, not_after })
    }

    /// Whether `now` lies in its validity.
    pub fn is_valid(&self, now: SystemTime) -> bool {
        self.not_before <= now && self.valid_for(now).is_some()
    }

    /// For how much longer it is valid at `now`; `None` once it has expired.
    pub fn valid_for(&self, now: SystemTime) -> Option<Duration> {
        self.not_after.duration_since(now).ok().filter(|left| !left.is_zero())
    }
}
