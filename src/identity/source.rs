//! [`Issuer`] and [`SvidSource`]: where SVIDs come from, and what an identity has to show now.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::identity::error::IdentityError;
use crate::identity::spiffe::SpiffeId;
use crate::identity::svid::Svid;

/// A boxed future, as trait objects need them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Somebody who issues SVIDs: the built-in CA, or one that is asked over the network.
pub trait Issuer: Send + Sync {
    /// Issues a fresh SVID with a key of its own.
    ///
    /// An issuer need not keep a deadline of its own: whoever asks gives up in time.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Issuer`] when the issuer does not or cannot issue.
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>>;
}

/// What an identity has to show; shown in ztunnel's words (`Unavailable: ` and why).
#[derive(Clone, Debug)]
pub enum SvidState {
    /// Nothing yet: the first attempt has not ended.
    Initializing,
    /// A certificate.
    Available(Arc<Svid>),
    /// Nothing: the issuer fails, and there is no certificate from before, or it has expired.
    Unavailable(Arc<IdentityError>),
}

/// The current SVID of one identity, or why there is none; clones share it.
///
/// Reading takes no lock, so that every handshake can ask for the newest certificate.
#[derive(Clone)]
pub struct SvidSource {
    shared: Arc<Shared>,
}

struct Shared {
    id: SpiffeId,
    state: ArcSwap<SvidState>,
    changed: watch::Sender<()>,
    wishes: watch::Sender<Wishes>,
}

/// Renewals that somebody wants before they are due.
#[derive(Clone, Copy, Debug, Default)]
struct Wishes {
    /// How many were wanted so far.
    asked: u64,
    /// How many of them an attempt has answered.
    answered: u64,
}

impl fmt::Display for SvidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initializing => f.write_str("Initializing"),
            Self::Available(_) => f.write_str("Available"),
            Self::Unavailable(error) => write!(f, "Unavailable: {error}"),
        }
    }
}

impl SvidSource {
    /// A source that starts with `svid`.
    pub fn new(svid: Svid) -> Self {
        Self::of(svid.id.clone(), SvidState::Available(Arc::new(svid)))
    }

    /// A source for `id` that has nothing yet.
    pub fn initializing(id: SpiffeId) -> Self {
        Self::of(id, SvidState::Initializing)
    }

    fn of(id: SpiffeId, state: SvidState) -> Self {
        let (changed, wishes) = (watch::Sender::new(()), watch::Sender::default());
        Self { shared: Arc::new(Shared { id, state: ArcSwap::from_pointee(state), changed, wishes }) }
    }

    /// Whose it is.
    pub fn id(&self) -> &SpiffeId {
        &self.shared.id
    }

    /// What there is now.
    pub fn state(&self) -> Arc<SvidState> {
        self.shared.state.load_full()
    }

    /// The newest SVID; `None` while there is none to show.
    pub fn current(&self) -> Option<Arc<Svid>> {
        match &**self.shared.state.load() {
            SvidState::Available(svid) => Some(Arc::clone(svid)),
            SvidState::Initializing | SvidState::Unavailable(_) => None,
        }
    }

    /// Puts a newer SVID in place and wakes everybody who waits for a change.
    pub fn replace(&self, svid: impl Into<Arc<Svid>>) {
        self.put(SvidState::Available(svid.into()));
    }

    /// Takes away what there was, for that reason, and wakes everybody who waits for a change.
    pub fn withdraw(&self, why: Arc<IdentityError>) {
        self.put(SvidState::Unavailable(why));
    }

    fn put(&self, state: SvidState) {
        self.shared.state.store(Arc::new(state));
        self.shared.changed.send_replace(());
    }

    /// Wants a new certificate now, and waits until the issuer was asked and has answered, or failed: the state then is what
    /// came of it. Waits for ever where nobody renews.
    pub async fn renew(&self) {
        let mut answered = self.shared.wishes.subscribe();
        let mut wish = 0;
        self.shared.wishes.send_modify(|wishes| {
            wishes.asked += 1;
            wish = wishes.asked;
        });
        // The sender lives in `self`, so the wait itself cannot fail.
        let _ = answered.wait_for(|wishes| wishes.answered >= wish).await;
    }

    /// Resolves when a renewal is wanted that no attempt has answered.
    pub(crate) async fn wanted(&self) {
        let _ = self.shared.wishes.subscribe().wait_for(|wishes| wishes.asked > wishes.answered).await;
    }

    /// How many renewals were wanted so far: what an attempt that begins now answers.
    pub(crate) fn asked(&self) -> u64 {
        self.shared.wishes.borrow().asked
    }

    /// An attempt that began when `asked` renewals were wanted has ended.
    pub(crate) fn answered(&self, asked: u64) {
        self.shared.wishes.send_modify(|wishes| wishes.answered = wishes.answered.max(asked));
    }

    /// Waits until the state is another than `seen`, and gives it; at once if it already is.
    pub async fn changed(&self, seen: &Arc<SvidState>) -> Arc<SvidState> {
        let mut changed = self.shared.changed.subscribe();
        loop {
            let state = self.state();
            // The sender lives in `self`, so the wait itself cannot fail.
            if !Arc::ptr_eq(&state, seen) || changed.changed().await.is_err() {
                return state;
            }
        }
    }
}

impl fmt::Debug for SvidSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SvidSource({}, {})", self.id(), self.state())
    }
}
