//! [`Network`]: how the sockets of one workload's proxy are made.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use crate::net::capture::Capture;
use crate::net::congestion::Congestion;
use crate::net::namespace::Namespace;

/// Connections that may wait for their accept; the kernel lowers it to net.core.somaxconn.
const BACKLOG: i32 = 4096;

/// How the sockets of one workload's proxy are made.
///
/// The default is what any program does: this process's network, no mark, its own addresses; but TCP that stays on this machine
/// is not paced (see [`Congestion`]).
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Where they are made; `None` is this process's own network.
    pub namespace: Option<Namespace>,
    /// SO_MARK, by which redirect rules let the proxy's own connections pass; Istio's is 1337.
    pub mark: Option<u32>,
    /// How connections come to the doors for captured ones.
    pub capture: Capture,
    /// Whether the app is dialled from the client's own address (IP_TRANSPARENT).
    pub original_source: bool,
    /// How TCP sends within the mesh.
    pub congestion: Congestion,
}

/// Who else may listen on the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Sole,
    /// The other workers of this process (SO_REUSEPORT).
    Workers,
}

impl Network {
    /// A socket that listens on `addr`; the address `::` takes both families. What it accepts has TCP_NODELAY.
    ///
    /// # Errors
    ///
    /// What the system says; `PermissionDenied` for a mark or TPROXY without CAP_NET_ADMIN.
    pub fn listen(&self, addr: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
        let socket = self.socket_within(addr)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(sharing == Sharing::Workers)?;
        both_families(&socket, addr)?;
        if self.capture == Capture::Tproxy {
            transparent(&socket)?;
        }
        // Linux hands it on, as the congestion control, to every socket that is accepted here, which saves each a system call.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    }

    /// A socket for datagrams to `addr`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn datagrams(&self, addr: SocketAddr) -> io::Result<UdpSocket> {
        let socket = self.socket(addr, Type::DGRAM)?;
        socket.bind(&addr.into())?;
        Ok(socket.into())
    }

    /// A socket to dial `to` in the mesh with, from `from` if that is of the same family.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn dialler(&self, to: SocketAddr, from: Option<IpAddr>) -> io::Result<std::net::TcpStream> {
        let socket = self.socket_within(to)?;
        if let Some(from) = same_family(from, to) {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        Ok(socket.into())
    }

    /// A socket for passthrough to `to`, which is not in the mesh and may be far away: how TCP sends there is the system's affair.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn passthrough_dialler(&self, to: SocketAddr) -> io::Result<std::net::TcpStream> {
        Ok(self.socket(to, Type::STREAM)?.into())
    }

    /// A socket to dial `to` in the mesh with from `from`, which is the address of somebody else.
    ///
    /// # Errors
    ///
    /// What the system says; `PermissionDenied` without CAP_NET_ADMIN.
    pub fn spoofing_dialler(&self, to: SocketAddr, from: IpAddr) -> io::Result<std::net::TcpStream> {
        let socket = self.socket_within(to)?;
        if let Some(from) = same_family(Some(from), to) {
            transparent(&socket)?;
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        Ok(socket.into())
    }

    fn socket_within(&self, addr: SocketAddr) -> io::Result<Socket> {
        let socket = self.socket(addr, Type::STREAM)?;
        self.congestion.set_on(&socket);
        Ok(socket)
    }

    fn socket(&self, addr: SocketAddr, kind: Type) -> io::Result<Socket> {
        let protocol = if kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
        // Asked for with the socket, it costs no system calls of its own.
        let make = || Socket::new(Domain::for_address(addr), kind.nonblocking(), Some(protocol));
        let socket = match &self.namespace {
            None => make()?,
            Some(namespace) => namespace.run(make)?,
        };
        if let Some(mark) = self.mark {
            socket.set_mark(mark)?;
        }
        Ok(socket)
    }
}

/// The address that listens on every other: of both families, where the system has IPv6.
pub fn any_address() -> IpAddr {
    match Path::new("/proc/net/if_inet6").exists() {
        true => Ipv6Addr::UNSPECIFIED.into(),
        false => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// An address of the other family cannot be where a connection to `to` comes from.
fn same_family(from: Option<IpAddr>, to: SocketAddr) -> Option<IpAddr> {
    from.filter(|from| from.is_ipv4() == to.is_ipv4())
}

fn both_families(socket: &Socket, addr: SocketAddr) -> io::Result<()> {
    match addr {
        SocketAddr::V4(_) => Ok(()),
        SocketAddr::V6(_) => socket.set_only_v6(false),
    }
}

/// IP_TRANSPARENT; the kernel keeps one flag for both families, and takes the IPv4 option on IPv6 sockets too.
fn transparent(socket: &Socket) -> io::Result<()> {
    socket.set_ip_transparent_v4(true)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn what_is_accepted_sends_small_writes_at_once_and_what_dials_does_not_block() {
        let network = Network::default();
        let listener = network.listen((Ipv4Addr::LOCALHOST, 0).into(), Sharing::Sole).unwrap();
        let addr = listener.local_addr().unwrap();
        listener.set_nonblocking(false).unwrap();
        let dialler = Socket::from(network.dialler(addr, None).unwrap());
        assert!(dialler.nonblocking().unwrap());
        // Whether it is connected at once, or under way.
        let _ = dialler.connect(&addr.into());
        let (accepted, _) = listener.accept().unwrap();
        assert!(accepted.nodelay().unwrap());
    }

    /// Another than the system's, and one that every kernel has.
    #[test]
    fn congestion_control_is_the_networks_but_for_passthrough() {
        let network = Network { congestion: Congestion::Named("reno".into()), ..Network::default() };
        let listener = network.listen((Ipv4Addr::LOCALHOST, 0).into(), Sharing::Sole).unwrap();
        let addr = listener.local_addr().unwrap();
        listener.set_nonblocking(false).unwrap();
        let dialler = Socket::from(network.dialler(addr, None).unwrap());
        let _ = dialler.connect(&addr.into());
        let accepted = Socket::from(listener.accept().unwrap().0);
        let passing = Socket::from(network.passthrough_dialler(addr).unwrap());
        let untouched = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let name = |socket: &Socket| String::from_utf8(socket.tcp_congestion().unwrap()).unwrap();
        for socket in [&dialler, &accepted] {
            assert_eq!(name(socket).trim_end_matches('\0'), "reno");
        }
        assert_eq!(name(&passing), name(&untouched));
    }
}
