//! [`Line`]: a connection that has got where it should go, ready to be relayed into.
//!
//! Getting there takes many times the memory that a relay needs: a dial, a handshake, a CONNECT. It runs in a future of its
//! own, which is gone before the first byte is relayed, so that an idle connection costs a relay and no more.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::hbone::TunnelStream;
use crate::io::{Pipe, PipeStream, StreamPipe, TcpPipe};
use crate::proxy::context::Context;
use crate::proxy::recording::Recording;
use crate::proxy::relay::relay;
use crate::proxy::revocation::Known;
use crate::telemetry::{Failure, Wire};
use crate::tls::{ClientStream, Peer};

/// How long the end of a tunnel's stream may take, once TLS inside it has ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where a connection's bytes go.
pub(crate) enum Line {
    /// A stream of a tunnel.
    Tunnel(TunnelStream, Arc<Peer>),
    /// TLS of a rule's, inside a stream of a tunnel.
    TlsInTunnel(StreamPipe<ClientStream<PipeStream<TunnelStream>>>, Arc<Peer>),
    /// Mesh mutual TLS with a sidecar.
    Mtls(StreamPipe<ClientStream<TcpStream>>, Arc<Peer>),
    /// TLS of a rule's, straight to the port.
    Tls(StreamPipe<ClientStream<TcpStream>>),
    /// What the application itself speaks, straight to the port.
    Raw(TcpPipe),
}

impl Line {
    /// Relays until both directions have ended, or the peer is revoked: whoever drops the line then resets what is open.
    ///
    /// By reference, as all that a relay passes down: moved, it would be in memory twice for as long as it lasts.
    pub(crate) async fn carry(
        &mut self,
        ctx: &Context,
        client: &mut TcpPipe,
        recording: &mut Recording,
    ) -> Result<(), Failure> {
        match self {
            Self::Tunnel(tunnel, peer) => {
                let work = pin!(carry(client, tunnel, Wire::Hbone, recording));
                ctx.unless_revoked(Known::callee(peer), work).await
            }
            Self::TlsInTunnel(pipe, peer) => {
                // The largest by far, and the rarest.
                let mut work = Box::pin(secured(client, pipe, recording));
                ctx.unless_revoked(Known::callee(peer), work.as_mut()).await
            }
            Self::Mtls(pipe, peer) => {
                let work = pin!(carry(client, pipe, Wire::Mtls, recording));
                ctx.unless_revoked(Known::callee(peer), work).await
            }
            Self::Tls(pipe) => carry(client, pipe, Wire::Tls, recording).await,
            Self::Raw(pipe) => carry(client, pipe, Wire::Raw, recording).await,
        }
    }
}

async fn carry<B: Pipe>(
    client: &mut TcpPipe,
    backend: &mut B,
    wire: Wire,
    recording: &mut Recording,
) -> Result<(), Failure> {
    recording.open(wire);
    let (counts, tap) = (recording.counts(), recording.relayed());
    relay(client, backend, &counts, tap.as_ref()).await
}

/// TLS ends with its close_notify, the stream of the tunnel only with what comes behind it: dropped before, it is reset.
async fn secured(
    client: &mut TcpPipe,
    pipe: &mut StreamPipe<ClientStream<PipeStream<TunnelStream>>>,
    recording: &mut Recording,
) -> Result<(), Failure> {
    carry(client, pipe, Wire::Hbone, recording).await?;
    if let Some((mut stream, _)) = pipe.take_parts() {
        let _not_in_time = timeout(FAREWELL, stream.get_mut().0.get_mut().drain()).await;
    }
    Ok(())
}
