//! Making the connection of a client, and keeping what it saw.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use crate::app::{finishes, reached};
use crate::ca::{Authority, Profile};
use crate::drain::drain;
use crate::explain::{Caller, Manner, Question};
use crate::hbone::{self, ConnectRequest, HboneError, Limits};
use crate::identity::Credential;
use crate::io::PipeStream;
use crate::lab::Lab;
use crate::mesh::{BackendKind, Mesh, Workload};
use crate::net::Network;
use crate::proxy::{HBONE, Wish};
use crate::scenario::client::{Client, Shown};
use crate::scenario::error::ScenarioError;
use crate::scenario::exchange::{Say, exchange};
use crate::scenario::saw::Saw;
use crate::tls::{ClientOffer, ClientTls, Looker, TlsError, connect, look_and_stay};

/// How long a client waits for an answer; the proxies' own deadlines are shorter.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that was made.
pub(crate) struct Called {
    /// What the client saw.
    pub(crate) saw: Saw,
    /// Where it came from, as records have it.
    pub(crate) from: SocketAddr,
}

/// A socket, where it goes, and what is spoken through it.
struct Call<'a> {
    lab: &'a Lab,
    client: &'a Client,
    source: Arc<Workload>,
    socket: std::net::TcpStream,
    to: SocketAddr,
    deadline: Instant,
}

/// Makes it, and waits until the client is through.
///
/// # Errors
///
/// [`ScenarioError`] where the client's names lead nowhere; what the connection comes to is no error.
pub(crate) async fn call(lab: &Lab, client: &Client, authority: &Authority) -> Result<Called, ScenarioError> {
    let mesh = Arc::clone(&lab.running().snapshots().load().mesh);
    let question = Question::read(&mesh, &client.from, &client.to, client.manner)
        .map_err(|source| ScenarioError::Question { client: client.name.clone(), source })?;
    let Caller::Workload(source) = question.caller.clone() else {
        let found = question.caller.to_string();
        return Err(ScenarioError::Caller { client: client.name.clone(), found });
    };
    let host = client.to.rsplit_once(':').map_or(client.to.as_str(), |(host, _)| host);
    let deadline = Instant::now() + PATIENCE;
    let Some(manner) = client.manner else {
        let door = lab.outbound(&client.from)?;
        let from = if door.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { door.ip() };
        let socket = socket(client, door, Some(from))?;
        let say = say(client, host, finishes(&mesh, question.dialled));
        let is_known = mesh.resolve_ip(host, &source.name.namespace) == Some(question.dialled.ip());
        let name = if is_known { host.to_owned() } else { question.dialled.ip().to_string() };
        let call = Call { lab, client, source, socket, to: door, deadline };
        return call.through_the_door(&mesh, (&name, question.dialled.port()), &say).await;
    };
    let none = || ScenarioError::NoDoor { client: client.name.clone(), to: client.to.clone() };
    let (destination, meant) = reached(&mesh, question.dialled).ok_or_else(none)?;
    let port = if manner == Manner::Hbone { HBONE } else { meant.port() };
    let place = lab.running().place();
    let to = place.local(&destination, meant.ip(), port).ok_or_else(none)?.0;
    let socket = socket(client, to, place.local_ip(&source))?;
    let say = say(client, host, destination.backend != BackendKind::Http);
    let call = Call { lab, client, source, socket, to, deadline };
    let from = call.wanted(&mesh, true)?;
    let saw = match manner {
        Manner::Raw => call.raw(&say).await,
        Manner::Tls => call.tls(host, &say, authority).await?,
        Manner::Mtls => call.mesh(&destination, (ClientOffer::Istio, None), &say).await?,
        Manner::Hbone => {
            let authority = client.authority.clone().unwrap_or_else(|| meant.0.to_string());
            call.mesh(&destination, (ClientOffer::Hbone, Some(authority)), &say).await?
        }
    };
    Ok(Called { saw, from })
}

fn socket(
    client: &Client,
    to: SocketAddr,
    from: Option<IpAddr>,
) -> Result<std::net::TcpStream, ScenarioError> {
    let failed = |source| ScenarioError::Socket { client: client.name.clone(), to, source };
    Network::default().dialler(to, from).map_err(failed)
}

fn say(client: &Client, host: &str, finishes: bool) -> Say {
    match &client.send {
        Some(text) => Say { bytes: text.clone().into_bytes(), finishes },
        None => Say::get(host, finishes),
    }
}

