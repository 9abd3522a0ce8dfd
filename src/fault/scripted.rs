//! [`ScriptedServer`]: an HBONE door with a workload's certificate that breaks HTTP/2 where it is told to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::drain::Tasks;
use crate::fault::conversation::{Conversation, Says};
use crate::fault::endpoint_fault::{EndpointFault, EndpointWhat};
use crate::fault::frames::read;
use crate::tls::{Offer, ServerTls, accept};

/// The client's first bytes (RFC 9113 §3.4).
const PREFACE: usize = 24;

/// How long one tunnel may last: longer than any deadline of a proxy.
const LONGEST: Duration = Duration::from_secs(60);

/// An HBONE server on a port of loopback. Whatever it is not told to break works: CONNECT is answered with 200, an
/// HTTP GET in it too, and what else comes is sent back. Dropped, it stops and cuts what is open.
#[derive(Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    _running: watch::Sender<()>,
}

impl ScriptedServer {
    /// Serves as the identity of `tls`. Must be called on a runtime, which then drives it.
    ///
    /// # Errors
    ///
    /// No port of loopback can be had.
    pub fn start(tls: ServerTls, fault: EndpointFault, tasks: &Tasks) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let (running, stopped) = watch::channel(());
        tasks.spawn("scripted server", listen(listener, (tls, fault), stopped, tasks.clone()));
        Ok(Self { address, _running: running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn listen(
    listener: TcpListener,
    (tls, fault): (ServerTls, EndpointFault),
    stopped: watch::Receiver<()>,
    tasks: Tasks,
) {
    let mut stop = stopped.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::task::yield_now().await;
            continue;
        };
        let (tls, mut stop) = (tls.clone(), stopped.clone());
        tasks.spawn("scripted tunnel", async move {
            tokio::select! {
                _ended = timeout(LONGEST, Box::pin(tunnel(stream, &tls, fault))) => {}
                _ = stop.changed() => {}
            }
        });
    }
}

/// A client that does not get through TLS has its alert; there is nobody else to tell.
async fn tunnel(stream: TcpStream, tls: &ServerTls, fault: EndpointFault) -> io::Result<()> {
    let deadline = Instant::now() + LONGEST;
    // Under TLS, to reset it.
    let socket = SockRef::from(&stream).try_clone()?;
    let offer = match fault.what() {
        EndpointWhat::Http1 => Offer::Captured { alpn: &[] },
        _ => Offer::Hbone,
    };
    let Ok((mut stream, _)) = accept(stream, tls, offer, deadline).await else { return Ok(()) };
    match serve(&mut stream, Conversation::new(fault)).await? {
        End::Close => {
            stream.shutdown().await?;
            // A close with bytes unread would be a reset.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
        }
        // Until its time is over.
        End::Freeze => std::future::pending().await,
        End::Vanish => socket.set_linger(Some(Duration::ZERO)),
    }
}

/// How a tunnel ends that the client did not end.
enum End {
    Close,
    Freeze,
    Vanish,
}

/// Speaks until the client ends it, or the script does.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    mut conversation: Conversation,
) -> io::Result<End> {
    stream.read_exact(&mut [0; PREFACE]).await?;
    let mut says = conversation.begin();
    loop {
        for one in says {
            match one {
                Says::Bytes(bytes) => {
                    stream.write_all(&bytes).await?;
                    stream.flush().await?;
                }
                Says::Close => return Ok(End::Close),
                Says::Freeze => return Ok(End::Freeze),
                Says::Vanish => return Ok(End::Vanish),
            }
        }
        says = conversation.hears(&read(stream).await?);
    }
}
