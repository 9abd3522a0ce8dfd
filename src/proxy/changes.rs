//! [`Changes`]: the bell that rings when what all workers read has changed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Tells all workers that something is another than before.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// How often it was told.
    told: Arc<watch::Sender<u64>>,
    /// How much of that each worker has acted on.
    ears: Arc<Mutex<Vec<watch::Receiver<u64>>>>,
}

/// A worker's ear.
#[derive(Debug)]
pub(crate) struct Ear {
    told: watch::Receiver<u64>,
    heard: u64,
    done: watch::Sender<u64>,
}

impl Changes {
    /// Tells them; call it once the new snapshot is stored.
    pub fn tell(&self) {
        self.told.send_modify(|told| *told += 1);
    }

    /// A worker's ear.
    pub(crate) fn listen(&self) -> Ear {
        let told = self.told.subscribe();
        let heard = *told.borrow();
        let done = watch::Sender::new(heard);
        self.ears().push(done.subscribe());
        Ear { told, heard, done }
    }

    /// Waits until every worker has acted on all that was told so far; who has ended needs not.
    pub async fn settled(&self) {
        let told = *self.told.borrow();
        let ears = self.ears().clone();
        for mut ear in ears {
            let _ended = ear.wait_for(|done| *done >= told).await;
        }
    }

    /// Nothing panics under this lock.
    fn ears(&self) -> MutexGuard<'_, Vec<watch::Receiver<u64>>> {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ear {
    /// Waits for the next change.
    ///
    /// # Errors
    ///
    /// Nobody is left who could tell.
    pub(crate) async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.told.changed().await?;
        self.heard = *self.told.borrow_and_update();
        Ok(())
    }

    /// The change has been acted on.
    pub(crate) fn done(&self) {
        self.done.send_replace(self.heard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_settled_once_all_have_acted_on_it() {
        let changes = Changes::default();
        changes.settled().await;
        let (mut one, other) = (changes.listen(), changes.listen());
        changes.tell();
        let is_settled = async || {
            let soon = std::time::Duration::from_millis(1);
            tokio::time::timeout(soon, changes.settled()).await.is_ok()
        };
        one.changed().await.unwrap();
        one.done();
        assert!(!is_settled().await, "the other one has not");
        drop(other);
        assert!(is_settled().await);
        changes.tell();
        assert!(!is_settled().await);
    }
}
