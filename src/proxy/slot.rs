//! [`Slot`]: what one identity can show now, or why it cannot.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::identity::IdentityError;

/// What there is.
pub(crate) enum Held<T> {
    /// The first attempt to get one has not ended.
    NotYet,
    /// This.
    Here(Arc<T>),
    /// Nothing, for that reason.
    Nothing(Arc<IdentityError>),
}

/// A place for one of it; reading is lock-free once the first attempt has ended.
pub(crate) struct Slot<T> {
    held: ArcSwap<Held<T>>,
    /// Whether the first attempt has ended.
    settled: watch::Sender<bool>,
}

impl<T> Slot<T> {
    pub(crate) fn new(held: Held<T>) -> Self {
        let settled = watch::Sender::new(!matches!(held, Held::NotYet));
        Self { held: ArcSwap::from_pointee(held), settled }
    }

    /// Replaces what there was, and lets go who waited for the first of it.
    pub(crate) fn put(&self, held: Held<T>) {
        self.held.store(Arc::new(held));
        self.settled.send_replace(true);
    }

    /// What there is now.
    pub(crate) fn here(&self) -> Option<Arc<T>> {
        match &**self.held.load() {
            Held::Here(it) => Some(Arc::clone(it)),
            Held::Nothing(_) | Held::NotYet => None,
        }
    }

    /// What there is, once the first attempt has ended.
    pub(crate) async fn get(&self) -> Result<Arc<T>, Arc<IdentityError>> {
        loop {
            match &**self.held.load() {
                Held::Here(it) => return Ok(Arc::clone(it)),
                Held::Nothing(why) => return Err(Arc::clone(why)),
                Held::NotYet => {}
            }
            // The sender lives in `self`, so the wait itself cannot fail.
            let _ = self.settled.subscribe().wait_for(|settled| *settled).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_first_attempt_is_waited_for() {
        let slot = Slot::new(Held::NotYet);
        let early = tokio::time::timeout(std::time::Duration::from_secs(60), slot.get()).await;
        assert!(early.is_err(), "there is nothing to give yet");
        let (waited, ()) = tokio::join!(slot.get(), async {
            tokio::task::yield_now().await;
            slot.put(Held::Nothing(Arc::new(IdentityError::EmptyChain { id: "a".to_owned() })));
        });
        assert!(waited.unwrap_err().to_string().contains("is empty for: a"));
        assert!(slot.get().await.is_err(), "later callers fail at once");
        slot.put(Held::Here(Arc::new(7)));
        assert_eq!(*slot.get().await.unwrap(), 7);
    }
}
