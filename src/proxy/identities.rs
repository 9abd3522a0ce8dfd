//! The certificates in use: one pair of TLS configurations per identity, swapped whole on rotation.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::identity::{SpiffeId, Svid};
use crate::reason::{Reason, Side};
use crate::tls::{ClientTls, ServerTls};

/// What one identity presents, in both roles, from the same certificate.
#[derive(Clone)]
pub struct TlsPair {
    /// As a server.
    pub server: ServerTls,
    /// As a client.
    pub client: ClientTls,
}

impl TlsPair {
    /// Builds both from one certificate, so that never certificate A meets key B.
    ///
    /// # Errors
    ///
    /// A key that does not fit its certificate.
    pub fn new(svid: &Svid) -> Result<Self, crate::tls::TlsError> {
        Ok(Self { server: ServerTls::new(svid)?, client: ClientTls::new(svid)? })
    }
}

/// There is no certificate for an identity (yet).
#[derive(Debug, thiserror::Error)]
#[error("identity error: no certificate for {id}: the CA has not issued one")]
pub(crate) struct NoCertificate {
    id: SpiffeId,
}

impl Reason for NoCertificate {
    fn code(&self) -> &'static str {
        "identity.no_certificate"
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some("glasstunnel config certificates".to_owned())
    }
}

/// All identities of this process; reading is lock-free.
#[derive(Clone, Default)]
pub struct Identities {
    pairs: Arc<ArcSwap<HashMap<SpiffeId, Arc<TlsPair>>>>,
}

impl Identities {
    /// Puts `pair` in the place of what `id` presented before; handshakes under way finish with the old one.
    pub fn set(&self, id: &SpiffeId, pair: TlsPair) {
        let pair = Arc::new(pair);
        self.pairs.rcu(|pairs| {
            let mut pairs = HashMap::clone(pairs);
            pairs.insert(id.clone(), Arc::clone(&pair));
            pairs
        });
    }

    /// Puts many at once: at the start, copying the map for each would be quadratic.
    pub fn extend(&self, more: impl IntoIterator<Item = (SpiffeId, TlsPair)>) {
        let mut pairs = HashMap::clone(&self.pairs.load());
        pairs.extend(more.into_iter().map(|(id, pair)| (id, Arc::new(pair))));
        self.pairs.store(Arc::new(pairs));
    }

    pub(crate) fn get(&self, id: &SpiffeId) -> Result<Arc<TlsPair>, NoCertificate> {
        self.pairs.load().get(id).cloned().ok_or_else(|| NoCertificate { id: id.clone() })
    }
}
