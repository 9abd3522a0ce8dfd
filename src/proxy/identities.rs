//! The certificates in use: one pair of TLS configurations per identity, swapped whole on rotation.

use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use foldhash::HashMap;

use crate::identity::{Clock, Clocks, IdentityError, SpiffeId, Svid};
use crate::proxy::changes::Changes;
use crate::proxy::slot::{Held, Slot};
use crate::reason::{Reason, Side};
use crate::tls::{ClientTls, CurrentRevocations, Revocations, ServerTls, TlsCause};

/// What one identity presents, in both roles, from the same certificate.
#[derive(Clone)]
pub struct TlsPair {
    /// As a server.
    pub server: ServerTls,
    /// As a client.
    pub client: ClientTls,
    /// The last moment of the certificate's validity.
    pub not_after: SystemTime,
}

impl TlsPair {
    /// Builds both from one certificate, so that never certificate A meets key B.
    ///
    /// # Errors
    ///
    /// A key that does not fit its certificate.
    pub fn new(svid: &Svid) -> Result<Self, crate::tls::TlsError> {
        Ok(Self { server: ServerTls::new(svid)?, client: ClientTls::new(svid)?, not_after: svid.not_after })
    }

    fn checking(&self, revocations: &CurrentRevocations, clock: &Clock) -> Self {
        let Self { server, client, not_after } = self;
        Self {
            server: server.checking(revocations).reckoning(clock),
            client: client.checking(revocations).reckoning(clock),
            not_after: *not_after,
        }
    }
}

/// There is no certificate for an identity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCertificate {
    /// Nobody asks for one.
    #[error("identity error: no certificate for {id}: expected an identity of this mesh, found another")]
    Unknown {
        /// The identity.
        id: SpiffeId,
    },
    /// The CA does not issue.
    #[error("identity error: {source}")]
    Unavailable {
        /// What the issuer said last.
        source: Arc<IdentityError>,
    },
}

impl Reason for NoCertificate {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "identity.no_certificate",
            Self::Unavailable { .. } => "identity.unavailable",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some("glasstunnel config certificates".to_owned())
    }
}

/// One identity of this process.
#[derive(Clone)]
struct Known {
    slot: Arc<Slot<TlsPair>>,
    clocks: Clocks,
}

/// All identities of this process, and whose certificates none of them takes any more; reading is lock-free.
#[derive(Clone, Default)]
pub struct Identities {
    slots: Arc<ArcSwap<HashMap<SpiffeId, Known>>>,
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
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Our own certificates that are revoked: everybody who has the lists refuses them.
    pub fn revoked(&self) -> Vec<(SpiffeId, TlsCause)> {
        let revocations = self.revocations.load();
        let slots = self.slots.load();
        let mut revoked: Vec<_> = slots
            .iter()
            .filter_map(|(id, known)| Some((id.clone(), known.slot.here()?.server.is_revoked(&revocations)?)))
            .collect();
        revoked.sort_by(|(one, _), (other, _)| one.cmp(other));
        revoked
    }

    /// Puts `pair` in the place of what `id` presented before; handshakes under way finish with the old one. An identity that
    /// was not added stays unknown.
    pub fn set(&self, id: &SpiffeId, pair: TlsPair) {
        if let Some(Known { slot, clocks }) = self.known(id) {
            slot.put(Held::Here(Arc::new(pair.checking(&self.revocations, &clocks.judging))));
        }
    }

    /// Takes away what `id` presented, for that reason; open connections live on.
    pub fn withdraw(&self, id: &SpiffeId, why: Arc<IdentityError>) {
        if let Some(Known { slot, .. }) = self.known(id) {
            slot.put(Held::Nothing(why));
        }
    }

    /// Adds identities: with a pair, or `None` for one whose first certificate is still asked for. All at once: copying the
    /// map for each would be quadratic.
    pub fn extend(&self, more: impl IntoIterator<Item = (SpiffeId, Option<TlsPair>)>) {
        let mut slots = HashMap::clone(&self.slots.load());
        slots.extend(more.into_iter().map(|(id, pair)| {
            let clocks = Clocks::default();
            let held = pair.map_or(Held::NotYet, |pair| {
                Held::Here(Arc::new(pair.checking(&self.revocations, &clocks.judging)))
            });
            (id, Known { slot: Arc::new(Slot::new(held)), clocks })
        }));
        self.slots.store(Arc::new(slots));
    }

    /// What `id` presents. Waits for the first attempt of the CA to end, as ztunnel does, and for no other.
    pub(crate) async fn get(&self, id: &SpiffeId) -> Result<Arc<TlsPair>, NoCertificate> {
        match self.known(id) {
            Some(Known { slot, .. }) => {
                slot.get().await.map_err(|source| NoCertificate::Unavailable { source })
            }
            None => Err(NoCertificate::Unknown { id: id.clone() }),
        }
    }

    /// The clocks of `id`, which may be set wrong; `None` for an identity that is not in the mesh.
    pub fn clocks(&self, id: &SpiffeId) -> Option<Clocks> {
        self.known(id).map(|known| known.clocks)
    }

    /// What time it is for `id`, by the clock by which it judges certificates.
    pub(crate) fn now(&self, id: &SpiffeId) -> SystemTime {
        self.known(id).map_or_else(SystemTime::now, |known| known.clocks.judging.now())
    }

    fn known(&self, id: &SpiffeId) -> Option<Known> {
        self.slots.load().get(id).cloned()
    }
}
