//! Tunnels to other workloads: checked out of the pool or dialled, then a CONNECT in them.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::addr::MeshAddr;
use crate::hbone::{
    Authority, Baggage, CheckedOut, Client, ConnectRequest, Described, Forwarded, Pool, PoolKey, Ticket,
    TunnelStream,
};
use crate::identity::SpiffeId;
use crate::io::{Noted, Tap};
use crate::mesh::{Name, Settings, Workload};
use crate::policy::Snapshot;
use crate::proxy::captured::handshaken;
use crate::proxy::context::Context;
use crate::proxy::recording::Recording;
use crate::proxy::revocation::Known;
use crate::proxy::route::Chosen;
use crate::proxy::verified::Verified;
use crate::proxy::{dial, failure, ports};
use crate::telemetry::{Fact, Failure, Flag, Stage};
use crate::tls::{ClientOffer, Peer, TlsError, connect};
use crate::trace_context::TraceContext;

/// How `workload` describes itself on a CONNECT and its answer (reference/hbone.md 2.5).
pub(crate) fn baggage(workload: &Workload, settings: &Settings) -> Option<Baggage> {
    Baggage::of(&Described {
        cluster: Some(&settings.cluster),
        namespace: Some(&workload.name.namespace),
        workload_kind: Some(workload.controller_kind),
        workload_name: Some(&workload.controller),
        service_name: Some(&workload.canonical_name),
        service_version: Some(&workload.canonical_revision),
        region: None,
        zone: None,
    })
}

/// Exactly what the real ztunnel sends (reference/hbone.md 2.3).
pub(crate) fn request(
    snapshot: &Snapshot,
    (source, from): (&Workload, MeshAddr),
    chosen: &Chosen,
) -> ConnectRequest {
    ConnectRequest {
        authority: Authority::Address(chosen.to.0),
        baggage: baggage(source, snapshot.mesh.settings()),
        forwarded: Some(Forwarded {
            client: from.0,
            host: chosen.service.as_ref().map(|service| service.hostname.clone()),
        }),
        trace: Some(TraceContext::fresh()),
    }
}

/// What a fresh dial found out, for the record of the connection that caused it: its socket, then the verified peer.
#[derive(Clone, Default)]
struct Found(Arc<Mutex<Facts>>);

/// A dial that fails in its handshake has a socket all the same, by which the other side's record finds this one.
#[derive(Default)]
struct Facts {
    socket: Option<(SocketAddr, Instant)>,
    peer: Option<(Arc<Peer>, Instant)>,
    tap: Option<Tap>,
}

impl Found {
    fn connected(&self, socket: Option<SocketAddr>, tap: Option<Tap>) {
        let mut facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (facts.socket, facts.tap) = (socket.map(|socket| (socket, Instant::now())), tap);
    }

    fn verified(&self, peer: Arc<Peer>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).peer = Some((peer, Instant::now()));
    }

    fn take(&self) -> Facts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whom a tunnel joins.
pub(crate) struct Between<'a> {
    /// Who dials.
    pub(crate) source: &'a Arc<Workload>,
    /// Whose door it leads to.
    pub(crate) destination: &'a Arc<Workload>,
    /// By which of that one's addresses in the mesh.
    pub(crate) at: IpAddr,
    /// Whether a tunnel that is there already will not do.
    pub(crate) fresh: bool,
}

/// Opens a stream between the two, over a pooled tunnel if there is one.
///
/// A CONNECT that the peer provably never processed (it was draining) is tried once more, on a fresh tunnel.
pub(crate) async fn open(
    ctx: &Arc<Context>,
    snapshot: &Snapshot,
    between: &Between<'_>,
    request: &ConnectRequest,
    recording: &mut Recording,
) -> Result<(TunnelStream, Arc<Peer>), Failure> {
    let expected = snapshot.policies.identities_of(between.destination, between.source);
    let (ticket, mut tunnel) = checkout(ctx, between, &expected, recording).await?;
    recording.step(Fact::Connect { authority: request.authority.to_string().into() });
    let answer = || Instant::now() + ctx.shared.config.deadlines.answer;
    let opened = match ticket.open(request, answer()).await {
        Err(error) if error.never_processed() => {
            let (again, another) = checkout(ctx, between, &expected, recording).await?;
            tunnel = another;
            again.open(request, answer()).await
        }
        other => other,
    };
    let (stream, _baggage) = opened.map_err(|error| tunnel.failure(&error))?;
    recording.step(Fact::Answered { status: 200 });
    Ok((stream, tunnel.peer))
}

