//! Spawning and draining: every task of the process starts here, so that a drain knows every task.
//!
//! ```text
//!            start()               last task ends
//!  Serving ───────────▶ Draining ─────────────────▶ Closed
//!     │                    │                           ▲
//!     │ spawn runs         │ spawn still runs          │ spawn drops its future
//!     │                    │ draining() is ready       │
//!     │                    │                           │
//!     │                    │ grace is over             │ last task is dropped
//!     │                    └──────────▶ Cutting ───────┘
//! ```
//!
//! While `Draining`, a listener stops accepting and a tunnel says GOAWAY because each of them awaits
//! [`Tasks::draining`]; open connections go on until they end by themselves or until the grace is over.
//!
//! Not here: what is drained. This file knows no listener and no tunnel.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Makes the two ends: one owner who drains, and the door through which everybody spawns.
pub fn drain() -> (Drain, Tasks) {
    let shared = Arc::new(Shared {
        started: AtomicBool::new(false),
        registry: Mutex::new(Registry::default()),
        idle: Notify::new(),
    });
    (Drain { shared: Arc::clone(&shared) }, Tasks { shared })
}

/// The owner's end. Dropping it drains nothing.
#[derive(Debug)]
pub struct Drain {
    shared: Arc<Shared>,
}

/// What became of the tasks that ran when the drain started or were spawned after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Tasks that ended by themselves; one that panicked counts here.
    pub finished: usize,
    /// Tasks that were dropped because the grace was over.
    pub cut: usize,
}

impl Drain {
    /// Starts the drain: [`Tasks::draining`] resolves everywhere. Starting twice is starting once.
    pub fn start(&self) {
        self.shared.start();
    }

    /// Another handle to the spawn door.
    pub fn tasks(&self) -> Tasks {
        Tasks { shared: Arc::clone(&self.shared) }
    }

    /// Starts the drain, waits until every task has ended, and drops those that remain after `grace`.
    ///
    /// It also waits for the dropped ones, so every runtime that tasks were spawned on has to be driven until this
    /// returns, and a task that never yields holds it up. Afterwards nothing can be spawned any more.
    /// Cancelling this future leaves the drain started and cuts nothing.
    pub async fn finish(&self, grace: Duration) -> Drained {
        self.shared.start();
        if tokio::time::timeout(grace, self.shared.closed()).await.is_err() {
            self.shared.cut();
            self.shared.closed().await;
        }
        self.shared.registry().drained
    }
}

/// The spawn door and the drain signal. Clones are cheap and may be used from any thread and any runtime.
#[derive(Clone, Debug)]
pub struct Tasks {
    shared: Arc<Shared>,
}

impl Tasks {
    /// Runs `future` as a task of the current tokio runtime, under a `name` that [`Tasks::names`] lists.
    ///
    /// A panic ends that task only and counts as finished. Once the tasks are being cut, `future` is dropped unrun
    /// and counts as cut. Like `tokio::spawn` this must be called inside a runtime.
    pub fn spawn<F>(&self, name: &'static str, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(ticket) = Ticket::enter(&self.shared, name) else { return };
        let id = ticket.id;
        #[expect(clippy::disallowed_methods, reason = "this is the one spawn door that the ban points to")]
        let handle = tokio::spawn(Counted { future, ticket });
        self.shared.attach(id, handle.abort_handle());
    }

    /// Whether the drain is over: the last task has ended, or those that remain are being cut.
    pub fn is_closed(&self) -> bool {
        self.shared.registry().closed
    }

    /// Resolves once the drain has started, at once if it already has.
    ///
    /// Make it once per connection and keep polling the same future (`&mut draining` in a loop): it takes a lock when
    /// it is first polled and when it is dropped, and every poll in between is one atomic load.
    pub fn draining(&self) -> Draining {
        Draining { shared: Arc::clone(&self.shared), registered: None }
    }

    /// The number of tasks that have been spawned and have not ended.
    pub fn running(&self) -> usize {
        self.shared.registry().tasks.len()
    }

    /// The number of tasks that ended in a panic since the start of the process.
    pub fn panicked(&self) -> usize {
        self.shared.registry().panicked
    }

    /// How many tasks of each name run: what a drain is still waiting for.
    pub fn names(&self) -> BTreeMap<&'static str, usize> {
        let mut names = BTreeMap::new();
        for task in self.shared.registry().tasks.values() {
            *names.entry(task.name).or_default() += 1;
        }
        names
    }
}

/// The future of [`Tasks::draining`]. It is `Unpin`, owns what it needs, and may be polled after it was ready.
#[derive(Debug)]
pub struct Draining {
    shared: Arc<Shared>,
    /// The key under which the registry holds our waker, and a copy of that waker to compare with.
    registered: Option<(u64, Waker)>,
}

