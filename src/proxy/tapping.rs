//! [`Tapping`]: whether anybody looks into connections, and how much of them is kept.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::io::{Tap, TapBudget};
use crate::tls::{KeyLogFile, Secrets};

/// How much of a TLS connection is kept: a handshake with long chains is some 30 kB, and a tunnel's first streams follow.
const OF_WIRE: usize = 256 * 1024;

/// How much is kept of what an application says.
const OF_RELAY: usize = 16 * 1024;

/// How much is kept of all connections together.
const OF_ALL: usize = 64 * 1024 * 1024;

/// Whether anybody looks into connections. Clones share it. While nobody does, a connection pays for one load.
#[derive(Clone, Debug)]
pub struct Tapping {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    is_on: AtomicBool,
    budget: TapBudget,
    key_log: Option<KeyLogFile>,
    /// Clients whose next connection is to have a tunnel of its own.
    fresh: Mutex<HashSet<SocketAddr>>,
    wanting_fresh: AtomicUsize,
}

impl Tapping {
    /// Every connection is looked into, if `is_on`; the secrets of all go to `key_log`, if there is one.
    pub fn new(is_on: bool, key_log: Option<KeyLogFile>) -> Self {
        let inner = Inner {
            is_on: AtomicBool::new(is_on),
            budget: TapBudget::new(OF_ALL),
            key_log,
            fresh: Mutex::default(),
            wanting_fresh: AtomicUsize::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Whether connections are looked into.
    pub fn is_on(&self) -> bool {
        self.inner.is_on.load(Ordering::Relaxed)
    }

    /// The next tunnel of the connection that comes from `client` is to be a fresh one.
    pub fn want_fresh_tunnel(&self, client: SocketAddr) {
        if self.fresh().insert(client) {
            self.inner.wanting_fresh.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether that was asked for; it is answered once.
    pub(crate) fn takes_fresh_tunnel(&self, client: SocketAddr) -> bool {
        if self.inner.wanting_fresh.load(Ordering::Acquire) == 0 {
            return false;
        }
        let was_wanted = self.fresh().remove(&client);
        if was_wanted {
            self.inner.wanting_fresh.fetch_sub(1, Ordering::Release);
        }
        was_wanted
    }

    /// Who is told the secrets of a new TLS connection, and sees its bytes.
    pub(crate) fn secrets(&self) -> Secrets {
        let tap = self.is_on().then(|| self.inner.budget.tap(OF_WIRE));
        Secrets { tap, file: self.inner.key_log.clone() }
    }

    /// Who sees what an application says.
    pub(crate) fn relayed(&self) -> Option<Tap> {
        self.is_on().then(|| self.inner.budget.tap(OF_RELAY))
    }

    /// Nothing panics under this lock.
    fn fresh(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.inner.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_granted_once() {
        let tapping = Tapping::new(false, None);
        let [one, other] = ["127.0.0.1:1000", "127.0.0.1:2000"].map(|text| text.parse().unwrap());
        assert!(!tapping.takes_fresh_tunnel(one));
        tapping.want_fresh_tunnel(one);
        tapping.want_fresh_tunnel(one);
        let taken = [other, one, one].map(|client| tapping.takes_fresh_tunnel(client));
        assert_eq!(taken, [false, true, false]);
    }

    #[test]
    fn what_is_off_makes_no_taps() {
        let made = |is_on| {
            let tapping = Tapping::new(is_on, None);
            (tapping.secrets().tap.is_some(), tapping.relayed().is_some())
        };
        assert_eq!((made(false), made(true)), ((false, false), (true, true)));
    }
}
