//! Two proxies, a client and a backend that echoes on one runtime and one thread: nothing happens at the same time, so
//! that what happens is always the same.
//!
//! The sockets are real, on loopback. Nobody takes the events; what a recorder makes of them is an operation of its own.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use glasstunnel::addr::LocalAddr;
use glasstunnel::drain::{Drain, Tasks, drain};
use glasstunnel::mesh::{Mesh, Name, Place, build};
use glasstunnel::policy::{Snapshot, Snapshots};
use glasstunnel::proxy::{
    AcceptLog, Backend, Backends, Changes, Config, Context, Detour, Detours, Door, DoorKind, HBONE,
    Identities, Networks, Shared, Tapping, TlsPair, Worker,
};
use glasstunnel::resources::{Input, Objects};
use glasstunnel::telemetry::{EventReceiver, queue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::pair::Pair;

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}}
spec: {serviceAccountName: server, containers: [{ports: [{containerPort: 3000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 3000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {serviceAccountName: client}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default}
spec: {mtls: {mode: STRICT}}
";

/// Any block does: ports are the system's choice, and no mesh claims it.
const PLACE: Place = Place::Loopback { block: 77 };

/// SOCKS5 (RFC 1928): one method, none; CONNECT to `server:3000`.
const ASKS: [&[u8]; 2] = [&[5, 1, 0], b"\x05\x01\x00\x03\x06server\x0b\xb8"];

/// What is open for as long as the proxies run.
struct Held {
    _drain: Drain,
    _doors: Vec<oneshot::Sender<()>>,
    _detour: Detour,
    _events: EventReceiver,
}

/// Both proxies and the backend.
pub(crate) struct Proxies {
    runtime: Runtime,
    outbound: SocketAddr,
    _held: Held,
}

fn named(name: &str) -> Name {
    Name::new("default", name)
}

fn snapshot() -> Snapshot {
    let loaded = Objects::read(&[Input::text("bench.yaml", MESH)]).unwrap().assemble().unwrap();
    Snapshot::new(Arc::new(build(loaded.spec).unwrap()), loaded.policies)
}

fn certificates(mesh: &Mesh) -> Identities {
    let (pair, identities) = (Pair::new(), Identities::default());
    identities.extend(mesh.workloads().map(|workload| {
        let svid = pair.authority.issue_now(&workload.identity).unwrap();
        (workload.identity.clone(), Some(TlsPair::new(&svid).unwrap()))
    }));
    identities
}

fn shared(backend: SocketAddr) -> Shared {
    let snapshot = snapshot();
    let (identities, backends) = (certificates(&snapshot.mesh), Backends::default());
    backends.store(HashMap::from([((named("server"), 3000), Backend::At(backend.to_string().into()))]));
    Shared {
        snapshots: Snapshots::new(snapshot),
        changes: Changes::default(),
        place: PLACE,
        networks: Networks::default(),
        config: Config::default(),
        identities,
        backends,
        detours: Detours::default(),
        tapping: Tapping::new(false, None),
        own: Arc::default(),
    }
}

/// Echoes, and ends when the client does.
async fn echo(listener: TcpListener, tasks: Tasks) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tasks.spawn("echo", async move {
            let mut buffer = [0; 64];
            while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                stream.write_all(&buffer[..length]).await.unwrap();
            }
        });
    }
}

impl Proxies {
    /// Opens the client's outbound door and the server's for HBONE.
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (outbound, held) = runtime.block_on(opened());
        Self { runtime, outbound, _held: held }
    }

    /// A connection from the client to the server: a byte there and back, and both ends.
    pub(crate) fn connection(&self) {
        self.runtime.block_on(async {
            let mut stream = TcpStream::connect(self.outbound).await.unwrap();
            let mut answer = [0; 10];
            stream.write_all(ASKS[0]).await.unwrap();
            stream.read_exact(&mut answer[..2]).await.unwrap();
            stream.write_all(ASKS[1]).await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer[1], 0, "the door refused");
            stream.write_all(&[7]).await.unwrap();
            stream.read_exact(&mut answer[..1]).await.unwrap();
            stream.shutdown().await.unwrap();
            assert_eq!(stream.read(&mut answer).await.unwrap(), 0);
        });
    }
}

async fn opened() -> (SocketAddr, Held) {
    let backend = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shared = shared(backend.local_addr().unwrap());
    let snapshot = shared.snapshots.load();
    let [client, server] = ["client", "server"]
        .map(|name| PLACE.local_ip(snapshot.mesh.workload(&named(name)).unwrap()).unwrap());
    let ((drain, tasks), (sender, receiver)) = (drain(), queue());
    tasks.spawn("backend", echo(backend, tasks.clone()));
    let worker = Worker::new(Context::new(shared.clone(), sender, tasks), AcceptLog::default());
    let mut doors = Vec::new();
    let [outbound, hbone] = [
        (client, DoorKind::Outbound { workload: Some(named("client")) }),
        (server, DoorKind::Hbone { workload: named("server") }),
    ]
    .map(|(ip, kind)| {
        let listener = StdListener::bind((ip, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let (close, closed) = oneshot::channel();
        doors.push(close);
        worker.serve(Door { kind, addr: LocalAddr::new(ip, addr.port()) }, listener, closed).unwrap();
        addr
    });
    let detour = shared.detours.lead(SocketAddr::new(server, HBONE), hbone);
    (outbound, Held { _drain: drain, _doors: doors, _detour: detour, _events: receiver })
}