impl Future for Draining {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.shared.started.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if this.registered.as_ref().is_some_and(|(_, waker)| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        let key = this.registered.take().map(|(key, _)| key);
        let Some(key) = this.shared.register(key, cx.waker()) else { return Poll::Ready(()) };
        this.registered = Some((key, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        if let Some((key, _)) = self.registered.take() {
            // The waker goes out of the lock before it is dropped: dropping one may run somebody's code.
            let waker = self.shared.registry().waiting.remove(&key);
            drop(waker);
        }
    }
}

/// What the owner and all the doors share.
#[derive(Debug)]
struct Shared {
    /// Set under the registry's lock, read without it.
    started: AtomicBool,
    registry: Mutex<Registry>,
    /// Rung when the last task ended. Only [`Drain::finish`] waits for it, so one stored permit is enough.
    idle: Notify,
}

/// The tasks that run, and who waits for the drain.
#[derive(Debug, Default)]
struct Registry {
    next_id: u64,
    tasks: foldhash::HashMap<u64, Task>,
    waiting: foldhash::HashMap<u64, Waker>,
    /// Nothing starts any more, and what runs is being dropped.
    closed: bool,
    drained: Drained,
    panicked: usize,
}

/// One task that runs.
#[derive(Debug)]
struct Task {
    name: &'static str,
    /// Absent for the moment between being counted and being spawned.
    abort: Option<AbortHandle>,
}

impl Registry {
    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

impl Shared {
    /// Nothing panics while the lock is held, so a poisoned lock holds a sound registry all the same.
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) {
        let mut registry = self.registry();
        self.started.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut registry.waiting);
        drop(registry);
        waiting.into_values().for_each(Waker::wake);
    }

    /// Keeps `waker` for the start of the drain; `None` means that it has started in the meantime.
    fn register(&self, key: Option<u64>, waker: &Waker) -> Option<u64> {
        let waker = waker.clone();
        let mut registry = self.registry();
        if self.started.load(Ordering::Acquire) {
            return None;
        }
        let key = key.unwrap_or_else(|| registry.new_id());
        let replaced = registry.waiting.insert(key, waker);
        drop(registry);
        drop(replaced);
        Some(key)
    }

    /// Gives a counted task its handle, unless it has ended already; a cut that came in between is made up for.
    fn attach(&self, id: u64, abort: AbortHandle) {
        let mut registry = self.registry();
        if registry.closed {
            drop(registry);
            abort.abort();
        } else if let Some(task) = registry.tasks.get_mut(&id) {
            task.abort = Some(abort);
        }
    }

    /// Waits until no task runs, and closes the door in the same breath.
    async fn closed(&self) {
        while !self.close_if_idle() {
            self.idle.notified().await;
        }
    }

    fn close_if_idle(&self) -> bool {
        let mut registry = self.registry();
        let idle = registry.tasks.is_empty();
        registry.closed |= idle;
        idle
    }

    fn cut(&self) {
        let mut registry = self.registry();
        registry.closed = true;
        let handles: Vec<_> = registry.tasks.values_mut().filter_map(|task| task.abort.take()).collect();
        drop(registry);
        // Out of the lock: aborting an idle task drops its future here and now, and its ticket takes the lock.
        for handle in handles {
            handle.abort();
        }
    }
}

/// Proof that a task is counted. Dropping it, however the task ends, counts the task out.
struct Ticket {
    shared: Arc<Shared>,
    id: u64,
    completed: bool,
}

impl Ticket {
    fn enter(shared: &Arc<Shared>, name: &'static str) -> Option<Self> {
        let mut registry = shared.registry();
        if registry.closed {
            registry.drained.cut += 1;
            return None;
        }
        let id = registry.new_id();
        registry.tasks.insert(id, Task { name, abort: None });
        drop(registry);
        Some(Self { shared: Arc::clone(shared), id, completed: false })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let panicked = !self.completed && std::thread::panicking();
        let mut registry = self.shared.registry();
        let task = registry.tasks.remove(&self.id);
        registry.panicked += usize::from(panicked);
        if self.shared.started.load(Ordering::Acquire) {
            let finished = self.completed || panicked;
            registry.drained.finished += usize::from(finished);
            registry.drained.cut += usize::from(!finished);
        }
        let idle = registry.tasks.is_empty();
        drop(registry);
        drop(task);
        if idle {
            self.shared.idle.notify_one();
        }
    }
}

pin_project! {
    /// A counted task. The order of the fields matters: they are dropped in this order, and a task counts as gone only
    /// when everything it owned is. An async fn would hold the future twice: as its parameter, and as what it awaits.
    struct Counted<F> {
        #[pin]
        future: F,
        ticket: Ticket,
    }
}

impl<F: Future<Output = ()>> Future for Counted<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let ended = this.future.poll(cx);
        this.ticket.completed |= ended.is_ready();
        ended
    }
}

#[cfg(test)]
mod tests;
