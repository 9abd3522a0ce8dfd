//! From options to a running mesh: certificates, backends, doors, threads, admin. Everything is bound before anything runs.

use std::collections::{HashSet, VecDeque};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};

use crate::admin::{
    self, Context as AdminContext, ContextError, DEFAULT_CONTEXT, Editor, MeshInfo, Readiness, ServeError,
    State,
};
use crate::app::backends::{Placement, addresses, rearrange};
use crate::app::bind::{self, Claim, claim};
use crate::app::certificates::Certificates;
use crate::app::control::{Control, Fixed, State as ControlState};
use crate::app::crl;
use crate::app::error::StartError;
use crate::app::info::{self, Whole};
use crate::app::options::{AdminAt, CaAt, Options};
use crate::app::port_holder::who_holds;
use crate::app::running::{Parts, Running};
use crate::app::serve::{Order, obey};
use crate::app::threads::{self, Stopped, WorkerDoors, stop};
use crate::ca::{Authority, AuthorityOptions};
use crate::drain::{Tasks, drain};
use crate::mesh::Place;
use crate::policy::{Snapshot, Snapshots};
use crate::proxy::{self, AcceptLog, Backends, Changes, Context, Door, Identities, Shared, Worker, doors};
use crate::telemetry::{EventSender, Metrics, Recorder, RecorderHandle, queue};

/// How many meshes of one user may run without being given names.
const MOST_CONTEXTS: usize = 99;

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
    let (context, socket) = take_name(options.context.as_deref())?;
    let claim = Arc::new(listener);
    let admin = bind_admin(options.admin, &claim).await?;
    let mesh = Arc::clone(&options.snapshot.mesh);
    let certificates = Certificates::new(Arc::new(authority(&options)?));
    let issued = certificates.issue(&mesh)?;
    let backends = rearrange(&mesh, place, &Placement::new())?;
    let doors = doors(&mesh, place);
    let shares = bind::open(&doors, options.workers.max(1))?;
    let whole = Whole {
        mesh: &mesh,
        place,
        context: context.name(),
        mesh_source: options.mesh_source,
        ca: &options.ca,
        ttl: options.certificate_ttl,
        admin: admin.as_ref().and_then(|listener| listener.local_addr().ok()),
        workloads: info::workloads(&mesh, place, &doors, &backends.placement),
    };
    let own = own_addresses(admin.as_ref(), place);
    let shared = shared(options.snapshot, place, options.proxy);
    shared.backends.store(addresses(&backends.placement));
    shared.own.store(Arc::new(own.iter().copied().chain(doors.iter().map(|door| door.addr.0)).collect()));
    let ((data, data_tasks), (control, control_tasks), (stop, stopped)) = (drain(), drain(), stop());
    let (sender, receiver) = queue();
    let metrics = Metrics::new(mesh.settings().cluster.as_str());
    let recorder = Recorder::new(receiver, metrics.clone(), options.access_log);
    let handle = recorder.handle();
    certificates.adopt(issued, &shared.identities, &control_tasks);
    crl::enforce(options.crl.as_deref(), (&shared.identities, &certificates), &control_tasks)?;
    let (orders, thread) = serve_backends(&shared, &control_tasks, (&claim, &stopped))?;
    // Its thread has just started, and hears every order.
    let _ = orders.send(Order::Serve(backends.new));
    let mut threads = vec![thread];
    let workers = start_workers(shares, &shared, (&sender, &data_tasks), (&claim, &stopped), &mut threads)?;
    control_tasks.spawn("recorder", recorder.run(control_tasks.clone()));
    let info = Arc::new(ArcSwap::from_pointee(info::whole(whole, began.elapsed())));
    let (quit, quit_asked) = watch::channel(false);
    let snapshots = shared.snapshots.clone();
    let fixed = Fixed {
        shared,
        certificates: certificates.clone(),
        workers,
        backends: orders,
        info: Arc::clone(&info),
        tasks: control_tasks.clone(),
        own,
        semantics: options.semantics,
    };
    let placement = backends.placement;
    let objects = Arc::new(options.objects);
    let editor = Control::new(fixed, ControlState { objects, doors: Arc::new(doors), placement });
    let holder = Arc::clone(&editor) as Arc<dyn Editor>;
    let seen = (handle.clone(), metrics);
    let state = state((snapshots.clone(), info, holder), seen, certificates.clone(), quit);
    serve_admin(socket, admin, &state, &control_tasks);
    let mesh = Parts { place, control: editor, certificates, snapshots, recorder: handle };
    Ok(Running::new(mesh, (data, control), (stop, threads), quit_asked))
}

/// What the admin API reads, and the one thing that it may end.
fn state(
    (snapshots, info, editor): (Snapshots, Arc<ArcSwap<MeshInfo>>, Arc<dyn Editor>),
    (recorder, metrics): (RecorderHandle, Metrics),
    certificates: Certificates,
    quit: watch::Sender<bool>,
) -> State {
    State {
        snapshots,
        recorder,
        info,
        editor,
        readiness: Readiness::new(),
        certificates: Arc::new(move || info::certificates(&certificates)),
        metrics: Arc::new(move || metrics.encode()),
        shutdown: Arc::new(move || {
            quit.send_replace(true);
        }),
    }
}

