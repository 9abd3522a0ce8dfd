//! What both protocols of the outbound door have in common: the words of a request, and reading ahead.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::addr::write_addr;
use crate::mesh::{Mesh, Workload};
use crate::net::Capture;
use crate::proxy::orig_dst::error::OrigDstError;
use crate::reason::shown;

/// Where to: as the application said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// An address.
    Ip(IpAddr, u16),
    /// A host name, lower case and unresolved.
    Host(String, u16),
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(ip, port) => write_addr(SocketAddr::new(*ip, *port), f),
            Self::Host(host, port) => write!(f, "{}:{port}", host.escape_debug()),
        }
    }
}

/// How it was said, which decides how it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// RFC 1928.
    Socks5,
    /// RFC 9110 §9.3.6.
    HttpConnect,
    /// Not at all: the connection itself was led here, by this way of capture.
    Captured(Capture),
}

impl Through {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Socks5 => "socks5",
            Self::HttpConnect => "http-connect",
            Self::Captured(capture) => capture.word(),
        }
    }
}

/// An understood request.
pub(crate) struct Asked {
    /// How it was said.
    pub(crate) through: Through,
    /// Who asks.
    pub(crate) source: Arc<Workload>,
    /// Where to.
    pub(crate) destination: Destination,
    /// Bytes that the application sent ahead of our answer.
    pub(crate) early: Bytes,
    /// Whether a tunnel that is there already will not do.
    pub(crate) fresh_tunnel: bool,
}

/// The stream with what was read ahead.
pub(crate) struct Reader<'a> {
    pub(crate) stream: &'a mut TcpStream,
    pub(crate) buffer: BytesMut,
}

impl Reader<'_> {
    pub(crate) async fn first(&mut self) -> Result<u8, OrigDstError> {
        self.fill(1).await?;
        Ok(self.buffer.first().copied().unwrap_or_default())
    }

    /// Reads until the buffer holds at least `count` bytes.
    pub(crate) async fn fill(&mut self, count: usize) -> Result<(), OrigDstError> {
        while self.buffer.len() < count {
            if self.stream.read_buf(&mut self.buffer).await.map_err(OrigDstError::Closed)? == 0 {
                return Err(OrigDstError::Closed(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(())
    }

    /// Takes exactly `count` bytes.
    pub(crate) async fn take(&mut self, count: usize) -> Result<Bytes, OrigDstError> {
        self.fill(count).await?;
        Ok(self.buffer.split_to(count).freeze())
    }

    /// Takes exactly `N` bytes as an array.
    pub(crate) async fn array<const N: usize>(&mut self) -> Result<[u8; N], OrigDstError> {
        let bytes = self.take(N).await?;
        let mut array = [0; N];
        array.copy_from_slice(&bytes);
        Ok(array)
    }

    /// Answers at once.
    pub(crate) async fn answer(&mut self, bytes: &[u8]) -> Result<(), OrigDstError> {
        self.stream.write_all(bytes).await.map_err(OrigDstError::Closed)
    }

    pub(crate) fn rest(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }

    pub(crate) fn protocol_error(&self) -> OrigDstError {
        let shown = self.buffer.get(..self.buffer.len().min(16)).unwrap_or_default();
        OrigDstError::Protocol { found: format!("\"{}\"", shown.escape_ascii()) }
    }
}

/// The workload that a user name means.
pub(crate) fn named(mesh: &Mesh, name: &str) -> Result<Arc<Workload>, OrigDstError> {
    mesh.find_workload(name).map_err(OrigDstError::Unknown)
}

/// A host as text: an address if it is one, else a name of at most 255 characters (RFC 1035 §2.3.4).
pub(crate) fn destination(host: &str, port: u16) -> Result<Destination, OrigDstError> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(Destination::Ip(ip.to_canonical(), port));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > 255 || port == 0 || !host.bytes().all(legal) {
        return Err(OrigDstError::Target { found: format!("`{}:{port}`", shown(host)) });
    }
    Ok(Destination::Host(host.to_ascii_lowercase(), port))
}
