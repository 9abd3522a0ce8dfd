//! The two kinds of address that must never be mixed up (DESIGN section 4).
//!
//! Policies, logs, records and explanations speak of [`MeshAddr`]; sockets speak of [`LocalAddr`].
//! Only `mesh::Mesh` translates one into the other.
//!
//! Not here: name resolution (`mesh`), and where an address comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// An address as the mesh's YAML says it: a pod's IP or a service's VIP, with a port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeshAddr(pub SocketAddr);

/// An address that a socket of this machine can bind or dial.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalAddr(pub SocketAddr);

impl MeshAddr {
    /// An address in the mesh; an IPv4-mapped IPv6 address becomes IPv4.
    pub fn new(ip: IpAddr, port: u16) -> Self {
        Self(SocketAddr::new(ip.to_canonical(), port))
    }

    /// The IP part.
    pub fn ip(self) -> IpAddr {
        self.0.ip()
    }

    /// The port part.
    pub fn port(self) -> u16 {
        self.0.port()
    }
}

impl LocalAddr {
    /// An address of this machine; an IPv4-mapped IPv6 address becomes IPv4.
    pub fn new(ip: IpAddr, port: u16) -> Self {
        Self(SocketAddr::new(ip.to_canonical(), port))
    }

    /// The IP part.
    pub fn ip(self) -> IpAddr {
        self.0.ip()
    }

    /// The port part.
    pub fn port(self) -> u16 {
        self.0.port()
    }
}

impl From<SocketAddr> for LocalAddr {
    fn from(addr: SocketAddr) -> Self {
        Self::new(addr.ip(), addr.port())
    }
}

impl fmt::Display for MeshAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LocalAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MeshAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mesh {}", self.0)
    }
}

impl fmt::Debug for LocalAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "local {}", self.0)
    }
}
