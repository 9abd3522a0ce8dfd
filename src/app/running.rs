//! A mesh that runs: what it is, what it records, and how it stops.

use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::admin::MeshInfo;
use crate::app::threads::Stop;
use crate::drain::{Drain, Drained};
use crate::policy::Snapshots;
use crate::telemetry::RecorderHandle;

/// How long the control side may take to end after the data plane has: it only flushes what is in memory.
const CONTROL_GRACE: Duration = Duration::from_secs(1);

/// A running mesh. Dropping it without [`Running::stop`] ends the process's threads only with the process.
pub struct Running {
    pub(in crate::app) info: MeshInfo,
    pub(in crate::app) snapshots: Snapshots,
    pub(in crate::app) recorder: RecorderHandle,
    pub(in crate::app) data: Drain,
    pub(in crate::app) control: Drain,
    pub(in crate::app) stop: Stop,
    pub(in crate::app) threads: Vec<JoinHandle<()>>,
    pub(in crate::app) quit: watch::Receiver<bool>,
}

impl Running {
    /// What runs where.
    pub fn info(&self) -> &MeshInfo {
        &self.info
    }

    /// The mesh and its policies.
    pub fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// The records of its connections.
    pub fn recorder(&self) -> &RecorderHandle {
        &self.recorder
    }

    /// Resolves when somebody asked the admin API to quit.
    pub async fn quit_requested(&self) {
        let mut quit = self.quit.clone();
        if quit.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How many connections and doors of the data plane are open.
    pub fn open(&self) -> usize {
        self.data.tasks().running()
    }

    /// Stops accepting, tells peers with GOAWAY, waits up to `grace` for open connections, then cuts them.
    pub async fn stop(self, grace: Duration) -> Drained {
        let Self { data, control, stop, threads, .. } = self;
        let drained = data.finish(grace).await;
        control.finish(CONTROL_GRACE).await;
        stop.now();
        for thread in threads {
            // A thread that panicked has said so on stderr already.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        drained
    }
}
