//! From options to a running mesh: certificates, backends, doors, threads, admin. Everything is bound before anything runs.

use std::collections::{HashSet, VecDeque};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};

use crate::admin::{
    self, Certifier, Context as AdminContext, ContextError, DEFAULT_CONTEXT, Dialler, Editor, MeshInfo,
    Readiness, ServeError, State,
};
use crate::app::backends::addresses;
use crate::app::bind::claim;
use crate::app::ca_faults::FaultyIssuer;
use crate::app::certificates::Certificates;
use crate::app::control::{Control, Fixed, State as ControlState};
use crate::app::crl;
use crate::app::dialler::Dialling;
use crate::app::error::StartError;
use crate::app::ground::Ground;
use crate::app::info;
use crate::app::issuer::MeshCa;
use crate::app::layout::Layout;
use crate::app::options::{AdminAt, Options};
use crate::app::pods::{PodMap, serve_names};
use crate::app::port_holder::who_holds;
use crate::app::running::{Parts, Running};
use crate::app::serve::{Order, obey};
use crate::app::threads::{self, Claimed, Stopped, WorkerDoors, stop};
use crate::drain::{Tasks, drain};
use crate::mesh::Place;
use crate::policy::{Snapshot, Snapshots};
use crate::proxy::{
    self, AcceptLog, Backends, Changes, Context, Detours, Door, Identities, Networks, Shared, Tapping, Worker,
};
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
    let (place, claim) = stand(&options.ground)?;
    let (context, socket) = take_name(options.context.as_deref())?;
    let admin = bind_admin(options.admin, &claim).await?;
    let mesh = Arc::clone(&options.snapshot.mesh);
    let MeshCa { issuer, certifier } = MeshCa::of(&options)?;
    let issuer = FaultyIssuer::new(issuer, options.ca_faults.clone());
    let certificates = Certificates::new(Arc::new(issuer));
    let layout = Layout::new(&mesh, (&options.ground, place), options.workers)?;
    let issued = certificates.issue(&mesh, &layout.networks);
    let at = (node_ip(&claim, place), admin.as_ref().and_then(|listener| listener.local_addr().ok()));
    let mut info = info::whole(&options, context.name(), (&layout, place), at);
    let own = own_addresses(admin.as_ref(), claim.as_ref().as_ref());
    let shared = shared(options.snapshot, (place, layout.networks.clone()), (options.proxy, options.tapping));
    shared.backends.store(addresses(&layout.backends.placement));
    shared.own.store(Arc::new(layout.listeners(&own)));
    let ((data, data_tasks), (control, control_tasks), (stop, stopped)) = (drain(), drain(), stop());
    let (sender, receiver) = queue();
    let metrics = Metrics::new(mesh.settings().cluster.as_str());
    let recorder = Recorder::new(receiver, metrics.clone(), options.access_log);
    let handle = recorder.handle();
    certificates.adopt(issued, &shared.identities, &control_tasks);
    crl::enforce(options.crl.as_deref(), (&shared.identities, &certificates), &control_tasks)?;
    let (orders, thread) = serve_backends(&shared, &control_tasks, (&claim, &stopped))?;
    let mut threads = vec![thread];
    let Layout { pods, backends, doors, shares, .. } = layout;
    // Its thread has just started, and hears every order.
    let _ = orders.send(Order::Serve(backends.new));
    let workers = start_workers(shares, &shared, (&sender, &data_tasks), (&claim, &stopped), &mut threads)?;
    control_tasks.spawn("recorder", recorder.run(control_tasks.clone()));
    info.ready_in_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let info = Arc::new(ArcSwap::from_pointee(info));
    let (quit, quit_asked) = watch::channel(false);
    let snapshots = shared.snapshots.clone();
    options.ground.settle(&PodMap::new(), &pods);
    serve_names(&pods, &snapshots, &control_tasks);
    let dialling = shared.clone();
    let fixed = Fixed {
        ground: options.ground,
        shared,
        certificates: certificates.clone(),
        workers,
        backends: orders,
        info: Arc::clone(&info),
        tasks: control_tasks.clone(),
        own,
        semantics: options.semantics,
    };
    let (objects, doors) = (Arc::new(options.objects), Arc::new(doors));
    let editor = Control::new(fixed, ControlState { objects, doors, placement: backends.placement, pods });
    let (seen, mesh) = ((handle.clone(), metrics), (snapshots.clone(), info));
    let dialler: Arc<dyn Dialler> = Arc::new(Dialling::new(dialling, &editor, control_tasks.clone()));
    let hands = Hands { editor: Arc::clone(&editor) as _, dialler: Arc::clone(&dialler), certifier };
    let state = state(mesh, hands, seen, (certificates.clone(), quit));
    serve_admin(socket, admin, &state, &control_tasks);
    let mesh = Parts { place, control: editor, dialler, certificates, snapshots, recorder: handle };
    Ok(Running::new(mesh, (data, control), (stop, threads), quit_asked))
}

