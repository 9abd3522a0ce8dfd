//! Serving the in-process backends: one accept loop each, one task per connection.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::addr::LocalAddr;
use crate::app::backends::Bound;
use crate::backend::{
    About, Caller, serve_echo, serve_http, serve_reset, serve_server_first, serve_silent, serve_slow,
};
use crate::drain::Tasks;
use crate::mesh::BackendKind;
use crate::proxy::Backends;
use crate::tls::AppTls;

/// How long an app's own handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The pause after a failed accept, as at the proxy's doors.
const PAUSE: Duration = Duration::from_millis(50);

/// What the backends' thread is told while it runs.
pub(crate) enum Order {
    /// Serve these.
    Serve(Vec<Bound>),
    /// Stop listening there; connections go on.
    Close(SocketAddr),
}

/// The apps that listen, by where they do. Dropping one closes its listener, and leaves its connections.
type Open = HashMap<SocketAddr, watch::Sender<Server>>;

/// Serves what it is told to until the drain starts; must be called on the backends' runtime.
pub(crate) async fn obey(mut orders: mpsc::UnboundedReceiver<Order>, backends: Backends, tasks: Tasks) {
    let mut open = Open::new();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Serve(bound) => {
                bound.into_iter().for_each(|bound| serve(bound, &mut open, &backends, &tasks))
            }
            Order::Close(addr) => drop(open.remove(&addr)),
        }
    }
    std::future::pending::<()>().await;
}

/// Serves one backend until the drain starts, or it is no longer `open`.
fn serve(bound: Bound, open: &mut Open, backends: &Backends, tasks: &Tasks) {
    let Bound { listener, workload, addr, tls } = bound;
    let backends = backends.clone();
    let about = About {
        workload: workload.name.name.to_string(),
        namespace: workload.name.namespace.to_string(),
        caller: Box::new(move |socket| caller(&backends, socket)),
    };
    let server = Server { kind: workload.backend.clone(), about: Arc::new(about), tls };
    let Some(listener) = listener else {
        // Whoever listens there takes the next connection to the new app.
        open.get(&addr).into_iter().for_each(|app| drop(app.send_replace(server.clone())));
        return;
    };
    let (app, current) = watch::channel(server);
    tasks.spawn("backend", accept(listener, current, tasks.clone()));
    open.insert(addr, app);
}

async fn accept(listener: std::net::TcpListener, mut current: watch::Receiver<Server>, tasks: Tasks) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut draining = std::pin::pin!(tasks.draining());
    loop {
        let accepted = tokio::select! {
            () = &mut draining => return,
            accepted = listener.accept() => accepted,
            there = current.changed() => match there {
                Ok(()) => continue,
                Err(_closed) => return,
            },
        };
        match accepted {
            Ok((stream, _)) => {
                let server = current.borrow().clone();
                tasks.spawn("backend connection", async move {
                    // A backend has nobody to complain to: the proxy's record says how the connection ended.
                    let _ = server.serve(stream).await;
                });
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Who is behind `socket`: the proxy knows whom it dialled for; anyone else came without one.
fn caller(backends: &Backends, socket: SocketAddr) -> Caller {
    match backends.caller(socket) {
        Some(known) => {
            Caller { workload: known.workload, identity: known.identity, wire: known.wire.to_owned() }
        }
        None => {
            Caller { workload: None, identity: None, wire: "straight to the app, past any proxy".to_owned() }
        }
    }
}

#[derive(Clone)]
struct Server {
    kind: BackendKind,
    about: Arc<About>,
    tls: Option<AppTls>,
}

impl Server {
    async fn serve(self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        // A listener for both families sees IPv4 callers as IPv4-mapped addresses.
        let peer = LocalAddr::from(stream.peer_addr()?).0;
        match &self.kind {
            BackendKind::Http => serve_http(stream, peer, &self.about).await,
            BackendKind::Tls => {
                let tls = self.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
                let stream = tls.accept(stream, Instant::now() + HANDSHAKE).await?;
                serve_http(stream, peer, &self.about).await
            }
            BackendKind::Echo => serve_echo(stream).await,
            BackendKind::Slow => serve_slow(stream).await,
            BackendKind::Reset => serve_reset(stream).await,
            BackendKind::Silent => serve_silent(stream).await,
            BackendKind::ServerFirst => serve_server_first(stream, &self.about).await,
            BackendKind::At(target) => forward(stream, target).await,
        }
    }
}

async fn forward(mut stream: TcpStream, target: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    server.shutdown().await
}
