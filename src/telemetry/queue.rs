//! The way from the workers to the control runtime: one bounded lane per worker, emptied in batches.
//!
//! ```text
//!   worker 0 ── push ──▶ lane 0 ─┐
//!   worker 1 ── push ──▶ lane 1 ─┼── take, every 10 ms while there is something ──▶ recorder
//!                                │
//!   receiver asleep? the first push into an empty lane wakes it; else nobody wakes anybody
//! ```
//!
//! A push takes a lock that only the receiver shares, for as long as a copy of 24 bytes lasts. Under steady load the
//! receiver wakes by its own timer, so no push makes a system call.
//!
//! Not here: what an event means (`recorder.rs`).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::telemetry::event::{Event, HalfId, Opening};
use crate::telemetry::half::Half;

/// How many events a worker may be ahead of the recorder; one second of 32 000 connections.
const CAPACITY: usize = 65_536;

/// How long a batch gathers: short enough for a person who watches, long enough to wake up a hundred times a second
/// at most.
pub(in crate::telemetry) const GATHER: Duration = Duration::from_millis(10);

/// Each lane numbers its halves in a range of its own, so that counting needs no shared cache line.
const LANE_SHIFT: u32 = 40;

/// Makes the two ends. The sender is the first worker's; others come from [`EventSender::worker`].
pub fn queue() -> (EventSender, EventReceiver) {
    let shared = Arc::new(Shared::default());
    (EventSender::join(&shared), EventReceiver { shared, gathering: false })
}

/// A worker's end. Clones share the worker's lane.
#[derive(Clone, Debug)]
pub struct EventSender {
    /// The only counter that a clone touches, and no other worker's.
    lane: Arc<Lane>,
}

impl EventSender {
    fn join(shared: &Arc<Shared>) -> Self {
        let number = shared.joined.fetch_add(1, Ordering::Relaxed);
        let next = AtomicU64::new(number << LANE_SHIFT);
        let lane = Arc::new(Lane { events: Mutex::default(), next, shared: Arc::clone(shared) });
        locked(&shared.lanes).push(Arc::clone(&lane));
        Self { lane }
    }

    /// A sender with a lane of its own, for another worker thread.
    pub fn worker(&self) -> Self {
        Self::join(&self.lane.shared)
    }

    /// A name for a new half, unique in this process.
    pub fn next_id(&self) -> HalfId {
        HalfId(self.lane.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Tells that a half relays now.
    pub fn opened(&self, id: HalfId, opening: Opening) {
        self.push(Event::Opened(id, Box::new(opening)));
    }

    /// Tells that a half ended. A half is finished once, whether or not it was opened.
    pub fn finished(&self, id: HalfId, half: Box<Half>) {
        self.push(Event::Finished(id, half));
    }

    fn push(&self, event: Event) {
        let shared = &self.lane.shared;
        let mut events = locked(&self.lane.events);
        if events.len() >= CAPACITY {
            drop(events);
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = events.is_empty();
        events.push(event);
        drop(events);
        if was_empty && shared.asleep.swap(false, Ordering::SeqCst) {
            shared.wake.notify_one();
        }
    }
}

/// The recorder's end.
#[derive(Debug)]
pub struct EventReceiver {
    shared: Arc<Shared>,
    /// Whether the last look found something, so that the next one is due in [`GATHER`] without anyone's call.
    gathering: bool,
}

impl EventReceiver {
    /// Waits for events and appends them to `events`; returns when there is at least one.
    ///
    /// Cancel safe: an event is either still in its lane or in `events`.
    pub async fn batch(&mut self, events: &mut Vec<Event>) {
        loop {
            if self.gathering {
                tokio::time::sleep(GATHER).await;
            }
            if self.take(events) {
                return;
            }
            self.shared.asleep.store(true, Ordering::SeqCst);
            // A push from before the announcement rang no bell. The lane's lock orders it: either it is seen here, or
            // the pusher sees the announcement.
            if !self.shared.holds_any() {
                self.shared.wake.notified().await;
            }
            self.shared.asleep.store(false, Ordering::SeqCst);
            self.gathering = true;
        }
    }

    /// Appends what is there now, in the order of each worker; `false` when there was nothing.
    pub fn take(&mut self, events: &mut Vec<Event>) -> bool {
        let before = events.len();
        let mut lanes = locked(&self.shared.lanes);
        for lane in lanes.iter() {
            events.append(&mut locked(&lane.events));
        }
        // A lane that only this list still holds has lost its worker.
        lanes.retain(|lane| Arc::strong_count(lane) > 1 || !locked(&lane.events).is_empty());
        drop(lanes);
        self.gathering = events.len() > before;
        self.gathering
    }

    /// How many events were lost because the recorder was too far behind.
    pub fn dropped(&self) -> Dropped {
        Dropped(Arc::clone(&self.shared))
    }
}

impl Drop for EventReceiver {
    /// Lanes and the list of lanes hold each other; the receiver's end unties them.
    fn drop(&mut self) {
        locked(&self.shared.lanes).clear();
    }
}

/// The live count of lost events.
#[derive(Clone, Debug)]
pub struct Dropped(Arc<Shared>);

impl Dropped {
    /// The count since the process began.
    pub fn count(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

/// One worker's events.
#[derive(Debug)]
struct Lane {
    events: Mutex<Vec<Event>>,
    next: AtomicU64,
    shared: Arc<Shared>,
}

/// What all ends share.
#[derive(Debug, Default)]
struct Shared {
    lanes: Mutex<Vec<Arc<Lane>>>,
    joined: AtomicU64,
    /// Set while the receiver waits to be woken.
    asleep: AtomicBool,
    wake: Notify,
    dropped: AtomicU64,
}

impl Shared {
    fn holds_any(&self) -> bool {
        locked(&self.lanes).iter().any(|lane| !locked(&lane.events).is_empty())
    }
}

/// Nothing panics under these locks, so a poisoned one holds sound data all the same.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
