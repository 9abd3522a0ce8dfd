//! Connections that are made because somebody wants to see one: as a program of the workload would make it, or, past the
//! workload's proxy, straight to a door.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::addr::MeshAddr;
use crate::admin::{Dialler, Wish, WishError};
use crate::app::control::Control;
use crate::drain::Tasks;
use crate::explain::{Caller, Manner};
use crate::hbone::{Authority, Client, ConnectRequest};
use crate::io::PipeStream;
use crate::mesh::{BackendKind, Mesh, Workload};
use crate::net::Network;
use crate::proxy::{self, DoorKind, HBONE, Shared};
use crate::tls::{ClientOffer, ClientTls, Looker, connect, look};

/// How long a connection may take that is made to be looked at.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much of an answer is read.
const MOST: u64 = 1 << 20;

/// Makes connections in a running mesh.
pub(in crate::app) struct Dialling {
    shared: Shared,
    control: Weak<Control>,
    tasks: Tasks,
}

/// A socket that knows where it comes from, and what is to be said through it.
struct Call {
    socket: std::net::TcpStream,
    to: SocketAddr,
    talk: Talk,
}

/// What a program says.
enum Talk {
    /// First to the SOCKS door, by which host and port; then to the server.
    Socks(String, u16, Asks),
    /// Straight to the server, or to what takes its connections over.
    Plain(Asks),
    /// A ClientHello of its own, with that name.
    Tls(String),
    /// Mutual TLS as a sidecar, or in a tunnel to that authority, as the source towards the destination.
    Mesh(Arc<Workload>, Arc<Workload>, Option<MeshAddr>, Asks),
}

/// An HTTP request, which every kind of server has an opinion on.
#[derive(Clone)]
struct Asks {
    host: String,
    /// Whether it says that it has said all: an echo waits for that, and some HTTP servers take it for leaving.
    finishes: bool,
}

impl Dialler for Dialling {
    fn dial(&self, wish: Wish) -> Result<SocketAddr, WishError> {
        let snapshot = self.shared.snapshots.load();
        let Caller::Workload(source) = &wish.question.caller else {
            return Err(WishError::Caller { found: wish.question.caller.to_string() });
        };
        let call = match wish.question.manner {
            None => self.as_program(&snapshot.mesh, source, &wish)?,
            Some(manner) => self.straight(&snapshot.mesh, source, (&wish, manner))?,
        };
        let to = call.to;
        let client = call.socket.local_addr().map_err(|source| WishError::Socket { to, source })?;
        if wish.fresh_tunnel {
            self.shared.tapping.want(client, proxy::Wish::FreshTunnel);
        }
        if wish.question.manner.is_some() {
            self.shared.tapping.want(client, proxy::Wish::Alone);
        }
        let shared = self.shared.clone();
        self.tasks.spawn("call", async move {
            // How it went is on its record; whoever asked looks there.
            let _ = timeout(PATIENCE, make(call, &shared)).await;
            shared.tapping.forget(client);
        });
        Ok(self.shared.place.mesh_addr(&snapshot.mesh, client.into()).0)
    }
}

impl Dialling {
    /// For the mesh whose control side this is.
    pub(in crate::app) fn new(shared: Shared, control: &Arc<Control>, tasks: Tasks) -> Self {
        Self { shared, control: Arc::downgrade(control), tasks }
    }

    /// As any program in the workload: by its outbound door, or in its own network, where it is taken over.
    fn as_program(&self, mesh: &Mesh, source: &Arc<Workload>, wish: &Wish) -> Result<Call, WishError> {
        let dialled = wish.question.dialled;
        let asks = Asks { host: wish.host.clone(), finishes: finishes(mesh, dialled) };
        let network = self.shared.networks.of(&source.name);
        if let Some(namespace) = &network.namespace {
            let network = Network { namespace: Some(namespace.clone()), ..Network::default() };
            let from = self.shared.place.local_ip(source);
            return Ok(Call {
                socket: socket(&network, dialled.0, from)?,
                to: dialled.0,
                talk: Talk::Plain(asks),
            });
        }
        let door = self.outbound(source)?;
        let is_known = mesh.resolve_ip(&wish.host, &source.name.namespace) == Some(dialled.ip());
        let host = if is_known { wish.host.clone() } else { dialled.ip().to_string() };
        let talk = Talk::Socks(host, dialled.port(), asks);
        let from =
            Some(door.ip()).filter(|ip| !ip.is_unspecified()).or_else(|| Some(Ipv4Addr::LOCALHOST.into()));
        Ok(Call { socket: socket(&Network::default(), door, from)?, to: door, talk })
    }

