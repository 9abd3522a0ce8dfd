//! The server of the benchmark: it does what each connection's [`Opening`] says, and nothing else.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::drain::Tasks;
use crate::io::Prefixed;
use crate::load::opening::{OPENING, Opening, Wanted};
use crate::tls::AppTls;

/// The type of a TLS record that holds a ClientHello (RFC 8446 §5.1): such a connection is TLS, and its opening inside.
const HANDSHAKE: u8 = 22;

/// From accept to a whole opening.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when that failed: it is for want of descriptors, and they come back.
const BREATH: Duration = Duration::from_millis(10);

/// Serves every connection that comes to `listener`, until the drain; those that begin with TLS by `tls`.
pub async fn serve(listener: TcpListener, tls: AppTls, tasks: Tasks) {
    let mut draining = tasks.draining();
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut draining => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let tls = tls.clone();
                // Clients end their connections in any way they like, and count what came of them.
                tasks.spawn("served", async move { drop(connection(stream, &tls).await) });
            }
            Err(_refused) => sleep(BREATH).await,
        }
    }
}

async fn connection(mut stream: TcpStream, tls: &AppTls) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut first = BytesMut::with_capacity(4096);
    timeout(PATIENCE, stream.read_buf(&mut first)).await??;
    match first.first() {
        None => Ok(()),
        Some(&HANDSHAKE) => {
            let stream = tls.accept(Prefixed::new(stream, first.freeze()), deadline).await?;
            Box::pin(opened(stream)).await
        }
        Some(_) => Box::pin(opened(Prefixed::new(stream, first.freeze()))).await,
    }
}

async fn opened<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    let mut opening = [0; OPENING];
    timeout(PATIENCE, stream.read_exact(&mut opening)).await??;
    let Some(opening) = Opening::decode(opening) else { return Err(io::ErrorKind::InvalidData.into()) };
    let (mut request, response) = (bytes(opening.request), bytes(opening.response));
    match opening.wanted {
        Wanted::Talk => loop {
            stream.read_exact(&mut request).await?;
            answer(&mut stream, &response).await?;
        },
        Wanted::Once => {
            stream.read_exact(&mut request).await?;
            answer(&mut stream, &response).await?;
            stream.shutdown().await?;
            // The client's end, or what is left of its patience.
            timeout(PATIENCE, stream.read(&mut request)).await?.map(drop)
        }
        Wanted::Sink => loop {
            if stream.read(&mut request).await? == 0 {
                return Ok(());
            }
        },
        Wanted::Flow => loop {
            answer(&mut stream, &response).await?;
        },
    }
}

/// TLS keeps what was written until it is flushed.
async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// A buffer of that many bytes; their value does not matter, and they do not look like a protocol.
fn bytes(size: u32) -> Vec<u8> {
    vec![b'.'; usize::try_from(size).unwrap_or_default()]
}
