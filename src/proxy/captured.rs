//! The captured door: bytes as the client sent them, on the workload's own port.
//!
//! sniff → peer_auth → tls (if it terminates) → authz → dial → relay.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::addr::{LocalAddr, MeshAddr};
use crate::io::{Pipe, Prefixed, ResetCause, StreamPipe, TcpPipe, reset_on_close};
use crate::mesh::{Name, Semantics, Workload};
use crate::policy::{Admitted, CheckRequest, Entered, First, Permit, Snapshot, authorize, peer_auth};
use crate::proxy::accept::Accepted;
use crate::proxy::backends::{Caller, Introduced};
use crate::proxy::context::Context;
use crate::proxy::live::LetIn;
use crate::proxy::recording::Recording;
use crate::proxy::relay::relay;
use crate::proxy::tapping::Wish;
use crate::proxy::{dial, failure, orig_dst, ports};
use crate::sniff::{FirstBytes, Protocol, SniffLimits, Sniffed, detect};
use crate::telemetry::{Fact, Failure, Flag, Join, Reporter, Stage, Wire};
use crate::tls::{Offer, Peer, accept};

/// Under ztunnel's semantics the bytes decide nothing, so they are waited for only as long as a record may cost.
const GLANCE: std::time::Duration = std::time::Duration::from_millis(100);

/// Serves one captured connection and records it. Without a `port`, the kernel knows which one was meant.
pub(crate) async fn serve(ctx: Arc<Context>, accepted: Accepted, workload: Name, port: Option<u16>) {
    let mut recording = Recording::start(&ctx, Reporter::Destination, accepted.since);
    let result = flow(&ctx, accepted, (&workload, port), &mut recording).await;
    recording.finish(result);
}

/// What the flow knows about its two ends.
struct Ends {
    snapshot: Arc<Snapshot>,
    workload: Arc<Workload>,
    /// The address and port of the workload's that the client meant.
    to: MeshAddr,
    client: MeshAddr,
    since: Instant,
}

async fn flow(
    ctx: &Context,
    accepted: Accepted,
    (name, port): (&Name, Option<u16>),
    recording: &mut Recording,
) -> Result<(), Failure> {
    let snapshot = ctx.shared.snapshots.load();
    let workload = snapshot.mesh.workload(name).cloned();
    let workload = workload.ok_or_else(|| failure::unknown_workload(&name.to_string()))?;
    let client = ctx.shared.place.mesh_addr(&snapshot.mesh, accepted.client);
    let to = match port {
        Some(port) => Ok(workload.address(port)),
        None => orig_dst::inward(ctx.shared.networks.of(name).capture, &accepted.stream),
    };
    let meant = to.as_ref().copied().unwrap_or_else(|_| workload.address(ports::CAPTURED));
    let ends = Ends { snapshot, workload, to: meant, client, since: accepted.since };
    introduce(ctx, &ends, accepted.client, recording);
    if let Err(error) = to {
        recording.note(|half| half.early = true);
        return Err(failure::at(Stage::OrigDst, Flag::Connect, &error));
    }
    let mut stream = accepted.stream;
    let sniffed = sniff(ctx, &ends, &mut stream).await?;
    let first = FirstBytes::of(&sniffed.bytes);
    recording.step(Fact::Sniffed { protocol: sniffed.protocol.clone(), first });
    recording.note(|half| half.wire = Some(wire(&sniffed.protocol)));
    let admitted = admit(&ends, &sniffed.protocol, recording);
    match admitted {
        // A reset, as the real mesh gives: nothing of the proxy's reaches the client (law 2).
        Err(denied) => {
            TcpPipe::with_prefix(stream, sniffed.bytes).reset(ResetCause::Cut);
            Err(denied)
        }
        Ok(admitted) if admitted.terminates_mtls() => {
            // The largest by far; what is only passed on has no room for it.
            Box::pin(terminate(ctx, ends, admitted, (stream, sniffed), recording)).await
        }
        Ok(admitted) => {
            let mut pipe = TcpPipe::with_prefix(stream, sniffed.bytes);
            let wire = wire(&sniffed.protocol);
            pass(ctx, ends, admitted, None, (&mut pipe, wire), recording).await
        }
    }
}

