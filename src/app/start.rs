//! From options to a running mesh: certificates, backends, doors, threads, admin. Everything is bound before anything runs.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::admin::{self, ContextListener, MeshInfo};
use crate::app::backend::AppTls;
use crate::app::bind::{self, Claim, claim};
use crate::app::certificates::Certificates;
use crate::app::error::StartError;
use crate::app::running::Running;
use crate::app::threads::{self, WorkerThread, stop};
use crate::app::{backends, info};
use crate::ca::{Authority, AuthorityOptions};
use crate::drain::drain;
use crate::mesh::Mesh;
use crate::policy::{Snapshot, Snapshots};
use crate::proxy::{AcceptLog, Backends, Config, Context, Identities, Shared, Worker, doors};
use crate::telemetry::{AccessLog, Recorder, queue};

/// Where the CA lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CaAt {
    /// In memory: nothing is written, and the next start has another root.
    #[default]
    Memory,
    /// In a folder, which is created once and reopened later.
    Dir(PathBuf),
}

/// Where the admin API listens, beside its unix socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminAt {
    /// On the mesh's own loopback address, port 15000.
    #[default]
    Node,
    /// Somewhere else.
    At(SocketAddr),
    /// Only on the unix socket.
    Nowhere,
}

/// What to start.
pub struct Options {
    /// The mesh and its policies.
    pub snapshot: Snapshot,
    /// Where that came from, for people: `demo mesh`, or the files.
    pub mesh_source: String,
    /// The name that other commands find this mesh by; `None` picks one.
    pub context: Option<String>,
    /// Where the CA lives.
    pub ca: CaAt,
    /// How long certificates live.
    pub certificate_ttl: Duration,
    /// Threads of the data plane, at least 1.
    pub workers: usize,
    /// Where the admin API listens.
    pub admin: AdminAt,
    /// Deadlines and limits.
    pub proxy: Config,
    /// Where access logs go.
    pub access_log: Option<AccessLog>,
}

/// Starts the mesh on threads of its own and returns when every door listens.
///
/// Must be called on a runtime, which becomes the control side: records, admin API, renewals.
///
/// # Errors
///
/// [`StartError`]; whatever was opened before is closed again.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let began = Instant::now();
    let Claim { place, listener } = claim()?;
    let context = ContextListener::bind(options.context.as_deref(), place)?;
    let mesh = Arc::clone(&options.snapshot.mesh);
    let authority = Arc::new(authority(&options, &mesh)?);
    let identities = Identities::default();
    let certificates = Certificates::issue(authority, &mesh, &identities)?;
    let app_tls = Arc::new(AppTls::new(&mesh)?);
    let backends = Backends::default();
    let bound = backends::bind(&mesh, place, &backends)?;
    let doors = doors(&mesh, place);
    let shares = bind::open(&doors, options.workers)?;
    let own: HashSet<SocketAddr> =
        doors.iter().map(|door| door.addr.0).chain([SocketAddr::new(place.node_ip(), crate::proxy::ADMIN)]).collect();
    let shared = Shared {
        snapshots: Snapshots::new(options.snapshot),
        place,
        config: options.proxy,
        identities: identities.clone(),
        backends: backends.clone(),
        own: Arc::new(ArcSwap::from_pointee(own)),
    };
    let (data, data_tasks) = drain();
    let (control, control_tasks) = drain();
    let (stop, stopped) = stop();
    let (sender, receiver) = queue();
    let (recorder, handle) = Recorder::new(options.access_log);
    control_tasks.spawn("recorder", recorder.run(receiver, control_tasks.clone()));
    certificates.keep_fresh(&identities, &control_tasks);
    let mut running_threads = Vec::new();
    let log = AcceptLog::default();
    for (number, share) in shares.into_iter().enumerate() {
        let context = Context::new(shared.clone(), sender.worker(), data_tasks.clone());
        let worker = WorkerThread::start(number, Worker::new(context, log.clone()), stopped.clone())?;
        for (door, listener) in share {
            worker.open(door, listener);
        }
        running_threads.push(worker.into_handle());
    }
    let _ = (listener, context, app_tls, bound, began);
    todo!()
}
