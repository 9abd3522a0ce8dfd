//! The certificates in use: one pair of TLS configurations per identity, swapped whole on rotation.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::identity::{SpiffeId, Svid};
use crate::proxy::changes::Changes;
use crate::reason::{Reason, Side};
use crate::tls::{ClientTls, CurrentRevocations, Revocations, ServerTls, TlsCause};

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

    fn checking(&self, revocations: &CurrentRevocations) -> Self {
        Self { server: self.server.checking(revocations), client: self.client.checking(revocations) }
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

/// All identities of this process, and whose certificates none of them takes any more; reading is lock-free.
#[derive(Clone, Default)]
pub struct Identities {
    pairs: Arc<ArcSwap<HashMap<SpiffeId, Arc<TlsPair>>>>,
    revocations: CurrentRevocations,
    changes: Changes,
}

impl Identities {
    /// Puts other revocation lists in force, for new handshakes at once, and for the connections that are open as soon as
    /// their workers hear of it.
    pub fn revoke(&self, revocations: Revocations) {
        self.revocations.store(revocations);
        self.changes.tell();
    }

    /// The revocation lists in force.
    pub fn revocations(&self) -> &CurrentRevocations {
        &self.revocations
    }

    /// Rings when the revocation lists are others.
    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Our own certificates that are revoked: everybody who has the lists refuses them.
    pub fn revoked(&self) -> Vec<(SpiffeId, TlsCause)> {
        let revocations = self.revocations.load();
        let pairs = self.pairs.load();
        let mut revoked: Vec<_> = pairs
            .iter()
            .filter_map(|(id, pair)| Some((id.clone(), pair.server.is_revoked(&revocations)?)))
            .collect();
        revoked.sort_by(|(one, _), (other, _)| one.cmp(other));
        revoked
    }

    /// Puts `pair` in the place of what `id` presented before; handshakes under way finish with the old one.
    pub fn set(&self, id: &SpiffeId, pair: TlsPair) {
        let pair = Arc::new(pair.checking(&self.revocations));
        self.pairs.rcu(|pairs| {
            let mut pairs = HashMap::clone(pairs);
            pairs.insert(id.clone(), Arc::clone(&pair));
            pairs
        });
    }

    /// Puts many at once: at the start, copying the map for each would be quadratic.
    pub fn extend(&self, more: impl IntoIterator<Item = (SpiffeId, TlsPair)>) {
        let mut pairs = HashMap::clone(&self.pairs.load());
        pairs.extend(more.into_iter().map(|(id, pair)| (id, Arc::new(pair.checking(&self.revocations)))));
        self.pairs.store(Arc::new(pairs));
    }

    pub(crate) fn get(&self, id: &SpiffeId) -> Result<Arc<TlsPair>, NoCertificate> {
        self.pairs.load().get(id).cloned().ok_or_else(|| NoCertificate { id: id.clone() })
    }
}
