//! The connections that a worker has let in, so that a changed policy reaches them too.
//!
//! ```text
//!   let in ──▶ listed ──▶ relay … ends ──▶ struck off
//!                 │
//!   policies changed: asked again ── refused ──▶ its relay is cut, and the record names the policy
//! ```
//!
//! The list is the worker's own, so that its lock is never waited for; a connection costs it an insertion and a removal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tokio::sync::oneshot;

use crate::addr::MeshAddr;
use crate::mesh::Name;
use crate::policy::{CheckRequest, Entered, Snapshot, recheck};
use crate::proxy::failure;
use crate::proxy::revocation::Known;
use crate::telemetry::Failure;
use crate::tls::Peer;

/// What a connection was let in with.
#[derive(Clone, Debug)]
pub(crate) struct LetIn {
    /// To whom.
    pub(crate) workload: Name,
    /// To which workload port.
    pub(crate) port: u16,
    /// Through which door.
    pub(crate) entered: Entered,
    /// Who calls, verified.
    pub(crate) source: Option<Arc<Peer>>,
    /// From where.
    pub(crate) source_addr: MeshAddr,
}

impl LetIn {
    /// The peer, to be asked about when it is revoked.
    pub(crate) fn peer(&self) -> Option<Known> {
        self.source.as_ref().map(Known::caller)
    }
}

/// A list of one worker, of what is known about its open connections.
#[derive(Debug)]
pub(crate) struct Live<T> {
    next: AtomicU64,
    listed: Mutex<Entries<T>>,
}

/// A failure is boxed on its way: there is room for one in each connection, and hardly any ever comes.
type Entries<T> = HashMap<u64, (T, oneshot::Sender<Box<Failure>>)>;

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self { next: AtomicU64::default(), listed: Mutex::default() }
    }
}

/// A place on the list; dropping it strikes the connection off.
pub(crate) struct Listed<T> {
    live: Arc<Live<T>>,
    number: u64,
    cut: oneshot::Receiver<Box<Failure>>,
}

impl<T> Live<T> {
    /// Lists a connection.
    pub(crate) fn list(self: &Arc<Self>, known: T) -> Listed<T> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, cut) = oneshot::channel();
        self.locked().insert(number, (known, sender));
        Listed { live: Arc::clone(self), number, cut }
    }

    /// Asks about every listed connection, and cuts those for which there is a reason now.
    pub(crate) fn cut_where(&self, reason: impl Fn(&T) -> Option<Failure>) {
        let mut listed = self.locked();
        let refused: Vec<(u64, Failure)> =
            listed.iter().filter_map(|(number, (known, _))| Some((*number, reason(known)?))).collect();
        let cut: Vec<_> = refused
            .into_iter()
            .filter_map(|(number, failure)| Some((listed.remove(&number)?.1, failure)))
            .collect();
        drop(listed);
        for (sender, failure) in cut {
            // A connection that ended by itself meanwhile needs no cut.
            let _ = sender.send(Box::new(failure));
        }
    }

    /// Nothing panics under this lock, so a poisoned one holds sound data all the same.
    fn locked(&self) -> MutexGuard<'_, Entries<T>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Listed<T> {
    /// Waits for the cut; for ever, if no change refuses the connection.
    ///
    /// Cancel-safe: a cut that was not seen is seen by the next call.
    pub(crate) async fn cut(&mut self) -> Failure {
        match (&mut self.cut).await {
            Ok(failure) => *failure,
            Err(_never) => std::future::pending().await,
        }
    }
}

impl<T> Drop for Listed<T> {
    fn drop(&mut self) {
        self.live.locked().remove(&self.number);
    }
}

/// Why the connection would not be let in now.
pub(crate) fn refusal(snapshot: &Snapshot, let_in: &LetIn) -> Option<Failure> {
    let Some(workload) = snapshot.mesh.workload(&let_in.workload) else {
        return Some(failure::unknown_workload(&let_in.workload.to_string()));
    };
    let request = CheckRequest {
        source: let_in.source.as_ref().map(|peer| &peer.id),
        source_addr: let_in.source_addr,
        workload,
        port: let_in.port,
    };
    let denial = recheck(&snapshot.policies, let_in.entered, &request).err()?;
    Some(failure::policy_changed(&denial))
}
