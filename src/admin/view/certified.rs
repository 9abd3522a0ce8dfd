//! A certificate for a key that is not here.

use serde::{Deserialize, Serialize};

use crate::admin::certifier::Certified;
use crate::admin::view::document::Kind;
use crate::identity::{SpiffeId, encode_certificates};

/// What somebody outside of the mesh was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertifiedView {
    /// Who they are now.
    pub identity: String,
    /// What to send: the leaf first.
    pub chain: String,
    /// The trust domain.
    pub trust_domain: String,
    /// Whom to trust.
    pub roots: String,
}

impl CertifiedView {
    /// The view of `certified`, who is `id`.
    pub fn of(id: &SpiffeId, certified: &Certified) -> Self {
        Self {
            identity: id.to_string(),
            chain: encode_certificates(&certified.chain),
            trust_domain: certified.bundle.trust_domain.clone(),
            roots: encode_certificates(&certified.bundle.roots),
        }
    }
}

impl Kind for CertifiedView {
    const KIND: &'static str = "CertifiedKey";
}
