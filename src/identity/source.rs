//! [`Issuer`] and [`SvidSource`]: where SVIDs come from, and the current one of an identity.

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
    /// # Errors
    ///
    /// [`IdentityError::Issuer`] when the issuer does not or cannot issue.
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>>;
}

/// The current SVID of one identity; clones share it.
///
/// Reading takes no lock, so that every handshake can ask for the newest certificate.
#[derive(Clone)]
pub struct SvidSource {
    shared: Arc<Shared>,
}

struct Shared {
    current: ArcSwap<Svid>,
    replaced: watch::Sender<()>,
}

impl SvidSource {
    /// A source that starts with `svid`.
    pub fn new(svid: Svid) -> Self {
        let (replaced, _) = watch::channel(());
        Self { shared: Arc::new(Shared { current: ArcSwap::from_pointee(svid), replaced }) }
    }

    /// The newest SVID.
    pub fn current(&self) -> Arc<Svid> {
        self.shared.current.load_full()
    }

    /// Puts a newer SVID in place and wakes everybody who waits for one.
    pub fn replace(&self, svid: Svid) {
        self.shared.current.store(Arc::new(svid));
        self.shared.replaced.send_replace(());
    }

    /// Waits until the newest SVID is another than `seen`, and gives it; at once if it already is.
    pub async fn changed(&self, seen: &Arc<Svid>) -> Arc<Svid> {
        let mut replaced = self.shared.replaced.subscribe();
        loop {
            let current = self.current();
            // The sender lives in `self`, so the wait itself cannot fail.
            if !Arc::ptr_eq(&current, seen) || replaced.changed().await.is_err() {
                return current;
            }
        }
    }
}

impl fmt::Debug for SvidSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SvidSource({})", self.current().id)
    }
}
