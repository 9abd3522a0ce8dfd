//! The control side of telemetry: takes events in batches, feeds every face, keeps the records.
//!
//! Not here: which halves belong together (`join.rs`), and what a face looks like.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::drain::Tasks;
use crate::telemetry::access_log::AccessLog;
use crate::telemetry::event::{Event, HalfId, Opening};
use crate::telemetry::half::Half;
use crate::telemetry::join::Joiner;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::queue::{Dropped, EventReceiver};
use crate::telemetry::record::Record;
use crate::telemetry::ring::Ring;

/// How many records a subscriber may be behind before it loses the oldest.
const BACKLOG: usize = 1024;

/// How many events are handled before others on the control runtime get their turn.
const SLICE: usize = 256;

/// Joins halves, numbers connections, and keeps the last records.
pub struct Recorder {
    receiver: EventReceiver,
    joiner: Joiner,
    metrics: Metrics,
    access_log: Option<AccessLog>,
    shared: Arc<Shared>,
    /// Lost events that the metric already shows.
    counted: u64,
    /// Halves that seem to have ended unheard; those that still do at the next look are given up.
    suspects: Vec<HalfId>,
}

/// What readers see; clones share it.
#[derive(Clone)]
pub struct RecorderHandle {
    shared: Arc<Shared>,
}

/// One half that relays now.
#[derive(Clone, Debug)]
pub struct OpenConnection {
    /// `#ID`, the same for both halves and for the record to come.
    pub id: u64,
    /// Who, whom, since when, and the live counts.
    pub opening: Arc<Opening>,
}

struct Shared {
    ring: Mutex<Ring>,
    open: Mutex<HashMap<HalfId, OpenConnection>>,
    published: broadcast::Sender<Arc<Record>>,
    dropped: Dropped,
}

impl RecorderHandle {
    /// The finished record of that id, if it is among the last 10 000.
    pub fn get(&self, id: u64) -> Option<Arc<Record>> {
        locked(&self.shared.ring).get(id)
    }

    /// The last `count` records, the oldest of them first.
    pub fn recent(&self, count: usize) -> Vec<Arc<Record>> {
        locked(&self.shared.ring).recent(count)
    }

    /// The halves that relay now, by id and then the caller's first.
    pub fn open(&self) -> Vec<OpenConnection> {
        let mut open: Vec<_> = locked(&self.shared.open).values().cloned().collect();
        open.sort_by_key(|connection| (connection.id, connection.opening.reporter.direction() == "inbound"));
        open
    }

    /// Every record from now on; a subscriber that is 1024 behind loses the oldest and is told how many.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Record>> {
        self.shared.published.subscribe()
    }

    /// How many events were lost because the recorder was too far behind.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.count()
    }
}

impl Recorder {
    /// A recorder of what comes through `receiver`; without an access log none is written.
    pub fn new(receiver: EventReceiver, metrics: Metrics, access_log: Option<AccessLog>) -> Self {
        let shared = Arc::new(Shared {
            ring: Mutex::default(),
            open: Mutex::default(),
            published: broadcast::Sender::new(BACKLOG),
            dropped: receiver.dropped(),
        });
        let (joiner, suspects) = (Joiner::default(), Vec::new());
        Self { receiver, joiner, metrics, access_log, shared, counted: 0, suspects }
    }

    /// The readers' end.
    pub fn handle(&self) -> RecorderHandle {
        RecorderHandle { shared: Arc::clone(&self.shared) }
    }

    /// Records until `tasks` drain, then what is still in the queue, waiting for nobody.
    ///
    /// Spawn it on the control side's tasks: the data plane has to be drained first, so that its last events are in.
    pub async fn run(mut self, tasks: Tasks) {
        let mut draining = tasks.draining();
        let mut events = Vec::new();
        loop {
            let deadline = self.joiner.deadline();
            let ends = tokio::select! {
                () = self.receiver.batch(&mut events) => false,
                () = reached(deadline) => false,
                () = &mut draining => true,
            };
            // Also after a deadline: it has cut a batch's gathering short.
            self.receiver.take(&mut events);
            self.handle_all(&mut events).await;
            if ends {
                break;
            }
        }
        for record in self.joiner.flush() {
            self.publish(record);
        }
        self.settle();
    }

    async fn handle_all(&mut self, events: &mut Vec<Event>) {
        for (index, event) in events.drain(..).enumerate() {
            if index % SLICE == SLICE - 1 {
                tokio::task::yield_now().await;
            }
            match event {
                Event::Opened(id, opening) => self.opened(id, opening.into()),
                Event::Finished(id, half) => self.finished(id, half),
            }
        }
        while let Some(record) = self.joiner.overdue(Instant::now()) {
            self.publish(record);
        }
        self.settle();
    }

    fn opened(&mut self, half: HalfId, opening: Arc<Opening>) {
        self.metrics.opened(&opening);
        if let Some(access_log) = &mut self.access_log {
            access_log.opened(&opening);
        }
        let id = self.joiner.opened(half, &opening);
        locked(&self.shared.open).insert(half, OpenConnection { id, opening });
    }

    fn finished(&mut self, id: HalfId, half: Box<Half>) {
        let opened = locked(&self.shared.open).remove(&id);
        self.metrics.finished(&half, opened.as_ref().map(|connection| &*connection.opening));
        if let Some(access_log) = &mut self.access_log {
            access_log.finished(&half);
        }
        if let Some(record) = self.joiner.ended(id, half, Instant::now()) {
            self.publish(record);
        }
    }

    fn publish(&self, record: Record) {
        let record = Arc::new(record);
        locked(&self.shared.ring).push(Arc::clone(&record));
        // Without subscribers this is an error, and nothing is missing.
        let _ = self.shared.published.send(record);
    }

    /// What is done once per batch.
    fn settle(&mut self) {
        self.give_up_lost();
        let dropped = self.shared.dropped.count();
        self.metrics.dropped(dropped - self.counted);
        self.counted = dropped;
        if let Some(access_log) = &mut self.access_log {
            access_log.flush();
            self.metrics.log_errors(access_log.take_errors());
        }
        self.metrics.connections(self.joiner.relaying());
    }

    /// After a loss, looks for halves whose end was among it: nobody but us holds their counts any more.
    ///
    /// The end of a half is pushed before its counts are let go, so two looks in a row leave no doubt.
    fn give_up_lost(&mut self) {
        if self.suspects.is_empty() && self.shared.dropped.count() == self.counted {
            return;
        }
        let mut open = locked(&self.shared.open);
        let unheard = open.iter().filter(|(_, it)| Arc::strong_count(&it.opening.counts) == 1);
        let unheard: Vec<HalfId> = unheard.map(|(id, _)| *id).collect();
        let (lost, suspects) = unheard.into_iter().partition(|id| self.suspects.contains(id));
        let lost: Vec<HalfId> = lost;
        let openings: Vec<_> = lost.iter().filter_map(|id| open.remove(id)).collect();
        drop(open);
        self.suspects = suspects;
        openings.iter().for_each(|connection| self.metrics.lost(&connection.opening));
        let records: Vec<Record> = lost.into_iter().filter_map(|id| self.joiner.lost(id)).collect();
        records.into_iter().for_each(|record| self.publish(record));
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Nothing panics under these locks, so a poisoned one holds sound data all the same.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
