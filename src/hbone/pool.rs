//! The pool: tunnels by who dials whom, shared by every connection between the two.
//!
//! One per worker thread, so that a tunnel and its streams never change threads.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tokio::sync::watch;

use crate::addr::LocalAddr;
use crate::drain::Tasks;
use crate::hbone::client::{Client, Ticket};
use crate::identity::SpiffeId;

/// What must be equal for two connections to share a tunnel, as in ztunnel: never across identities.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey {
    /// Who dials.
    pub source: SpiffeId,
    /// Who may answer, in order.
    pub destinations: Vec<SpiffeId>,
    /// Where.
    pub address: LocalAddr,
    /// From which address.
    pub from: Option<IpAddr>,
}

/// Whether a tunnel was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reused {
    /// It was, so there was no handshake.
    Yes,
    /// It was dialled for this checkout, or for one that waited beside it.
    No,
}

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
pub enum PoolError<E> {
    /// The dial failed; everyone who waited for it gets the same answer.
    #[error("{0}")]
    Dial(Arc<E>),
    /// The proxy is shutting down.
    #[error("pool draining")]
    Draining,
}

/// Tunnels by key, each with what is known about it; clones share them.
pub struct Pool<E, T> {
    entries: Arc<Mutex<HashMap<PoolKey, Entry<E, T>>>>,
}

/// A tunnel, and what its dial found out.
type Known<T> = (Client, T);

struct Entry<E, T> {
    tunnels: Vec<Known<T>>,
    /// The dial under way, if there is one: whoever needs a tunnel waits for it.
    dial: Option<watch::Receiver<Dial<E, T>>>,
}

/// A dial's result, once there is one.
type Dial<E, T> = Option<Result<Known<T>, Arc<E>>>;

enum Next<E, T> {
    Ticket(Ticket, T),
    Wait(watch::Receiver<Dial<E, T>>),
    Dial(watch::Sender<Dial<E, T>>, watch::Receiver<Dial<E, T>>),
}

/// What a checkout gives.
pub struct CheckedOut<T> {
    /// The right to one stream.
    pub ticket: Ticket,
    /// What is known about its tunnel.
    pub tunnel: T,
    /// Whether the tunnel was there already.
    pub reused: Reused,
}

impl<E, T> Clone for Pool<E, T> {
    fn clone(&self) -> Self {
        Self { entries: Arc::clone(&self.entries) }
    }
}

impl<E, T> Default for Pool<E, T> {
    fn default() -> Self {
        Self { entries: Arc::default() }
    }
}

impl<E: Send + Sync + 'static, T: Clone + Send + Sync + 'static> Pool<E, T> {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// The right to one stream on a tunnel for `key`; `dial` makes a tunnel if there is none with room, and tells what it
    /// found out about it.
    ///
    /// At most one dial per key is under way. It runs in a task of its own, so that a caller who gives up does not take
    /// those who wait with it. Cancel-safe.
    ///
    /// A tunnel that closes between its dial and the ticket is not dialled again here, or a peer that accepts and says
    /// GOAWAY would be dialled without end: the ticket's stream fails, as never processed.
    ///
    /// # Errors
    ///
    /// [`PoolError`].
    pub async fn checkout<F, D>(
        &self,
        key: &PoolKey,
        tasks: &Tasks,
        dial: F,
    ) -> Result<CheckedOut<T>, PoolError<E>>
    where
        F: Fn() -> D,
        D: Future<Output = Result<(Client, T), E>> + Send + 'static,
    {
        let mut reused = Reused::Yes;
        loop {
            let mut result = match self.next(key) {
                Next::Ticket(ticket, tunnel) => return Ok(CheckedOut { ticket, tunnel, reused }),
                Next::Wait(result) => result,
                Next::Dial(sender, result) => {
                    let (pool, key) = (self.clone(), key.clone());
                    let dial = dial();
                    tasks.spawn("dial", async move { pool.finish(&key, dial.await, &sender) });
                    result
                }
            };
            reused = Reused::No;
            let dialled = match result.wait_for(Option::is_some).await {
                Ok(result) => Option::clone(&result),
                // The dialling task was cut before it had a result.
                Err(_gone) => return Err(PoolError::Draining),
            };
            match dialled {
                Some(Ok((client, tunnel))) => match client.ticket() {
                    Some(ticket) => return Ok(CheckedOut { ticket, tunnel, reused }),
                    None if !client.is_usable() => {
                        return Ok(CheckedOut { ticket: client.last_ticket(), tunnel, reused });
                    }
                    // Those who waited beside us have filled it.
                    None => {}
                },
                Some(Err(error)) => return Err(PoolError::Dial(error)),
                None => {}
            }
        }
    }

