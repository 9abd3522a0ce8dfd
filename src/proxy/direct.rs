//! Direct mutual TLS to a sidecar, without a tunnel.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::io::{StreamPipe, reset_on_close};
use crate::mesh::Workload;
use crate::policy::Snapshot;
use crate::proxy::captured::handshaken;
use crate::proxy::context::Context;
use crate::proxy::failure;
use crate::proxy::line::Line;
use crate::proxy::recording::Recording;
use crate::telemetry::{Failure, Flag, Stage};
use crate::tls::{ClientOffer, connect};

/// Shakes hands with `workload`'s sidecar on `stream` in the name of `source`.
pub(crate) async fn mutual_tls(
    ctx: &Context,
    snapshot: &Snapshot,
    (source, workload): (&Arc<Workload>, &Arc<Workload>),
    stream: TcpStream,
    recording: &mut Recording,
) -> Result<Line, Failure> {
    let pair = ctx.shared.identities.get(&source.identity).await;
    let pair = pair.map_err(|error| failure::at(Stage::Tls, Flag::IdentityError, &error))?;
    let deadline = Instant::now() + ctx.shared.config.deadlines.handshake;
    let expected = snapshot.policies.identities_of(workload, source);
    let secrets = ctx.shared.tapping.secrets();
    recording.carried_by(secrets.tap.as_ref());
    let tls = pair.client.telling(secrets);
    let connected = connect(stream, &tls, &expected, ClientOffer::Istio, deadline).await;
    let (stream, peer) = connected.map_err(|error| failure::tls(&error))?;
    recording.step(handshaken(&peer));
    recording.note(|half| {
        half.source.identity = Some(source.identity.clone());
        half.destination.identity = Some(peer.id.clone());
    });
    let pipe = StreamPipe::new(stream, |stream| reset_on_close(stream.get_mut().0.get_mut()));
    Ok(Line::Mtls(pipe, Arc::new(peer)))
}
