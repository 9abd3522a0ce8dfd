//! Reading a request at the outbound door, whichever protocol it speaks, and answering it.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::mesh::{Mesh, Workload};
use crate::proxy::orig_dst::error::OrigDstError;
use crate::proxy::orig_dst::head::{Asked, Reader, Through};
use crate::proxy::orig_dst::{http_connect, socks5};

/// Reads the request; the door's own workload is the source, or the user name says it.
///
/// On an error the application was told as far as its protocol can say it.
pub(crate) async fn ask(
    stream: &mut TcpStream,
    mesh: &Mesh,
    door: Option<&Arc<Workload>>,
    deadline: (Instant, Duration),
) -> Result<Asked, OrigDstError> {
    let mut reader = Reader { stream, buffer: BytesMut::with_capacity(512) };
    let read = async {
        match reader.first().await? {
            5 => socks5::ask(&mut reader, mesh, door).await,
            b'A'..=b'Z' => http_connect::ask(&mut reader, mesh, door).await,
            _ => Err(reader.protocol_error()),
        }
    };
    match timeout_at(deadline.0, read).await {
        Ok(result) => result,
        Err(_elapsed) => Err(OrigDstError::Timeout { after: deadline.1 }),
    }
}

impl Through {
    /// What tells the application to go ahead. It is sent before the dial, as the real ztunnel does: an application in
    /// a pod, too, sees its connection open before the mesh knows whether it leads anywhere.
    pub(crate) fn success(self) -> &'static [u8] {
        match self {
            Self::Socks5 => socks5::SUCCESS,
            Self::HttpConnect => http_connect::SUCCESS,
            Self::Captured(_) => b"",
        }
    }

    /// What tells it that the name means nothing.
    pub(crate) fn unreachable(self) -> &'static [u8] {
        match self {
            Self::Socks5 => socks5::HOST_UNREACHABLE,
            Self::HttpConnect => http_connect::UNREACHABLE,
            Self::Captured(_) => b"",
        }
    }
}