    /// The right to the one stream of a tunnel that is nobody else's: `dial` makes it, and the pool never holds it; whoever
    /// is revoked is found among the streams. For tunnels that carry a single stream, where waiting for another's dial would
    /// only be waiting in line.
    ///
    /// # Errors
    ///
    /// [`PoolError::Dial`].
    pub async fn alone<D>(dial: D) -> Result<CheckedOut<T>, PoolError<E>>
    where
        D: Future<Output = Result<(Client, T), E>> + Send,
    {
        let (client, tunnel) = Box::pin(dial).await.map_err(|error| PoolError::Dial(Arc::new(error)))?;
        Ok(CheckedOut { ticket: client.last_ticket(), tunnel, reused: Reused::No })
    }

    /// How many tunnels there are, for whoever looks.
    pub fn tunnels(&self) -> usize {
        self.lock()
            .values()
            .map(|entry| entry.tunnels.iter().filter(|(client, _)| client.is_usable()).count())
            .sum()
    }

    /// Takes the tunnels that `unwanted` names out of the pool: nobody gets a stream on them any more. Those that are
    /// open on them go on, unless whoever holds them ends them.
    pub fn retire(&self, unwanted: impl Fn(&T) -> bool) {
        for entry in self.lock().values_mut() {
            entry.tunnels.retain(|(client, tunnel)| {
                let retires = unwanted(tunnel);
                if retires {
                    client.retire();
                }
                !retires
            });
        }
    }

    /// Takes the tunnels of one key out of the pool, as [`Pool::retire`] does: the next checkout dials.
    pub fn retire_of(&self, key: &PoolKey) {
        let mut entries = self.lock();
        let tunnels = entries.get_mut(key).map(|entry| std::mem::take(&mut entry.tunnels));
        tunnels.into_iter().flatten().for_each(|(client, _)| client.retire());
    }

    fn next(&self, key: &PoolKey) -> Next<E, T> {
        let mut entries = self.lock();
        if let Some(entry) = entries.get_mut(key) {
            entry.tunnels.retain(|(client, _)| client.is_usable());
            let free = |(client, tunnel): &Known<T>| Some((client.ticket()?, tunnel.clone()));
            if let Some((ticket, tunnel)) = entry.tunnels.iter().find_map(free) {
                return Next::Ticket(ticket, tunnel);
            }
            if let Some(dial) = &entry.dial {
                // A sender that is gone without a result was cut; the next in line dials anew.
                if dial.has_changed().is_ok() || dial.borrow().is_some() {
                    return Next::Wait(dial.clone());
                }
            }
        } else {
            // A dial costs far more than this sweep, and it keeps dead keys from piling up.
            entries.retain(|_, entry| {
                entry.dial.is_some() || entry.tunnels.iter().any(|(client, _)| client.is_usable())
            });
        }
        let (sender, receiver) = watch::channel(None);
        let entry = entries.entry(key.clone()).or_insert_with(|| Entry { tunnels: Vec::new(), dial: None });
        entry.dial = Some(receiver.clone());
        Next::Dial(sender, receiver)
    }

    /// Puts the dialled tunnel into the pool before anyone is told.
    fn finish(&self, key: &PoolKey, dialled: Result<Known<T>, E>, waiting: &watch::Sender<Dial<E, T>>) {
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(key) else { return };
        entry.dial = None;
        let result = dialled.map_err(Arc::new);
        entry.tunnels.extend(result.iter().cloned());
        drop(entries);
        waiting.send_replace(Some(result));
    }

    /// Nothing that runs under this lock can panic half-way through a change.
    fn lock(&self) -> MutexGuard<'_, HashMap<PoolKey, Entry<E, T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