fn shared(snapshot: Snapshot, place: Place, config: proxy::Config) -> Shared {
    Shared {
        snapshots: Snapshots::new(snapshot),
        changes: Changes::default(),
        place,
        config,
        identities: Identities::default(),
        backends: Backends::default(),
        own: Arc::default(),
    }
}

/// Takes the wanted name, or the first free one: `default`, `default-2`, and so on.
fn take_name(wanted: Option<&str>) -> Result<(AdminContext, tokio::net::UnixListener), StartError> {
    if let Some(wanted) = wanted {
        let context = AdminContext::new(wanted)?;
        let socket = context.listen()?;
        return Ok((context, socket));
    }
    let mut number = 1;
    loop {
        let name =
            if number == 1 { DEFAULT_CONTEXT.to_owned() } else { format!("{DEFAULT_CONTEXT}-{number}") };
        let context = AdminContext::new(&name)?;
        match context.listen() {
            Err(ContextError::Taken { .. }) if number < MOST_CONTEXTS => number += 1,
            socket => return Ok((context, socket?)),
        }
    }
}

/// The TCP side of the admin API; on the node's address it is the claim itself.
async fn bind_admin(at: AdminAt, claim: &TcpListener) -> Result<Option<tokio::net::TcpListener>, StartError> {
    match at {
        AdminAt::Node => {
            let listener = claim.try_clone().and_then(tokio::net::TcpListener::from_std);
            listener.map(Some).map_err(StartError::System)
        }
        AdminAt::At(address) => elsewhere(address).await.map(Some),
        AdminAt::Nowhere => Ok(None),
    }
}

async fn elsewhere(address: SocketAddr) -> Result<tokio::net::TcpListener, StartError> {
    admin::bind_tcp(address).await.map_err(|ServeError::Bind { address, source }| match source.kind() {
        ErrorKind::AddrInUse => {
            let (door, holder) = ("the admin API".to_owned(), who_holds(address));
            StartError::PortInUse { addr: address, door, holder, source }
        }
        _ => StartError::Admin(ServeError::Bind { address, source }),
    })
}

fn serve_admin(
    socket: tokio::net::UnixListener,
    listener: Option<tokio::net::TcpListener>,
    state: &State,
    tasks: &Tasks,
) {
    tasks.spawn("admin context", admin::serve_context(socket, state.clone(), tasks.clone()));
    if let Some(listener) = listener {
        tasks.spawn("admin", admin::serve_tcp(listener, state.clone(), tasks.clone()));
    }
}

fn authority(options: &Options) -> Result<Authority, StartError> {
    let authority = AuthorityOptions {
        trust_domain: options.snapshot.mesh.settings().trust_domain.clone(),
        ttl: options.certificate_ttl,
        intermediate: options.intermediate,
        ..AuthorityOptions::default()
    };
    Ok(match &options.ca {
        CaAt::Memory => Authority::generate(&authority)?,
        CaAt::Dir(folder) => Authority::open_or_create(folder, &authority)?,
    })
}

/// The addresses of this process that are no workload's.
fn own_addresses(admin: Option<&tokio::net::TcpListener>, place: Place) -> HashSet<SocketAddr> {
    let claim = SocketAddr::new(place.node_ip(), proxy::ADMIN);
    let admin = admin.and_then(|listener| listener.local_addr().ok());
    admin.into_iter().chain([claim]).collect()
}

fn serve_backends(
    shared: &Shared,
    tasks: &Tasks,
    (claim, stopped): (&Arc<TcpListener>, &Stopped),
) -> Result<(mpsc::UnboundedSender<Order>, JoinHandle<()>), StartError> {
    let (backends, tasks, stopped) = (shared.backends.clone(), tasks.clone(), stopped.clone());
    let (orders, incoming) = mpsc::unbounded_channel();
    let thread = threads::run("backends".to_owned(), Arc::clone(claim), async move {
        tokio::select! { () = obey(incoming, backends, tasks) => {}, () = stopped.wait() => {} }
    })?;
    Ok((orders, thread))
}

fn start_workers(
    shares: Vec<VecDeque<(Door, TcpListener)>>,
    shared: &Shared,
    (sender, tasks): (&EventSender, &Tasks),
    (claim, stopped): (&Arc<TcpListener>, &Stopped),
    threads: &mut Vec<JoinHandle<()>>,
) -> Result<Vec<WorkerDoors>, StartError> {
    let log = AcceptLog::default();
    let mut start = |(number, share): (usize, VecDeque<(Door, TcpListener)>)| {
        let context = Context::new(shared.clone(), sender.worker(), tasks.clone());
        let worker = Worker::new(context, log.clone());
        let (doors, thread) = WorkerDoors::start(number, Arc::clone(claim), worker, stopped.clone())?;
        share.into_iter().for_each(|(door, listener)| doors.open(door, listener));
        threads.push(thread);
        Ok(doors)
    };
    shares.into_iter().enumerate().map(&mut start).collect()
}
