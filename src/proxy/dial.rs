//! Dialling: inward to a backend, which takes a permit, and outward to the next proxy.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

use crate::addr::LocalAddr;
use crate::mesh::{Name, Place, Workload};
use crate::policy::Permit;
use crate::proxy::backends::Backend;
use crate::proxy::ports;
use crate::proxy::shared::Shared;
use crate::reason::{Reason, Side};

/// Why a dial failed. The sentences that ztunnel has are ztunnel's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// Refused, reset, unreachable.
    #[error("connection failed: {source}")]
    Refused {
        /// Where.
        addr: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No answer in time.
    #[error("connection failed: deadline has elapsed")]
    Timeout {
        /// Where.
        addr: SocketAddr,
        /// How long it was tried.
        after: Duration,
    },
    /// No answer in time on 15008, which is what a NetworkPolicy looks like.
    #[error("connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: deadline has elapsed")]
    HboneTimeout {
        /// Where.
        addr: SocketAddr,
        /// How long it was tried.
        after: Duration,
    },
    /// The backend's host name means nothing.
    #[error("connection failed: cannot resolve the backend {name}: {source}")]
    Resolve {
        /// The annotation's value.
        name: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Nothing stands behind that port.
    #[error("connection failed: Connection refused (os error 111)")]
    NoBackend {
        /// The workload.
        workload: String,
        /// The port asked for.
        port: u16,
        /// The ports it has.
        ports: String,
    },
    /// It would have led back into this process.
    #[error("attempted recursive call to ourselves")]
    SelfCall {
        /// Where.
        addr: SocketAddr,
    },
}

impl DialError {
    /// The plain sentence for people.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Refused { addr, source } => format!("nothing accepts connections at {addr}: {source}"),
            Self::Timeout { addr, after } => format!("{addr} did not answer within {after:?}"),
            Self::HboneTimeout { addr, after } => {
                format!("the HBONE port {addr} did not answer within {after:?}")
            }
            Self::Resolve { name, source } => format!("the backend {name} does not resolve: {source}"),
            Self::NoBackend { workload, port, ports } => {
                format!("{workload} has no port {port}; it has {ports}")
            }
            Self::SelfCall { addr } => format!("{addr} is one of the proxy's own listeners"),
        }
    }
}

impl Reason for DialError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "dial.refused",
            Self::Timeout { .. } => "dial.timeout",
            Self::HboneTimeout { .. } => "dial.hbone_timeout",
            Self::Resolve { .. } => "dial.resolve",
            Self::NoBackend { .. } => "dial.no_backend",
            Self::SelfCall { .. } => "dial.self_call",
        }
    }

    fn side(&self) -> Side {
        match self {
            Self::SelfCall { .. } => Side::Downstream,
            _ => Side::Upstream,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Refused { addr, .. } => format!("start the server at {addr}, or correct the port"),
            Self::Timeout { .. } | Self::HboneTimeout { .. } => "look for a firewall in between".to_owned(),
            Self::Resolve { .. } => "correct the pod's annotation glasstunnel.dev/backend".to_owned(),
            Self::NoBackend { .. } => {
                "policies and CONNECT speak of workload ports, not of service ports; glasstunnel config services".to_owned()
            }
            Self::SelfCall { .. } => "a proxy's own ports are never a destination".to_owned(),
        })
    }
}

/// Dials the backend that `permit` is for. `to` is the address of the workload's that the client meant; where apps are
/// dialled from the client's own address, that is `client`.
pub(crate) async fn deliver(
    shared: &Shared,
    permit: &Permit,
    workload: &Workload,
    (client, to): (IpAddr, IpAddr),
) -> Result<TcpStream, DialError> {
    let after = shared.config.deadlines.dial;
    let (addr, network) = match shared.backends.get(&workload.name, permit.port()) {
        // The user's own server stands where this program was started, not in the pod.
        Some(Backend::At(name)) => (resolve(&name, after).await?, shared.networks.common()),
        // In a network of its own, a workload's app is at every address that the workload has.
        Some(Backend::Here(_)) | None if shared.place == Place::Direct => {
            (SocketAddr::new(to, permit.port()), shared.networks.of(&workload.name))
        }
        Some(Backend::Here(addr)) => (addr, shared.networks.of(&workload.name)),
        None => return Err(no_backend(workload, permit.port())),
    };
    if shared.is_own(addr.into()) {
        return Err(DialError::SelfCall { addr });
    }
    let socket = match network.original_source && client != addr.ip() {
        true => network.spoofing_dialler(addr, client),
        false => network.dialler(addr, None),
    };
    dial(shared, socket, addr).await
}

fn no_backend(workload: &Workload, port: u16) -> DialError {
    let ports: Vec<String> = workload.ports.iter().map(|port| port.number.to_string()).collect();
    let ports = if ports.is_empty() { "none".to_owned() } else { ports.join(", ") };
    DialError::NoBackend { workload: workload.name.to_string(), port, ports }
}

async fn resolve(name: &Arc<str>, after: Duration) -> Result<SocketAddr, DialError> {
    let failed = |source| DialError::Resolve { name: name.to_string(), source };
    let found = match timeout(after, lookup_host(&**name)).await {
        Ok(found) => found.map_err(failed)?.next(),
        Err(_elapsed) => return Err(failed(io::ErrorKind::TimedOut.into())),
    };
    found.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

/// Dials the next hop in the mesh on the network of `source`, from its own address where the destination needs that to tell who
/// calls.
pub(crate) async fn reach(
    shared: &Shared,
    source: &Name,
    to: LocalAddr,
    from: Option<IpAddr>,
) -> Result<TcpStream, DialError> {
    // A hop within the mesh ends at a listener of this process on purpose; anywhere else it must not.
    if from.is_none() && shared.is_own(to) {
        return Err(DialError::SelfCall { addr: to.0 });
    }
    dial(shared, shared.networks.of(source).dialler(to.0, from), to.0).await
}

/// Dials `to`, which no workload has, on the network of `source`.
pub(crate) async fn pass_through(
    shared: &Shared,
    source: &Name,
    to: LocalAddr,
) -> Result<TcpStream, DialError> {
    if shared.is_own(to) {
        return Err(DialError::SelfCall { addr: to.0 });
    }
    dial(shared, shared.networks.of(source).passthrough_dialler(to.0), to.0).await
}

async fn dial(
    shared: &Shared,
    socket: io::Result<std::net::TcpStream>,
    addr: SocketAddr,
) -> Result<TcpStream, DialError> {
    let after = shared.config.deadlines.dial;
    let socket = socket.map_err(|source| DialError::Refused { addr, source })?;
    let to = match shared.detours.of(addr) {
        None => addr,
        Some(detour) => {
            // What stands there goes on from the same address and port, so that the destination knows who calls.
            SockRef::from(&socket)
                .set_reuse_address(true)
                .map_err(|source| DialError::Refused { addr, source })?;
            detour
        }
    };
    match timeout(after, connect(socket, to)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(source)) => Err(DialError::Refused { addr, source }),
        Err(_elapsed) if addr.port() == ports::HBONE => Err(DialError::HboneTimeout { addr, after }),
        Err(_elapsed) => Err(DialError::Timeout { addr, after }),
    }
}

async fn connect(socket: std::net::TcpStream, addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpSocket::from_std_stream(socket).connect(addr).await?;
    stream.set_nodelay(true)?;
    // A dial to a closed port in the ephemeral range of an own address, a pod's as well as loopback, can connect to itself
    // (simultaneous open).
    if stream.local_addr()? == addr {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}
