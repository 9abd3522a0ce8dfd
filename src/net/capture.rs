//! [`Capture`]: how a listener learns where a connection that was led to it wanted to go.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use socket2::{SockAddr, SockRef};
use tokio::net::TcpStream;

/// How connections come to listeners that they were not meant for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capture {
    /// They do not: whoever connects meant the listener itself.
    #[default]
    None,
    /// Netfilter's REDIRECT rewrites the destination, and conntrack remembers it (SO_ORIGINAL_DST).
    Redirect,
    /// TPROXY leaves the destination as it is: the socket's own address is the answer (IP_TRANSPARENT).
    Tproxy,
}

impl Capture {
    /// Where the connection was meant to go; an IPv4-mapped IPv6 address becomes IPv4.
    ///
    /// # Errors
    ///
    /// What the system says of the socket. A connection that nobody redirected is no error: it was meant for the listener.
    pub fn original_destination(self, stream: &TcpStream) -> io::Result<SocketAddr> {
        let own = stream.local_addr().map(canonical)?;
        if self != Self::Redirect {
            return Ok(own);
        }
        let socket = SockRef::from(stream);
        // On a listener for both families an IPv4 connection is known to the IPv4 side only.
        let remembered = match own.ip() {
            IpAddr::V4(_) => socket.original_dst_v4(),
            IpAddr::V6(_) => socket.original_dst_v6(),
        };
        match remembered.as_ref().map(SockAddr::as_socket) {
            Ok(Some(original)) => Ok(canonical(original)),
            Ok(None) => Err(io::ErrorKind::InvalidData.into()),
            Err(error) if is_unknown_to_conntrack(error) => Ok(own),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }

    /// The word on the command line: `none`, `redirect` or `tproxy`.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Redirect => "redirect",
            Self::Tproxy => "tproxy",
        }
    }
}

/// ENOENT: the connection has no entry; ENOPROTOOPT: no rule has ever loaded conntrack here.
fn is_unknown_to_conntrack(error: &io::Error) -> bool {
    [Some(2), Some(92)].contains(&error.raw_os_error())
}

fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

impl FromStr for Capture {
    type Err = String;

    /// Reads [`Capture::word`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::None, Self::Redirect, Self::Tproxy]
            .into_iter()
            .find(|capture| capture.word() == text)
            .ok_or_else(|| "expected none, redirect or tproxy".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_connection_that_nobody_redirected_was_meant_for_its_listener() {
        for ip in ["127.0.0.1", "::1"] {
            let listener = TcpListener::bind((ip, 0)).await.unwrap();
            let addr = listener.local_addr().unwrap();
            let _client = TcpStream::connect(addr).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            for capture in [Capture::None, Capture::Redirect, Capture::Tproxy] {
                assert_eq!(capture.original_destination(&stream).unwrap(), addr, "{}", capture.word());
            }
        }
    }

    #[test]
    fn words_are_read_back() {
        for capture in [Capture::None, Capture::Redirect, Capture::Tproxy] {
            assert_eq!(capture.word().parse(), Ok(capture));
        }
        assert!("Redirect".parse::<Capture>().is_err());
    }
}