impl Call<'_> {
    /// Tells the proxies what is special about it; where it comes from, as records have it.
    fn wanted(&self, mesh: &Mesh, alone: bool) -> Result<SocketAddr, ScenarioError> {
        let failed = |source| ScenarioError::Socket { client: self.client.name.clone(), to: self.to, source };
        let own = self.socket.local_addr().map_err(failed)?;
        if alone {
            self.lab.want(own, Wish::Alone);
        }
        if self.client.fresh_tunnel {
            self.lab.want(own, Wish::FreshTunnel);
        }
        Ok(self.lab.running().place().mesh_addr(mesh, own.into()).0)
    }

    async fn through_the_door(
        self,
        mesh: &Mesh,
        (host, port): (&str, u16),
        say: &Say,
    ) -> Result<Called, ScenarioError> {
        let from = self.wanted(mesh, false)?;
        let deadline = self.deadline;
        let mut stream = match self.connected().await {
            Ok(stream) => stream,
            Err(saw) => return Ok(Called { saw, from }),
        };
        let saw = match timeout_at(deadline, socks(&mut stream, host, port)).await {
            Ok(Ok(0)) => exchange(&mut stream, say, deadline).await,
            Ok(Ok(reply)) => Saw::failed(97, format!("cannot complete SOCKS5 connection (reply {reply})")),
            Ok(Err(error)) => Saw::failed(97, format!("cannot complete SOCKS5 connection: {error}")),
            Err(_elapsed) => Saw::failed(28, "Operation timed out"),
        };
        Ok(Called { saw, from })
    }

    async fn connected(self) -> Result<TcpStream, Saw> {
        match timeout_at(self.deadline, TcpSocket::from_std_stream(self.socket).connect(self.to)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Saw::unconnected(&error)),
            Err(_elapsed) => Err(Saw::failed(28, "Connection timed out")),
        }
    }

    async fn raw(self, say: &Say) -> Saw {
        let deadline = self.deadline;
        match self.connected().await {
            Ok(mut stream) => exchange(&mut stream, say, deadline).await,
            Err(saw) => saw,
        }
    }

    async fn tls(self, host: &str, say: &Say, authority: &Authority) -> Result<Saw, ScenarioError> {
        let wish = &self.client.tls;
        let client = match wish.certificate {
            Shown::Nothing => None,
            Shown::Own(bend) => {
                let svid = authority.issue_bent(&Profile { id: self.source.identity.clone(), bend })?;
                Some(Credential { chain: svid.chain, roots: Vec::new(), key: Some(svid.key) })
            }
        };
        let name = wish.server_name.clone().unwrap_or_else(|| host.to_owned());
        let looker = Looker { name, offer: wish.offer, client };
        let deadline = self.deadline;
        let stream = match self.connected().await {
            Ok(stream) => stream,
            Err(saw) => return Ok(saw),
        };
        Ok(match look_and_stay(stream, &looker, deadline).await {
            Ok((_, mut stream)) => exchange(&mut stream, say, deadline).await.after_handshake(),
            Err(error) => Saw::failed(35, error.to_string()),
        })
    }

    /// Mutual TLS as the source's proxy speaks it, with a tunnel in it if there is an authority to ask for.
    async fn mesh(
        self,
        destination: &Workload,
        (offer, authority): (ClientOffer, Option<String>),
        say: &Say,
    ) -> Result<Saw, ScenarioError> {
        let tls = ClientTls::new(&*self.lab.svid(&self.client.from)?)?;
        let expected = [destination.identity.clone()];
        let deadline = self.deadline;
        let stream = match self.connected().await {
            Ok(stream) => stream,
            Err(saw) => return Ok(saw),
        };
        let mut stream = match connect(stream, &tls, &expected, offer, deadline).await {
            Ok((stream, _peer)) => stream,
            Err(error) => return Ok(Saw::failed(35, error.to_string())),
        };
        let Some(authority) = authority else {
            return Ok(exchange(&mut stream, say, deadline).await.after_handshake());
        };
        Ok(tunnelled(stream, &authority, say, deadline).await.after_handshake())
    }
}

async fn tunnelled<S>(stream: S, authority: &str, say: &Say, deadline: Instant) -> Saw
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (_drain, tasks) = drain();
    let authority = match hbone::Authority::parse(authority) {
        Ok(authority) => authority,
        Err(error) => return broken(&error),
    };
    let client = match hbone::Client::handshake(stream, &Limits::default(), &tasks, deadline).await {
        Ok(client) => client,
        Err(error) => return broken(&error),
    };
    let request = ConnectRequest { authority, baggage: None, forwarded: None, trace: None };
    let Some(ticket) = client.ticket() else { return Saw::failed(None, "the tunnel closed at once") };
    match ticket.open(&request, deadline).await {
        Ok((tunnel, _baggage)) => exchange(&mut PipeStream::new(tunnel), say, deadline).await,
        Err(error) => broken(&error),
    }
}

/// A tunnel that did not come to be: a late alert of TLS if that is what is behind it, else what HTTP/2 says.
fn broken(error: &HboneError) -> Saw {
    if let Some(refused) = error.io().and_then(TlsError::from_io) {
        return Saw::failed(None, refused.to_string());
    }
    let status = match error {
        HboneError::Status { status } => Some(status.as_u16()),
        _ => None,
    };
    Saw { status, ..Saw::failed(None, error.to_string()) }
}

/// RFC 1928 with a host name, or an address as a name, which resolves to itself; the reply.
async fn socks(stream: &mut TcpStream, host: &str, port: u16) -> std::io::Result<u8> {
    stream.write_all(&[5, 1, 0]).await?;
    stream.read_exact(&mut [0; 2]).await?;
    let length = u8::try_from(host.len()).map_err(std::io::Error::other)?;
    let request = [&[5, 1, 0, 3, length], host.as_bytes(), &port.to_be_bytes()].concat();
    stream.write_all(&request).await?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await?;
    Ok(reply[1])
}
