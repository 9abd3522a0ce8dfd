//! The two kinds of address that must never be mixed up (DESIGN section 4).
//!
//! Policies, logs, records and explanations speak of [`MeshAddr`]; sockets speak of [`LocalAddr`].
//! Only `mesh::Mesh` translates one into the other.
//!
//! Not here: name resolution (`mesh`), and where an address comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};

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
        write_addr(self.0, f)
    }
}

impl fmt::Display for LocalAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_addr(self.0, f)
    }
}

/// `addr` as its own `Display` writes it. A connection writes its addresses seven times, and the standard library takes 2 000
/// instructions for each of version 4, one formatting of a number at a time (callgrind).
///
/// # Errors
///
/// The formatter's own.
pub fn write_addr(addr: SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match addr {
        SocketAddr::V4(addr) => f.pad(Digits::of(addr).text()),
        SocketAddr::V6(addr) => fmt::Display::fmt(&addr, f),
    }
}

/// Appends `addr` to `out`, as its own `Display` writes it.
pub fn push_addr(addr: SocketAddr, out: &mut String) {
    match addr {
        SocketAddr::V4(addr) => out.push_str(Digits::of(addr).text()),
        SocketAddr::V6(addr) => out.push_str(&addr.to_string()),
    }
}

/// The text of an address of version 4, at most `255.255.255.255:65535`, written from its end.
struct Digits {
    text: [u8; 21],
    start: usize,
}

impl Digits {
    fn of(addr: SocketAddrV4) -> Self {
        let mut digits = Self { text: [0; 21], start: 21 };
        digits.number(addr.port());
        for (index, octet) in addr.ip().octets().into_iter().rev().enumerate() {
            digits.put(if index == 0 { b':' } else { b'.' });
            digits.number(u16::from(octet));
        }
        digits
    }

    fn number(&mut self, mut number: u16) {
        loop {
            // A single digit.
            self.put(b'0' + (number % 10) as u8);
            number /= 10;
            if number == 0 {
                return;
            }
        }
    }

    fn put(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(place) = self.text.get_mut(self.start) {
            *place = byte;
        }
    }

    fn text(&self) -> &str {
        let written = self.text.get(self.start..).unwrap_or_default();
        // Digits, dots and a colon.
        std::str::from_utf8(written).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(addr: SocketAddr) {
        let mut pushed = String::new();
        push_addr(addr, &mut pushed);
        let local = LocalAddr(addr);
        assert_eq!((pushed.as_str(), local.to_string()), (addr.to_string().as_str(), addr.to_string()));
        assert_eq!(format!("{local:>60}|{local:<25}|"), format!("{addr:>60}|{addr:<25}|"));
    }

    proptest! {
        #[test]
        fn addresses_read_as_the_standard_library_writes_them(ip: IpAddr, port: u16) {
            check(SocketAddr::new(ip, port));
        }
    }

    #[test]
    fn the_shortest_and_the_longest() {
        for text in ["0.0.0.0:0", "255.255.255.255:65535", "10.100.9.99:10000", "1.20.0.200:9999", "[::]:0"] {
            check(text.parse().unwrap());
        }
    }
}
