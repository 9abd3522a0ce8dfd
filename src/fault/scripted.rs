//! [`ScriptedServer`]: an HBONE door with a workload's certificate that breaks HTTP/2 where it is told to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::drain::Tasks;
use crate::fault::endpoint_fault::{EndpointFault, EndpointPhase, EndpointWhat};
use crate::fault::frames::{
    ACK, DATA, Frame, HEADERS, PING, SETTINGS, acknowledge, echo, go_away, read, reset, settings, status,
};
use crate::tls::{Offer, ServerTls, accept};

/// The client's first bytes (RFC 9113 §3.4).
const PREFACE: usize = 24;

/// How long one tunnel may last: longer than any deadline of a proxy.
const LONGEST: Duration = Duration::from_secs(60);

/// An HBONE server on a port of loopback. Whatever it is not told to break works: CONNECT is answered with 200, and what comes
/// is sent back. Dropped, it stops and cuts what is open.
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
    match accept(stream, tls, Offer::Hbone, deadline).await {
        Ok((stream, _)) => serve(stream, fault).await,
        Err(_) => Ok(()),
    }
}

/// Speaks until the client ends it, or the script does.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, fault: EndpointFault) -> io::Result<()> {
    stream.read_exact(&mut [0; PREFACE]).await?;
    send(&mut stream, first_words(fault)).await?;
    loop {
        let frame = read(&mut stream).await?;
        if let Some(bytes) = said(&frame, fault) {
            send(&mut stream, bytes).await?;
        }
    }
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, bytes: Vec<Bytes>) -> io::Result<()> {
    for bytes in bytes {
        stream.write_all(&bytes).await?;
    }
    stream.flush().await
}

fn first_words(fault: EndpointFault) -> Vec<Bytes> {
    match (fault.what(), fault.at()) {
        (EndpointWhat::MaxStreams(streams), _) => vec![settings(Some(streams))],
        (EndpointWhat::GoAway, EndpointPhase::Preface) => vec![settings(None), go_away(0)],
        _ => vec![settings(None)],
    }
}

/// What a frame is answered with.
fn said(frame: &Frame, fault: EndpointFault) -> Option<Vec<Bytes>> {
    let struck = |at| (fault.at() == at).then(|| strike(frame, fault));
    match frame.kind {
        SETTINGS | PING if frame.flags & ACK == 0 => Some(vec![acknowledge(frame)]),
        HEADERS => struck(EndpointPhase::Connect).or_else(|| {
            let mut bytes = vec![status(frame.stream, 200)];
            bytes.extend(struck(EndpointPhase::Answer).into_iter().flatten());
            Some(bytes)
        }),
        DATA => struck(EndpointPhase::FirstData).or_else(|| Some(vec![echo(frame)])),
        _ => None,
    }
}

fn strike(frame: &Frame, fault: EndpointFault) -> Vec<Bytes> {
    let taken = if fault.at() == EndpointPhase::Connect { 0 } else { frame.stream };
    match fault.what() {
        EndpointWhat::GoAway => vec![go_away(taken)],
        EndpointWhat::ResetStream => vec![reset(frame.stream)],
        EndpointWhat::Status(code) => vec![status(frame.stream, code)],
        EndpointWhat::MaxStreams(_) => Vec::new(),
    }
}
