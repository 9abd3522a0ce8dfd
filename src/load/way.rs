//! [`Way`]: how a client gets to the server, straight or through a SOCKS5 door.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::net::Network;

/// One dial, and the door's answer; the proxies' own is as long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands before the address in a SOCKS5 request without authentication, both messages at once (RFC 1928 §3 and §4): a
/// client that knows what it wants need not wait for the door's choice.
const SOCKS5: [u8; 6] = [5, 1, 0, 5, 1, 0];

/// The length of the door's two answers, with an IPv4 address in the second (RFC 1928 §6).
const ANSWERS: usize = 12;
/// How much longer an IPv6 address is.
const LONGER: usize = 12;

/// Where a connection is meant to go, as the door is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An address.
    At(SocketAddr),
    /// A name, at most 255 bytes long, and a port.
    Named(String, u16),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Named(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// How a client gets to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To that address.
    Straight(SocketAddr),
    /// Through a door that speaks SOCKS5.
    Socks {
        /// The door.
        door: SocketAddr,
        /// What it is asked for.
        to: Destination,
    },
}

impl Way {
    /// Connects, and sends `first`; through a door in the same breath as the request, so that its answers cost no round trip.
    ///
    /// # Errors
    ///
    /// What the system or the door says; `TimedOut` after ten seconds.
    pub async fn open(&self, first: &[u8]) -> io::Result<TcpStream> {
        match timeout(PATIENCE, self.reach(first)).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err(io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s")),
        }
    }

    async fn reach(&self, first: &[u8]) -> io::Result<TcpStream> {
        match self {
            Self::Straight(address) => {
                let mut stream = connect(*address).await?;
                stream.write_all(first).await?;
                Ok(stream)
            }
            Self::Socks { door, to } => {
                let mut stream = connect(*door).await?;
                let mut bytes = request(to);
                bytes.extend(first);
                stream.write_all(&bytes).await?;
                answered(&mut stream).await?;
                Ok(stream)
            }
        }
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    // As servers and proxies are dialled, so that no way differs from another in how TCP sends.
    let socket = Network::default().dialler(address, None)?;
    let stream = TcpSocket::from_std_stream(socket).connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn request(to: &Destination) -> Vec<u8> {
    let mut bytes = SOCKS5.to_vec();
    let port = match to {
        Destination::At(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    bytes.push(1);
                    bytes.extend(ip.octets());
                }
                IpAddr::V6(ip) => {
                    bytes.push(4);
                    bytes.extend(ip.octets());
                }
            }
            address.port()
        }
        Destination::Named(name, port) => {
            bytes.extend([3, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
            bytes.extend(name.bytes().take(usize::from(u8::MAX)));
            *port
        }
    };
    bytes.extend(port.to_be_bytes());
    bytes
}

async fn answered(stream: &mut TcpStream) -> io::Result<()> {
    let mut answers = [0; ANSWERS];
    stream.read_exact(&mut answers).await?;
    match answers {
        [5, 0, 5, 0, _, 4, ..] => stream.read_exact(&mut [0; LONGER]).await.map(drop),
        [5, 0, 5, 0, _, 1, ..] => Ok(()),
        [5, 0, 5, code, ..] => Err(io::Error::other(format!("the SOCKS5 door refused it with reply {code}"))),
        other => {
            let shown = other.escape_ascii();
            Err(io::Error::other(format!("expected a SOCKS5 door without passwords, found \"{shown}\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let check =
            |to: Destination, expect: &[u8]| assert_eq!(request(&to)[SOCKS5.len()..], *expect, "{to}");
        check(Destination::At("10.96.0.1:258".parse().unwrap()), &[1, 10, 96, 0, 1, 1, 2]);
        check(Destination::Named("a.b".to_owned(), 80), b"\x03\x03a.b\0\x50");
        let v6 = Destination::At("[::1]:1".parse().unwrap());
        check(v6, &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    }
}
