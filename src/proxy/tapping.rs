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

/// What is special about one connection that is made to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// A tunnel that is there already will not do.
    FreshTunnel,
    /// It comes straight to the door, past its source's proxy: nobody records that side of it.
    Alone,
}

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
    wishes: Mutex<HashSet<(SocketAddr, Wish)>>,
    open_wishes: AtomicUsize,
}

impl Tapping {
    /// Every connection is looked into, if `is_on`; the secrets of all go to `key_log`, if there is one.
    pub fn new(is_on: bool, key_log: Option<KeyLogFile>) -> Self {
        let inner = Inner {
            is_on: AtomicBool::new(is_on),
            budget: TapBudget::new(OF_ALL),
            key_log,
            wishes: Mutex::default(),
            open_wishes: AtomicUsize::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Whether connections are looked into.
    pub fn is_on(&self) -> bool {
        self.inner.is_on.load(Ordering::Relaxed)
    }

    /// Something is special about the connection that will come from `client`.
    pub fn want(&self, client: SocketAddr, wish: Wish) {
        if self.wishes().insert((client, wish)) {
            self.inner.open_wishes.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether that was asked for; it is answered once.
    pub(crate) fn takes(&self, client: SocketAddr, wish: Wish) -> bool {
        if self.inner.open_wishes.load(Ordering::Acquire) == 0 {
            return false;
        }
        let was_wanted = self.wishes().remove(&(client, wish));
        if was_wanted {
            self.inner.open_wishes.fetch_sub(1, Ordering::Release);
        }
        was_wanted
    }

    /// Nothing is special about it any more: it has ended, and may not even have come.
    pub fn forget(&self, client: SocketAddr) {
        let mut wishes = self.wishes();
        let before = wishes.len();
        wishes.retain(|(of, _)| *of != client);
        self.inner.open_wishes.fetch_sub(before - wishes.len(), Ordering::Release);
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
    fn wishes(&self) -> MutexGuard<'_, HashSet<(SocketAddr, Wish)>> {
        self.inner.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_granted_once() {
        let tapping = Tapping::new(false, None);
        let [one, other] = ["127.0.0.1:1000", "127.0.0.1:2000"].map(|text| text.parse().unwrap());
        assert!(!tapping.takes(one, Wish::FreshTunnel));
        tapping.want(one, Wish::FreshTunnel);
        tapping.want(one, Wish::FreshTunnel);
        let taken = [other, one, one].map(|client| tapping.takes(client, Wish::FreshTunnel));
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
