//! One worker: a thread of the data plane with its doors, its tunnels and its connections.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::proxy::accept::{Accepted, accept_loop};
use crate::proxy::context::Context;
use crate::proxy::doors::{Door, DoorKind};
use crate::proxy::outbound::{self, Entry};
use crate::proxy::{captured, inbound};

/// Says at most once a second that sockets cannot be accepted, whatever the number of doors and workers.
///
/// The real ztunnel wrote 972 MB in ten seconds of descriptor exhaustion (reference/reliability.md section 0 row 2).
#[derive(Clone)]
pub struct AcceptLog {
    inner: Arc<Counts>,
}

struct Counts {
    start: Instant,
    /// Milliseconds since `start` of the next line.
    next: AtomicU64,
    silent: AtomicU64,
}

impl Default for AcceptLog {
    fn default() -> Self {
        let counts = Counts { start: Instant::now(), next: AtomicU64::new(0), silent: AtomicU64::new(0) };
        Self { inner: Arc::new(counts) }
    }
}

impl AcceptLog {
    const GAP: Duration = Duration::from_secs(1);

    /// The number of failures that this one stands for, if it is time to say so again.
    fn due(&self) -> Option<u64> {
        let counts = &self.inner;
        let now = u64::try_from(counts.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = counts.next.load(Ordering::Relaxed);
        let gap = u64::try_from(Self::GAP.as_millis()).unwrap_or(u64::MAX);
        let mine = now >= next
            && counts.next.compare_exchange(next, now + gap, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            return Some(counts.silent.swap(0, Ordering::Relaxed) + 1);
        }
        counts.silent.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn say(&self, door: &Door, error: &io::Error) {
        if let Some(failures) = self.due() {
            tracing::error!(
                target: "glasstunnel::accept",
                addr = %door.addr, failures, %error,
                "cannot accept connections; trying again, and saying so once a second",
            );
        }
    }
}

/// A worker's doors are opened on its own thread's runtime.
#[derive(Clone)]
pub struct Worker {
    ctx: Arc<Context>,
    log: AcceptLog,
}

impl Worker {
    /// A worker around its context.
    pub fn new(ctx: Context, log: AcceptLog) -> Self {
        Self { ctx: Arc::new(ctx), log }
    }

    /// Lets changed policies reach the connections of this worker. Must be called on its runtime, once.
    pub fn watch_changes(&self) {
        let ctx = Arc::clone(&self.ctx);
        let tasks = self.ctx.tasks.clone();
        tasks.spawn("policy changes", async move {
            tokio::select! { () = ctx.watch_changes() => {}, () = ctx.tasks.draining() => {} }
        });
    }

    /// Accepts at `door` until the drain starts or `closed` resolves. Must be called on the worker's runtime.
    ///
    /// # Errors
    ///
    /// The listener cannot be registered with the runtime.
    pub fn serve(
        &self,
        door: Door,
        listener: std::net::TcpListener,
        closed: oneshot::Receiver<()>,
    ) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let worker = self.clone();
        self.ctx.tasks.spawn("door", async move {
            let handle = |accepted| worker.handle(&door.kind, accepted);
            let accept =
                accept_loop(listener, &worker.ctx.tasks, handle, |error| worker.log.say(&door, error));
            // The sender is only ever dropped, never used: either way the door is to be closed.
            tokio::select! { () = accept => {}, _ = closed => {} }
        });
        Ok(())
    }

    fn handle(&self, kind: &DoorKind, accepted: Accepted) {
        let ctx = Arc::clone(&self.ctx);
        let tasks = &self.ctx.tasks;
        match kind.clone() {
            DoorKind::Captured { workload, port } => {
                tasks.spawn("captured", captured::serve(ctx, accepted, workload, Some(port)));
            }
            DoorKind::Redirected { workload } => {
                tasks.spawn("captured", captured::serve(ctx, accepted, workload, None));
            }
            DoorKind::Hbone { workload } => tasks.spawn("inbound", inbound::serve(ctx, accepted, workload)),
            DoorKind::Outbound { workload } => {
                tasks.spawn("outbound", outbound::serve(ctx, accepted, Entry::Asked(workload)));
            }
            DoorKind::OutboundRedirected { workload } => {
                tasks.spawn("outbound", outbound::serve(ctx, accepted, Entry::Redirected(workload)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_of_failures_is_one_line() {
        let log = AcceptLog::default();
        assert_eq!(log.due(), Some(1));
        assert!((0..1000).all(|_| log.due().is_none()));
        log.inner.next.store(0, Ordering::Relaxed);
        assert_eq!(log.due(), Some(1001));
    }
}
