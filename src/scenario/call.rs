//! Making the connection of a client, up to where it can say something.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use crate::app::{finishes, reached};
use crate::ca::{Authority, Profile};
use crate::drain::{Drain, drain};
use crate::explain::{Caller, Manner, Question};
use crate::fault::{Relay, RelayLimits};
use crate::hbone::{self, ConnectRequest, HboneError, Limits};
use crate::identity::Credential;
use crate::io::PipeStream;
use crate::lab::Lab;
use crate::mesh::{BackendKind, Mesh, Workload};
use crate::net::Network;
use crate::proxy::{HBONE, Wish};
use crate::scenario::client::{Client, Shown};
use crate::scenario::error::ScenarioError;
use crate::scenario::exchange::{Conversation, Say};
use crate::scenario::saw::Saw;
use crate::tls::{ClientOffer, ClientTls, Looker, TlsError, connect, look_and_stay};

/// How long a client waits for an answer unless it says so; the proxies' own deadlines are shorter.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that was tried.
pub(crate) struct Called {
    /// What can be said on it, or what the client saw in its place.
    pub(crate) made: Result<Conversation, Saw>,
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
    /// What the client is led through, until it has gone.
    through: Option<(Relay, Drain)>,
}

/// Makes it, until `deadline`.
///
/// # Errors
///
/// [`ScenarioError`] where the client's names lead nowhere; what the connection comes to is no error.
pub(crate) async fn call(
    lab: &Lab,
    client: &Client,
    authority: &Authority,
    deadline: Instant,
) -> Result<Called, ScenarioError> {
    let mesh = Arc::clone(&lab.running().snapshots().load().mesh);
    let question = Question::read(&mesh, &client.from, &client.to, client.manner)
        .map_err(|source| ScenarioError::Question { client: client.name.clone(), source })?;
    let Caller::Workload(source) = question.caller.clone() else {
        let found = question.caller.to_string();
        return Err(ScenarioError::Caller { client: client.name.clone(), found });
    };
    let host = client.to.rsplit_once(':').map_or(client.to.as_str(), |(host, _)| host);
    let Some(manner) = client.manner else {
        let door = lab.outbound(&client.from)?;
        let from = if door.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { door.ip() };
        let socket = socket(client, door, Some(from))?;
        let say = say(client, host, finishes(&mesh, question.dialled));
        let is_known = mesh.resolve_ip(host, &source.name.namespace) == Some(question.dialled.ip());
        let name = if is_known { host.to_owned() } else { question.dialled.ip().to_string() };
        let call = Call { lab, client, source, socket, to: door, deadline, through: None };
        return call.through_the_door(&mesh, (&name, question.dialled.port()), &say).await;
    };
    let none = || ScenarioError::NoDoor { client: client.name.clone(), to: client.to.clone() };
    let (destination, meant) = reached(&mesh, question.dialled).ok_or_else(none)?;
    let port = if manner == Manner::Hbone { HBONE } else { meant.port() };
    let place = lab.running().place();
    let to = place.local(&destination, meant.ip(), port).ok_or_else(none)?.0;
    let socket = socket(client, to, place.local_ip(&source))?;
    let say = say(client, host, destination.backend != BackendKind::Http);
    let through = relay(client, &socket, to)?;
    let to = through.as_ref().map_or(to, |(relay, _)| relay.address());
    let call = Call { lab, client, source, socket, to, deadline, through };
    let from = call.wanted(&mesh, true)?;
    let made = match manner {
        Manner::Raw => call.raw(&say).await,
        Manner::Tls => call.tls(host, &say, authority).await?,
        Manner::Mtls => call.mesh(&destination, (ClientOffer::Istio, None), &say).await?,
        Manner::Hbone => {
            let authority = client.authority.clone().unwrap_or_else(|| meant.0.to_string());
            call.mesh(&destination, (ClientOffer::Hbone, Some(authority)), &say).await?
        }
    };
    Ok(Called { made, from })
}

/// What stands between a client and the door that it dials, if anything. It goes on from the client's own address and port,
/// so that the door knows who calls.
fn relay(
    client: &Client,
    socket: &std::net::TcpStream,
    to: SocketAddr,
) -> Result<Option<(Relay, Drain)>, ScenarioError> {
    let Some(fault) = client.fault else { return Ok(None) };
    let failed = |source| ScenarioError::Socket { client: client.name.clone(), to, source };
    SockRef::from(socket).set_reuse_address(true).map_err(failed)?;
    let (drain, tasks) = drain();
    let relay = Relay::start(to, &[fault], RelayLimits::default(), &tasks).map_err(failed)?;
    Ok(Some((relay, drain)))
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
    let (bytes, again) = match (&client.send, client.hold) {
        (Some(text), _) => (text.clone().into_bytes(), Vec::new()),
        (None, false) => (get(host, "close"), Vec::new()),
        // A client that stays asks twice on one connection.
        (None, true) => (get(host, "keep-alive"), get(host, "close")),
    };
    let again = client.again.as_ref().map_or(again, |text| text.clone().into_bytes());
    Say { bytes, again, finishes }
}