fn introduce(ctx: &Context, ends: &Ends, client: LocalAddr, recording: &mut Recording) {
    let source = ctx.shared.place.workload(&ends.snapshot.mesh, client.ip()).cloned();
    let expects_other = is_served(ctx, source.as_ref()) && !ctx.shared.tapping.takes(client.0, Wish::Alone);
    recording.step(Fact::Accepted { door: "captured", from: ends.client });
    recording.note(|half| {
        half.join = Join { trace: None, socket: Some(client.0), expects_other };
        half.source.addr = Some(ends.client.0);
        half.source.workload = source;
        half.destination.addr = Some(ends.to.0);
        half.destination.workload = Some(Arc::clone(&ends.workload));
    });
}

/// Whether the other half of a connection with `workload` is recorded in this process.
pub(crate) fn is_served(ctx: &Context, workload: Option<&Arc<Workload>>) -> bool {
    workload.is_some_and(|workload| ctx.shared.networks.serves(&workload.name))
}

fn wire(protocol: &Protocol) -> Wire {
    match (protocol.is_client_hello(), protocol.istio_alpn()) {
        (false, _) => Wire::Raw,
        (true, Some(_)) => Wire::Mtls,
        (true, None) => Wire::Tls,
    }
}

async fn sniff(ctx: &Context, ends: &Ends, stream: &mut TcpStream) -> Result<Sniffed, Failure> {
    let deadlines = &ctx.shared.config.deadlines;
    let silence = match ends.snapshot.policies.semantics_of(&ends.workload) {
        Semantics::Istio => deadlines.silence,
        Semantics::Ztunnel => GLANCE.min(deadlines.silence),
    };
    let limits = SniffLimits::new(ends.since + silence, ends.since + deadlines.handshake);
    detect(stream, &limits).await.map_err(|error| failure::at(Stage::Sniff, Flag::Connect, &error))
}

fn admit(ends: &Ends, protocol: &Protocol, recording: &mut Recording) -> Result<Admitted, Failure> {
    let policies = &ends.snapshot.policies;
    recording.step(Fact::Mode(policies.effective(&ends.workload.name, ends.to.port()).clone()));
    peer_auth::captured(policies, &ends.workload, ends.to.port(), First::of(protocol))
        .map_err(|denial| Failure::denied(Stage::PeerAuth, &denial))
}

/// Terminates mutual TLS as the workload, then goes on with the plaintext inside.
async fn terminate(
    ctx: &Context,
    ends: Ends,
    admitted: Admitted,
    (stream, sniffed): (TcpStream, Sniffed),
    recording: &mut Recording,
) -> Result<(), Failure> {
    let pair = ctx.shared.identities.get(&ends.workload.identity).await;
    let pair = pair.map_err(|error| failure::at(Stage::Tls, Flag::IdentityError, &error))?;
    let offer = Offer::Captured { alpn: sniffed.protocol.alpn() };
    let deadline = ends.since + ctx.shared.config.deadlines.handshake;
    let secrets = ctx.shared.tapping.secrets();
    recording.carried_by(secrets.tap.as_ref());
    let tls = pair.server.accepting(ends.snapshot.policies.trust_domain_aliases(&ends.workload));
    let tls = tls.telling(secrets);
    let stream = Prefixed::new(stream, sniffed.bytes);
    let (stream, peer) =
        Box::pin(accept(stream, &tls, offer, deadline)).await.map_err(|error| failure::tls(&error))?;
    let peer = Arc::new(peer);
    recording.step(handshaken(&peer));
    recording.note(|half| {
        half.wire = Some(Wire::Mtls);
        half.source.identity = Some(peer.id.clone());
        half.destination.identity = Some(ends.workload.identity.clone());
    });
    let mut pipe = StreamPipe::new(stream, |stream| reset_on_close(stream.get_mut().0.get_mut().get_ref()));
    pass(ctx, ends, admitted, Some(&peer), (&mut pipe, Wire::Mtls), recording).await
}

pub(crate) fn handshaken(peer: &Peer) -> Fact {
    Fact::Handshaken {
        peer: peer.id.clone(),
        version: peer.version,
        suite: peer.suite,
        alpn: peer.alpn.clone(),
    }
}

