//! Readiness: the named things that have to be done before the mesh may be used.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is still to be done; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    names: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// One thing to be done. Dropped without [`Pending::done`] it stays to be done, so that a failed start is never ready.
#[derive(Debug)]
#[must_use = "what is never done keeps the mesh from being ready"]
pub struct Pending {
    readiness: Readiness,
    name: &'static str,
}

impl Readiness {
    /// Nothing to be done: ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds something to be done, unique by its name.
    pub fn expect(&self, name: &'static str) -> Pending {
        self.names().insert(name);
        Pending { readiness: self.clone(), name }
    }

    /// What is still to be done, in the order of names; empty means ready.
    pub fn pending(&self) -> Vec<&'static str> {
        self.names().iter().copied().collect()
    }

    /// Nothing panics under the lock, so a poisoned one holds sound data all the same.
    fn names(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    /// It is done.
    pub fn done(self) {
        self.readiness.names().remove(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_done_is_done() {
        let readiness = Readiness::new();
        let (doors, certificates) = (readiness.expect("doors"), readiness.expect("certificates"));
        assert_eq!(readiness.pending(), ["certificates", "doors"]);
        doors.done();
        drop(certificates);
        assert_eq!(readiness.pending(), ["certificates"]);
    }
}
