//! A mesh that runs: what it is, what it records, and how it stops.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::admin::{CertificateView, Dialler, EditError, Edited, Editor, MeshInfo};
use crate::app::certificates::Certificates;
use crate::app::control::Control;
use crate::app::crl::put_in_force;
use crate::app::info;
use crate::app::threads::Stop;
use crate::drain::{Drain, Drained};
use crate::identity::{Clocks, SpiffeId, Svid, SvidSource};
use crate::mesh::{Name, Place};
use crate::policy::Snapshots;
use crate::proxy::{Backend, Detours, Door};
use crate::resources::Objects;
use crate::telemetry::RecorderHandle;
use crate::tls::{Revocations, TlsError};

/// How long the control side may take to end after the data plane has: it only flushes what is in memory.
const CONTROL_GRACE: Duration = Duration::from_secs(1);

/// What a running mesh is made of.
pub(in crate::app) struct Parts {
    pub(in crate::app) place: Place,
    pub(in crate::app) control: Arc<Control>,
    pub(in crate::app) dialler: Arc<dyn Dialler>,
    pub(in crate::app) certificates: Certificates,
    pub(in crate::app) snapshots: Snapshots,
    pub(in crate::app) recorder: RecorderHandle,
}

/// A running mesh. Dropping it without [`Running::stop`] cuts it at once.
pub struct Running {
    parts: Parts,
    data: Drain,
    control: Drain,
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
    quit: watch::Receiver<bool>,
}

impl Running {
    pub(in crate::app) fn new(
        parts: Parts,
        (data, control): (Drain, Drain),
        (stop, threads): (Stop, Vec<JoinHandle<()>>),
        quit: watch::Receiver<bool>,
    ) -> Self {
        Self { parts, data, control, stop, threads, quit }
    }

    /// What runs where.
    pub fn info(&self) -> Arc<MeshInfo> {
        self.parts.control.info()
    }

    /// Where workloads are on this machine.
    pub fn place(&self) -> Place {
        self.parts.place
    }

    /// Its doors.
    pub fn doors(&self) -> Arc<Vec<Door>> {
        self.parts.control.doors()
    }

    /// Who holds its documents.
    pub fn editor(&self) -> Arc<dyn Editor> {
        Arc::clone(&self.parts.control) as Arc<dyn Editor>
    }

    /// Who makes connections that somebody wants to see.
    pub fn dialler(&self) -> Arc<dyn Dialler> {
        Arc::clone(&self.parts.dialler)
    }

    /// Takes over what changed in its files from `before` to `now`; what was edited live stays.
    ///
    /// # Errors
    ///
    /// [`EditError`], and nothing has changed.
    pub fn reload(&self, before: &Objects, now: &Objects) -> Result<Vec<Edited>, EditError> {
        self.parts.control.reload(before, now)
    }

    /// The current certificate of `id`; `None` for an identity that is not in the mesh, or has none now.
    pub fn svid(&self, id: &SpiffeId) -> Option<Arc<Svid>> {
        self.svid_source(id)?.current()
    }

    /// Where the current certificate of `id` is, or why there is none; `None` for an identity that is not in the mesh.
    pub fn svid_source(&self, id: &SpiffeId) -> Option<SvidSource> {
        self.parts.certificates.get(id)
    }

    /// Where the certificates of all identities of the mesh are.
    pub fn svid_sources(&self) -> Vec<SvidSource> {
        self.parts.certificates.sources().values().cloned().collect()
    }

    /// All certificates, as `config certificates` lists them.
    pub fn certificates(&self) -> Vec<CertificateView> {
        info::certificates(&self.parts.certificates)
    }

    /// Puts `svid` in the place of what `id` shows, whatever it says, until the next renewal: to reproduce what a bent
    /// certificate does.
    ///
    /// # Errors
    ///
    /// A key that does not fit its certificate.
    pub fn present(&self, id: &SpiffeId, svid: &Svid) -> Result<(), TlsError> {
        self.parts.control.present(id, svid)
    }

    /// The clocks of `id`, which may be set wrong. `None` for an identity that is not in the mesh.
    pub fn clocks(&self, id: &SpiffeId) -> Option<Clocks> {
        self.parts.control.shared().identities.clocks(id)
    }

    /// Puts these revocation lists in the place of all others, and waits until every open connection was asked about.
    pub async fn revoke(&self, revocations: Revocations) {
        let identities = &self.parts.control.shared().identities;
        put_in_force(revocations, identities, &self.parts.certificates);
        identities.changes().settled().await;
    }

    /// Waits until every open connection was asked about by the newest policies.
    pub async fn settled(&self) {
        self.parts.control.shared().changes.settled().await;
    }

    /// Stops accepting, tells peers with GOAWAY, waits up to `grace` for open connections, then cuts them. Records, API and
    /// renewals go on.
    pub async fn drain(&self, grace: Duration) -> Drained {
        self.data.finish(grace).await
    }

    /// Which dials of its proxies go elsewhere.
    pub fn detours(&self) -> &Detours {
        &self.parts.control.shared().detours
    }

    /// What answers behind `port` of `workload`.
    pub fn backend(&self, workload: &Name, port: u16) -> Option<Backend> {
        self.parts.control.shared().backends.get(workload, port)
    }

    /// The mesh and its policies.
    pub fn snapshots(&self) -> &Snapshots {
        &self.parts.snapshots
    }

    /// The records of its connections.
    pub fn recorder(&self) -> &RecorderHandle {
        &self.parts.recorder
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