/// An HTTP request for `host`.
fn get(host: &str, connection: &str) -> Vec<u8> {
    let lines = ["User-Agent: glasstunnel-scenario", &format!("Connection: {connection}")].join("\r\n");
    format!("GET / HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n\r\n").into_bytes()
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
            Err(saw) => return Ok(Called { made: Err(saw), from }),
        };
        let made = match timeout_at(deadline, socks(&mut stream, host, port)).await {
            Ok(Ok(0)) => Ok(Conversation::new(stream, say)),
            Ok(Ok(reply)) => {
                Err(Saw::failed(97, format!("cannot complete SOCKS5 connection (reply {reply})")))
            }
            Ok(Err(error)) => Err(Saw::failed(97, format!("cannot complete SOCKS5 connection: {error}"))),
            Err(_elapsed) => Err(Saw::failed(28, "Operation timed out")),
        };
        Ok(Called { made, from })
    }

    async fn connected(self) -> Result<TcpStream, Saw> {
        let connect = TcpSocket::from_std_stream(self.socket).connect(self.to);
        match timeout_at(self.deadline, connect).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Saw::unconnected(&error)),
            Err(_elapsed) => Err(Saw::failed(28, "Connection timed out")),
        }
    }

    async fn raw(mut self, say: &Say) -> Result<Conversation, Saw> {
        let through = self.through.take();
        let stream = self.connected().await?;
        Ok(Conversation::new(stream, say).keeping(through))
    }

    async fn tls(
        mut self,
        host: &str,
        say: &Say,
        authority: &Authority,
    ) -> Result<Result<Conversation, Saw>, ScenarioError> {
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
        let (deadline, through) = (self.deadline, self.through.take());
        let stream = match self.connected().await {
            Ok(stream) => stream,
            Err(saw) => return Ok(Err(saw.in_handshake())),
        };
        Ok(match look_and_stay(stream, &looker, deadline).await {
            Ok((_, stream)) => Ok(Conversation::new(stream, say).keeping(through).after_handshake()),
            Err(error) => Err(unshaken(&error, deadline)),
        })
    }

    /// Mutual TLS as the source's proxy speaks it, with a tunnel in it if there is an authority to ask for.
    async fn mesh(
        mut self,
        destination: &Workload,
        (offer, authority): (ClientOffer, Option<String>),
        say: &Say,
    ) -> Result<Result<Conversation, Saw>, ScenarioError> {
        let tls = ClientTls::new(&*self.lab.svid(&self.client.from)?)?;
        let expected = [destination.identity.clone()];
        let (deadline, through) = (self.deadline, self.through.take());
        let stream = match self.connected().await {
            Ok(stream) => stream,
            Err(saw) => return Ok(Err(saw.in_handshake())),
        };
        let stream = match connect(stream, &tls, &expected, offer, deadline).await {
            Ok((stream, _peer)) => stream,
            Err(error) => return Ok(Err(unshaken(&error, deadline))),
        };
        let made = match authority {
            None => Ok(Conversation::new(stream, say)),
            Some(authority) => tunnelled(stream, &authority, say, deadline).await,
        };
        Ok(match made {
            Ok(made) => Ok(made.keeping(through).after_handshake()),
            Err(saw) => Err(saw.after_handshake()),
        })
    }
}

/// A handshake that failed; curl calls it a timeout only when its own patience ended.
fn unshaken(error: &TlsError, deadline: Instant) -> Saw {
    match Instant::now() >= deadline {
        true => Saw::failed(28, "SSL connection timeout"),
        false => Saw::failed(35, error.to_string()),
    }
}

async fn tunnelled<S>(stream: S, authority: &str, say: &Say, deadline: Instant) -> Result<Conversation, Saw>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (drain, tasks) = drain();
    let authority = hbone::Authority::parse(authority).map_err(|error| broken(&error))?;
    let limits = Limits::default();
    let client = hbone::Client::handshake(stream, &limits, &tasks, deadline);
    let client = client.await.map_err(|error| broken(&error))?;
    let request = ConnectRequest { authority, baggage: None, forwarded: None, trace: None };
    let ticket = client.ticket().ok_or_else(|| Saw::failed(None, "the tunnel closed at once"))?;
    let (tunnel, _baggage) = ticket.open(&request, deadline).await.map_err(|error| broken(&error))?;
    Ok(Conversation::new(PipeStream::new(tunnel), say).keeping((client, drain)))
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
