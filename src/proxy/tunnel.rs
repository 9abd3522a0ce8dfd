//! Tunnels to other workloads: checked out of the pool or dialled, then a CONNECT in them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::hbone::{Baggage, Client, ConnectRequest, PoolKey, Ticket, TunnelStream};
use crate::identity::SpiffeId;
use crate::mesh::{Settings, Workload};
use crate::policy::Snapshot;
use crate::proxy::captured::handshaken;
use crate::proxy::context::Context;
use crate::proxy::recording::Recording;
use crate::proxy::revocation::{Dialled, Known};
use crate::proxy::{dial, failure, ports};
use crate::telemetry::{Fact, Failure, Flag, Stage};
use crate::tls::{ClientOffer, Peer, connect};

/// How `workload` describes itself on a CONNECT and its answer (reference/hbone.md 2.5).
pub(crate) fn baggage(workload: &Workload, settings: &Settings) -> Baggage {
    Baggage {
        cluster: Some(settings.cluster.clone()),
        namespace: Some(workload.name.namespace.to_string()),
        workload_kind: Some(workload.controller_kind.to_owned()),
        workload_name: Some(workload.controller.clone()),
        service_name: Some(workload.canonical_name.clone()),
        service_version: Some(workload.canonical_revision.clone()),
        region: None,
        zone: None,
    }
}

/// What a fresh dial found out, for the record of the connection that caused it.
#[derive(Clone, Default)]
struct Found(Arc<Mutex<Facts>>);

/// A dial that fails in its handshake has a socket all the same, by which the other side's record finds this one.
#[derive(Default)]
struct Facts {
    socket: Option<SocketAddr>,
    peer: Option<Arc<Peer>>,
}

impl Found {
    fn edit(&self, edit: impl FnOnce(&mut Facts)) {
        edit(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take(&self) -> Facts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens a stream from `source` to `destination`, over a pooled tunnel if there is one.
///
/// A CONNECT that the peer provably never processed (it was draining) is tried once more, on a fresh tunnel.
pub(crate) async fn open(
    ctx: &Arc<Context>,
    snapshot: &Snapshot,
    (source, destination): (&Arc<Workload>, &Arc<Workload>),
    request: &ConnectRequest,
    recording: &mut Recording,
) -> Result<(TunnelStream, Arc<Peer>), Failure> {
    let expected = snapshot.policies.identities_of(destination, source);
    let between = (source, destination, expected.as_slice());
    let (ticket, mut peer) = checkout(ctx, between, recording).await?;
    recording.step(Fact::Connect { authority: request.authority.to_string().into() });
    let answer = || Instant::now() + ctx.shared.config.deadlines.answer;
    let opened = match ticket.open(request, answer()).await {
        Err(error) if error.never_processed() => {
            let (again, another) = checkout(ctx, between, recording).await?;
            peer = another;
            again.open(request, answer()).await
        }
        other => other,
    };
    let (stream, _baggage) = opened.map_err(|error| failure::hbone(&error))?;
    recording.step(Fact::Answered { status: 200 });
    Ok((stream, peer))
}

async fn checkout(
    ctx: &Arc<Context>,
    (source, destination, expected): (&Arc<Workload>, &Arc<Workload>, &[SpiffeId]),
    recording: &mut Recording,
) -> Result<(Ticket, Arc<Peer>), Failure> {
    let place = ctx.shared.place;
    let address = place.local(destination, ports::HBONE);
    let address = address.ok_or_else(|| failure::unknown_workload(&destination.name.to_string()))?;
    let key = PoolKey {
        source: source.identity.clone(),
        destinations: expected.to_vec(),
        address,
        from: place.local_ip(source),
    };
    let found = Found::default();
    let dial = {
        let (ctx, key, found) = (Arc::clone(ctx), key.clone(), found.clone());
        move || {
            let (ctx, key, found) = (Arc::clone(&ctx), key.clone(), found.clone());
            async move { dial_tunnel(&ctx, &key, &found).await }
        }
    };
    let checked_out = ctx.pool.checkout(&key, &ctx.tasks, dial).await;
    let Facts { socket, peer } = found.take();
    if socket.is_some() {
        recording.note(|half| half.join.socket = socket);
        recording.step(Fact::Dialed { to: destination.address(ports::HBONE) });
        peer.iter().for_each(|peer| recording.step(handshaken(peer)));
    } else if checked_out.is_ok() {
        recording.step(Fact::Reused { peer: destination.identity.clone() });
    }
    let (ticket, _reused, tunnel) = checked_out.map_err(|error| failure::pool(&error))?;
    Ok((ticket, tunnel.peer))
}

async fn dial_tunnel(ctx: &Context, key: &PoolKey, found: &Found) -> Result<Dialled, Failure> {
    let pair = ctx.shared.identities.get(&key.source);
    let pair = pair.map_err(|error| failure::at(Stage::Tls, Flag::IdentityError, &error))?;
    let stream = dial::reach(&ctx.shared, key.address, key.from).await;
    let stream = stream.map_err(|error| failure::dial(&error))?;
    found.edit(|facts| facts.socket = stream.local_addr().ok());
    let deadline = Instant::now() + ctx.shared.config.deadlines.handshake;
    let connected = connect(stream, &pair.client, &key.destinations, ClientOffer::Hbone, deadline).await;
    let (stream, peer) = connected.map_err(|error| failure::tls(&error))?;
    let peer = Arc::new(peer);
    found.edit(|facts| facts.peer = Some(Arc::clone(&peer)));
    let client = Client::handshake(stream, &ctx.shared.config.hbone, &ctx.tasks, deadline).await;
    let client = client.map_err(|error| failure::hbone(&error))?;
    // Whoever is revoked from here on is found in the pool, where the tunnel is put without another wait.
    match Known::callee(&peer).refusal(&ctx.shared.identities.revocations().load()) {
        Some(revoked) => Err(revoked),
        None => Ok(Dialled { client, peer }),
    }
}