    /// Past the source's proxy, to a door of whoever is dialled.
    fn straight(
        &self,
        mesh: &Mesh,
        source: &Arc<Workload>,
        (wish, manner): (&Wish, Manner),
    ) -> Result<Call, WishError> {
        let (destination, meant) = reached(mesh, wish.question.dialled)
            .ok_or_else(|| WishError::Callee { manner, found: wish.question.dialled.to_string() })?;
        let port = if manner == Manner::Hbone { HBONE } else { meant.port() };
        let local = self.shared.place.local(&destination, meant.ip(), port);
        let to = local.ok_or_else(|| WishError::NoDoor { workload: destination.name.to_string() })?.0;
        let asks = Asks { host: wish.host.clone(), finishes: destination.backend != BackendKind::Http };
        let talk = match manner {
            Manner::Raw => Talk::Plain(asks),
            Manner::Tls => Talk::Tls(wish.host.clone()),
            Manner::Mtls => Talk::Mesh(Arc::clone(source), destination, None, asks),
            Manner::Hbone => Talk::Mesh(Arc::clone(source), destination, Some(meant), asks),
        };
        let network = self.shared.networks.of(&source.name);
        Ok(Call { socket: socket(&network, to, self.shared.place.local_ip(source))?, to, talk })
    }

    /// The outbound door of a workload, or the one that all share.
    fn outbound(&self, source: &Workload) -> Result<SocketAddr, WishError> {
        let none = || WishError::NoDoor { workload: source.name.to_string() };
        let doors = self.control.upgrade().ok_or_else(none)?.doors();
        let own = doors.iter().find(
            |door| matches!(&door.kind, DoorKind::Outbound { workload: Some(name) } if *name == source.name),
        );
        own.map(|door| door.addr.0).ok_or_else(none)
    }
}

fn socket(network: &Network, to: SocketAddr, from: Option<IpAddr>) -> Result<std::net::TcpStream, WishError> {
    network.dialler(to, from).map_err(|source| WishError::Socket { to, source })
}

/// The workload behind an address, a service's included, and its own port.
pub(crate) fn reached(mesh: &Mesh, dialled: MeshAddr) -> Option<(Arc<Workload>, MeshAddr)> {
    if let Some(workload) = mesh.workload_at(dialled.ip()) {
        return Some((Arc::clone(workload), dialled));
    }
    let service = mesh.services().find(|service| service.vips.contains(&dialled.ip()))?;
    let (workload, port) = service.endpoints_of(dialled.port()).next()?;
    Some((Arc::clone(workload), workload.address(port)))
}

/// Whether the server waits until its client has said all.
pub(crate) fn finishes(mesh: &Mesh, dialled: MeshAddr) -> bool {
    reached(mesh, dialled).is_none_or(|(workload, _)| workload.backend != BackendKind::Http)
}

/// Whatever goes wrong here is on the connection's record, in the words of whoever knows.
async fn make(call: Call, shared: &Shared) -> Option<()> {
    let mut stream = TcpSocket::from_std_stream(call.socket).connect(call.to).await.ok()?;
    let deadline = Instant::now() + PATIENCE;
    match call.talk {
        Talk::Plain(asks) => exchange(&mut stream, &asks).await,
        Talk::Socks(host, port, asks) => {
            socks(&mut stream, &host, port).await?;
            exchange(&mut stream, &asks).await
        }
        Talk::Tls(name) => {
            let looker = Looker { name, offer: ClientOffer::None, client: None };
            look(stream, &looker, deadline).await.ok().map(drop)
        }
        Talk::Mesh(source, destination, authority, asks) => {
            let pair = shared.identities.get(&source.identity).await.ok()?;
            let between = (&*destination, authority);
            as_mesh(stream, &pair.client, (between, &asks), (shared, deadline)).await
        }
    }
}

async fn as_mesh(
    stream: TcpStream,
    tls: &ClientTls,
    ((destination, authority), asks): ((&Workload, Option<MeshAddr>), &Asks),
    (shared, deadline): (&Shared, Instant),
) -> Option<()> {
    let offer = if authority.is_some() { ClientOffer::Hbone } else { ClientOffer::Istio };
    let expected = [destination.identity.clone()];
    let (mut stream, _peer) = connect(stream, tls, &expected, offer, deadline).await.ok()?;
    let Some(authority) = authority else { return exchange(&mut stream, asks).await };
    let (_drain, tasks) = crate::drain::drain();
    let client = Client::handshake(stream, &shared.config.hbone, &tasks, deadline).await.ok()?;
    let request = ConnectRequest {
        authority: Authority::Address(authority.0),
        baggage: None,
        forwarded: None,
        trace: None,
    };
    let (tunnel, _baggage) = client.ticket()?.open(&request, deadline).await.ok()?;
    exchange(&mut PipeStream::new(tunnel), asks).await
}

/// RFC 1928 with a host name, or an address as a name, which resolves to itself.
async fn socks(stream: &mut TcpStream, host: &str, port: u16) -> Option<()> {
    stream.write_all(&[5, 1, 0]).await.ok()?;
    stream.read_exact(&mut [0; 2]).await.ok()?;
    let length = u8::try_from(host.len()).ok()?;
    let request = [&[5, 1, 0, 3, length], host.as_bytes(), &port.to_be_bytes()].concat();
    stream.write_all(&request).await.ok()?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await.ok()?;
    (reply[1] == 0).then_some(())
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, asks: &Asks) -> Option<()> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: glasstunnel-trace\r\nConnection: close\r\n\r\n",
        asks.host
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    if asks.finishes {
        stream.shutdown().await.ok()?;
    }
    let mut answer = Vec::new();
    // Refused, reset or answered: its record says which.
    let _ = stream.take(MOST).read_to_end(&mut answer).await;
    stream.shutdown().await.ok()
}
