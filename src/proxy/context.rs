//! What every connection of one worker borrows.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::drain::Tasks;
use crate::hbone::Pool;
use crate::policy::Snapshot;
use crate::proxy::live::{LetIn, Listed, Live, refusal};
use crate::proxy::revocation::Known;
use crate::proxy::shared::Shared;
use crate::proxy::verified::Verified;
use crate::telemetry::{EventSender, Failure};

/// One worker's share: what is its own, and what all have.
pub struct Context {
    /// What all workers share.
    pub shared: Shared,
    /// Tunnels of this worker; a connection's tunnel, streams and sockets stay on one thread.
    pub(crate) pool: Pool<Failure, Verified>,
    /// Where events go.
    pub events: EventSender,
    /// The spawn door.
    pub tasks: Tasks,
    /// The connections that were let in and are still open.
    pub(crate) live: Arc<Live<LetIn>>,
    /// The peers that were called, and the callers with a tunnel.
    peers: Arc<Live<Known>>,
    turn: AtomicUsize,
}

impl Context {
    /// A worker's context with an empty pool.
    pub fn new(shared: Shared, events: EventSender, tasks: Tasks) -> Self {
        Self {
            shared,
            pool: Pool::new(),
            events,
            tasks,
            live: Arc::default(),
            peers: Arc::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Lists a connection that `snapshot` let in. A change that came before it was listed is made up for here.
    pub(crate) fn list(&self, snapshot: &Arc<Snapshot>, let_in: LetIn) -> Listed<LetIn> {
        let peer = let_in.peer();
        let listed = self.live.list(let_in);
        let current = self.shared.snapshots.load();
        if !Arc::ptr_eq(snapshot, &current) {
            self.live.cut_where(|let_in| refusal(&current, let_in));
        }
        let revocations = self.shared.identities.revocations().load();
        if peer.is_some_and(|peer| peer.refusal(&revocations).is_some()) {
            self.live.cut_where(|let_in| let_in.peer()?.refusal(&revocations));
        }
        listed
    }

    /// Lists a peer for as long as it is spoken to. Lists of revocations that came before are made up for here.
    pub(crate) fn list_peer(&self, known: Known) -> Listed<Known> {
        let listed = self.peers.list(known.clone());
        let revocations = self.shared.identities.revocations().load();
        if known.refusal(&revocations).is_some() {
            self.peers.cut_where(|known| known.refusal(&revocations));
        }
        listed
    }

    /// Does `work` until it is done, or until the peer is revoked; what it was at is dropped then, and so reset.
    /// `work` is pinned where it was made: handed over, it would be in memory twice.
    pub(crate) async fn unless_revoked<T>(
        &self,
        known: Known,
        work: Pin<&mut impl Future<Output = Result<T, Failure>>>,
    ) -> Result<T, Failure> {
        let mut listed = self.list_peer(known);
        tokio::select! {
            biased;
            revoked = listed.cut() => Err(revoked),
            result = work => result,
        }
    }

    /// Asks about all listed connections whenever the policies change, or who is revoked; runs until the worker ends.
    pub(crate) async fn watch_changes(&self) {
        let mut policies = self.shared.changes.listen();
        let mut revocations = self.shared.identities.changes().listen();
        loop {
            tokio::select! {
                changed = policies.changed() => match changed {
                    Ok(()) => {
                        let snapshot = self.shared.snapshots.load();
                        self.live.cut_where(|let_in| refusal(&snapshot, let_in));
                        policies.done();
                    }
                    Err(_gone) => return,
                },
                changed = revocations.changed() => match changed {
                    Ok(()) => {
                        self.ask_about_peers();
                        revocations.done();
                    }
                    Err(_gone) => return,
                },
            }
        }
    }

    /// Cuts whose peer is revoked now, and takes their tunnels out of the pool.
    fn ask_about_peers(&self) {
        let revocations = self.shared.identities.revocations().load();
        self.pool.retire(|tunnel| tunnel.peer.revoked(&revocations).is_some());
        self.peers.cut_where(|known| known.refusal(&revocations));
        self.live.cut_where(|let_in| let_in.peer()?.refusal(&revocations));
    }

    /// The next turn of the round robin over endpoints.
    pub(crate) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }
}
