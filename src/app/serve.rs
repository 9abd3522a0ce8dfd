//! Serving the in-process backends: one accept loop each, one task per connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

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

/// Serves all of them until the drain starts; must be called on the backends' runtime.
pub(crate) fn serve(bound: Vec<Bound>, backends: &Backends, tasks: &Tasks) {
    for Bound { listener, workload, tls, .. } in bound {
        let backends = backends.clone();
        let about = About {
            workload: workload.name.name.to_string(),
            namespace: workload.name.namespace.to_string(),
            caller: Box::new(move |socket| caller(&backends, socket)),
        };
        let server = Server { kind: workload.backend.clone(), about: Arc::new(about), tls };
        let tasks_inside = tasks.clone();
        tasks.spawn("backend", async move { server.accept(listener, tasks_inside).await });
    }
}

/// Who is behind `socket`: the proxy knows whom it dialled for; anyone else came without one.
fn caller(backends: &Backends, socket: std::net::SocketAddr) -> Caller {
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
    async fn accept(self, listener: std::net::TcpListener, tasks: Tasks) {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        let mut draining = std::pin::pin!(tasks.draining());
        loop {
            let accepted = tokio::select! {
                () = &mut draining => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let server = self.clone();
                    tasks.spawn("backend connection", async move {
                        // A backend has nobody to complain to: the proxy's record says how the connection ended.
                        let _ = server.serve(stream).await;
                    });
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn serve(self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
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