async fn checkout(
    ctx: &Arc<Context>,
    between: &Between<'_>,
    expected: &[SpiffeId],
    recording: &mut Recording,
) -> Result<(Ticket, Verified), Failure> {
    let Between { source, destination, at, fresh } = *between;
    let place = ctx.shared.place;
    let address = place.local(destination, at, ports::HBONE);
    let address = address.ok_or_else(|| failure::unknown_workload(&destination.name.to_string()))?;
    let key = PoolKey {
        source: source.identity.clone(),
        destinations: expected.to_vec(),
        address,
        from: ctx.shared.networks.source_ip(place, source),
    };
    if fresh {
        ctx.pool.retire_of(&key);
    }
    let found = Found::default();
    let dial = {
        let (ctx, key, found, name) = (Arc::clone(ctx), key.clone(), found.clone(), source.name.clone());
        move || {
            let (ctx, key, found, name) = (Arc::clone(&ctx), key.clone(), found.clone(), name.clone());
            async move { dial_tunnel(&ctx, (&name, &key), &found).await }
        }
    };
    let checked_out = match ctx.shared.config.hbone.pool_max_streams {
        1 => Pool::alone(dial()).await,
        _ => ctx.pool.checkout(&key, &ctx.tasks, dial).await,
    };
    let Facts { socket, peer, tap } = found.take();
    recording.carried_by(tap.as_ref());
    if let Some((socket, when)) = socket {
        recording.note(|half| half.join.socket = Some(socket));
        recording.step_at(when, Fact::Dialed { to: MeshAddr::new(at, ports::HBONE) });
    }
    if let Some((peer, when)) = peer {
        recording.step_at(when, handshaken(&peer));
    } else if let Ok(CheckedOut { tunnel, .. }) = &checked_out {
        recording.carried_by(tunnel.tap.as_ref());
        recording.step(tunnel.reused(ctx.shared.identities.now(&key.source)));
    }
    let CheckedOut { ticket, tunnel, .. } = checked_out.map_err(|error| failure::pool(&error))?;
    Ok((ticket, tunnel))
}

async fn dial_tunnel(
    ctx: &Context,
    (source, key): (&Name, &PoolKey),
    found: &Found,
) -> Result<(Client, Verified), Failure> {
    let pair = ctx.shared.identities.get(&key.source).await;
    let pair = pair.map_err(|error| failure::at(Stage::Tls, Flag::IdentityError, &error))?;
    let stream = dial::reach(&ctx.shared, source, key.address, key.from).await;
    let stream = stream.map_err(|error| failure::dial(&error))?;
    let secrets = ctx.shared.tapping.secrets();
    let tap = secrets.tap.clone();
    found.connected(stream.local_addr().ok(), tap.clone());
    let deadline = Instant::now() + ctx.shared.config.deadlines.handshake;
    let tls = pair.client.telling(secrets);
    let connected = connect(stream, &tls, &key.destinations, ClientOffer::Hbone, deadline).await;
    let (stream, peer) = connected.map_err(|error| failure::tls(&error))?;
    let peer = Arc::new(peer);
    let (stream, late) = Noted::new(stream, |ended| ended.err().and_then(TlsError::from_io));
    let now = ctx.shared.identities.now(&key.source);
    let verified = Verified::new(&peer, (pair.not_after, now), late).tapped(tap);
    found.verified(Arc::clone(&peer));
    let client = Client::handshake(stream, &ctx.shared.config.hbone, &ctx.tasks, deadline).await;
    let client = client.map_err(|error| verified.failure(&error))?;
    // Whoever is revoked from here on is found in the pool, where the tunnel is put without another wait.
    match Known::callee(&peer).refusal(&ctx.shared.identities.revocations().load()) {
        Some(revoked) => Err(revoked),
        None => Ok((client, verified)),
    }
}
