//! Asking other servers for what the mesh does not know (RFC 1035 §7, RFC 5452).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::dns::query::{Header, Query};
use crate::dns::reply::Transport;

/// How long one server may take; a client's own patience is five seconds by default (resolv.conf(5)), so that two fit.
const PATIENCE: Duration = Duration::from_secs(2);

/// Passes `message`, which is `query`, on to `servers`, one after the other, until one answers.
///
/// `None` when none did. The answer is as long as the server made it, and has the client's id.
pub(crate) async fn ask(
    servers: &[SocketAddr],
    query: &Query,
    message: &[u8],
    over: Transport,
) -> Option<Vec<u8>> {
    for server in servers {
        // An id of our own, and a port of the system's choice: what a forger has to guess (RFC 5452 §4).
        let id = rand::random();
        let ours = Query { header: Header { id, ..query.header }, ..query.clone() };
        let message = with_id(message, id);
        let asked = async {
            match over {
                Transport::Udp => ask_udp(*server, &ours, &message).await,
                Transport::Tcp => ask_tcp(*server, &ours, &message).await,
            }
        };
        if let Ok(Ok(answer)) = timeout(PATIENCE, asked).await {
            return Some(with_id(&answer, query.header.id));
        }
    }
    None
}

fn with_id(message: &[u8], id: u16) -> Vec<u8> {
    id.to_be_bytes().into_iter().chain(message.iter().skip(2).copied()).collect()
}

async fn ask_udp(server: SocketAddr, query: &Query, message: &[u8]) -> io::Result<Vec<u8>> {
    let unspecified: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((unspecified, 0)).await?;
    // Connected, so that only that server is heard.
    socket.connect(server).await?;
    socket.send(message).await?;
    let mut answer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut answer).await?;
        let answer = answer.get(..length).unwrap_or_default();
        if query.is_answered_by(answer) {
            return Ok(answer.to_vec());
        }
    }
}

async fn ask_tcp(server: SocketAddr, query: &Query, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    match query.is_answered_by(&answer) {
        true => Ok(answer),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}