/// The block of loopback addresses that the mesh stands on, where it needs one.
fn stand(ground: &Ground) -> Result<(Place, Claimed), StartError> {
    Ok(match ground {
        // Pods have networks of their own, and the mesh's own admin API a block on this one.
        Ground::Pods(..) => (Place::Direct, Arc::new(Some(claim()?.listener))),
        Ground::Loopback => {
            let claim = claim()?;
            (claim.place(), Arc::new(Some(claim.listener)))
        }
        Ground::One(_) => (Place::Direct, Arc::new(None)),
        // Whoever shares the mesh out holds the claim.
        Ground::Part(part) => (part.place(), Arc::new(None)),
    })
}

/// The address of the mesh that is no workload's.
fn node_ip(claim: &Option<TcpListener>, place: Place) -> IpAddr {
    let claimed = claim.as_ref().and_then(|listener| listener.local_addr().ok());
    claimed.map_or_else(|| place.node_ip(), |addr| addr.ip())
}

/// Who does what the admin API is asked to do.
struct Hands {
    editor: Arc<dyn Editor>,
    dialler: Arc<dyn Dialler>,
    certifier: Arc<dyn Certifier>,
}

/// What the admin API reads, and the one thing that it may end.
fn state(
    (snapshots, info): (Snapshots, Arc<ArcSwap<MeshInfo>>),
    hands: Hands,
    (recorder, metrics): (RecorderHandle, Metrics),
    (certificates, quit): (Certificates, watch::Sender<bool>),
) -> State {
    State {
        snapshots,
        recorder,
        info,
        editor: hands.editor,
        certifier: hands.certifier,
        dialler: hands.dialler,
        readiness: Readiness::new(),
        certificates: Arc::new(move || info::certificates(&certificates)),
        metrics: Arc::new(move || metrics.encode()),
        shutdown: Arc::new(move || {
            quit.send_replace(true);
        }),
    }
}

fn shared(
    snapshot: Snapshot,
    (place, networks): (Place, Networks),
    (config, tapping): (proxy::Config, Tapping),
) -> Shared {
    Shared {
        snapshots: Snapshots::new(snapshot),
        changes: Changes::default(),
        place,
        networks,
        config,
        identities: Identities::default(),
        backends: Backends::default(),
        detours: Detours::default(),
        tapping,
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
async fn bind_admin(
    at: AdminAt,
    claim: &Option<TcpListener>,
) -> Result<Option<tokio::net::TcpListener>, StartError> {
    match at {
        AdminAt::Node => match claim {
            Some(claim) => {
                let listener = claim.try_clone().and_then(tokio::net::TcpListener::from_std);
                listener.map(Some).map_err(StartError::System)
            }
            None => elsewhere(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), proxy::ADMIN)).await.map(Some),
        },
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

/// The addresses of this process that are no workload's.
fn own_addresses(
    admin: Option<&tokio::net::TcpListener>,
    claim: Option<&TcpListener>,
) -> HashSet<SocketAddr> {
    let claim = claim.and_then(|listener| listener.local_addr().ok());
    let admin = admin.and_then(|listener| listener.local_addr().ok());
    admin.into_iter().chain(claim).collect()
}

fn serve_backends(
    shared: &Shared,
    tasks: &Tasks,
    (claim, stopped): (&Claimed, &Stopped),
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
    (claim, stopped): (&Claimed, &Stopped),
    threads: &mut Vec<JoinHandle<()>>,
) -> Result<Vec<WorkerDoors>, StartError> {
    threads::keep_memory();
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