/// A backend that was reached.
struct Backend {
    pipe: TcpPipe,
    /// For as long as it lives, an in-process backend may ask who calls.
    _known: Option<Introduced>,
}

async fn pass<P: Pipe>(
    ctx: &Context,
    ends: Ends,
    admitted: Admitted,
    peer: Option<&Arc<Peer>>,
    (client, wire): (&mut P, Wire),
    recording: &mut Recording,
) -> Result<(), Failure> {
    // What it takes to get there is gone before the first byte is relayed.
    let reached = Box::pin(reach(ctx, &ends, admitted, (peer, wire), recording)).await;
    let mut backend = match reached {
        Ok(backend) => backend,
        Err(failure) => {
            client.reset(ResetCause::Cut);
            return Err(failure);
        }
    };
    recording.open(wire);
    let (counts, tap) = (recording.counts(), recording.relayed());
    let mut listed = ctx.list(&ends.snapshot, let_in(&ends, peer, wire));
    // A connection that lasts keeps no mesh that was replaced.
    drop(ends);
    tokio::select! {
        biased;
        // First: of what was cut before it began, not one byte is passed on.
        cut = listed.cut() => {
            client.reset(ResetCause::Cut);
            backend.pipe.reset(ResetCause::Cut);
            Err(cut)
        }
        result = relay(client, &mut backend.pipe, &counts, tap.as_ref()) => result,
    }
}

/// Decides, and dials the backend.
async fn reach(
    ctx: &Context,
    ends: &Ends,
    admitted: Admitted,
    (peer, wire): (Option<&Arc<Peer>>, Wire),
    recording: &mut Recording,
) -> Result<Backend, Failure> {
    let peer = peer.map(|peer| &**peer);
    let permit = permit(ends, admitted, peer)?;
    recording.step(Fact::Permitted(Box::new(permit.clone())));
    let between = (ends.client.ip(), ends.to.ip());
    let dialled = dial::deliver(&ctx.shared, &permit, &ends.workload, between).await;
    let stream = dialled.map_err(|error| failure::dial(&error))?;
    recording.step(Fact::Dialed { to: ends.to });
    let served = (&ends.workload.name, permit.port());
    let _known = introduce_caller((ctx, &ends.snapshot), served, &stream, (ends.client, peer, wire));
    Ok(Backend { pipe: TcpPipe::new(stream), _known })
}

fn let_in(ends: &Ends, peer: Option<&Arc<Peer>>, wire: Wire) -> LetIn {
    let first = match (wire, peer) {
        (Wire::Raw, _) => First::Raw,
        (Wire::Tls, None) => First::AppTls,
        _ => First::MeshTls,
    };
    LetIn {
        workload: ends.workload.name.clone(),
        port: ends.to.port(),
        entered: Entered::Captured(first),
        source: peer.cloned(),
        source_addr: ends.client,
    }
}

fn permit(ends: &Ends, admitted: Admitted, peer: Option<&Peer>) -> Result<Permit, Failure> {
    let request = CheckRequest {
        source: peer.map(|peer| &peer.id),
        source_addr: ends.client,
        workload: &ends.workload,
        port: ends.to.port(),
    };
    authorize(&ends.snapshot.policies, admitted, &request)
        .map_err(|denial| Failure::denied(Stage::Authz, &denial))
}

/// Lets an in-process backend ask who is behind `stream`; any other does not ask.
pub(crate) fn introduce_caller(
    (ctx, snapshot): (&Context, &Snapshot),
    (workload, port): (&Name, u16),
    stream: &TcpStream,
    (client, peer, wire): (MeshAddr, Option<&Peer>, Wire),
) -> Option<Introduced> {
    let backends = &ctx.shared.backends;
    if !backends.is_here(workload, port) {
        return None;
    }
    let workload = snapshot.mesh.workload_at(client.ip());
    let caller = Caller {
        workload: workload.map(|workload| workload.name.to_string()),
        identity: peer.map(|peer| peer.id.to_string()),
        wire: wire.name(),
    };
    Some(backends.introduce(LocalAddr::from(stream.local_addr().ok()?).0, caller))
}
