//! The HBONE door: tls → hbone once per tunnel, then peer_auth → authz → dial → relay once per CONNECT.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::addr::{LocalAddr, MeshAddr};
use crate::hbone::{Authority, ConnectRequest, Requested, Respond, Server, TunnelStream};
use crate::io::{Pipe, ResetCause, Tap, TcpPipe};
use crate::mesh::{Name, Workload};
use crate::policy::{CheckRequest, Entered, Permit, Snapshot, authorize, peer_auth};
use crate::proxy::accept::Accepted;
use crate::proxy::backends::Introduced;
use crate::proxy::captured::{handshaken, introduce_caller, is_served};
use crate::proxy::context::Context;
use crate::proxy::live::LetIn;
use crate::proxy::recording::Recording;
use crate::proxy::relay::relay;
use crate::proxy::revocation::Known;
use crate::proxy::tapping::Wish;
use crate::proxy::tunnel::baggage;
use crate::proxy::{authority, dial, failure};
use crate::telemetry::{Fact, Failure, Flag, Join, Reporter, Stage, Wire};
use crate::tls::{Offer, Peer, Secrets, ServerStream, accept};

/// The answers that a denied or failed CONNECT gets (reference/hbone.md 2.6).
const BAD_REQUEST: u16 = 400;
const DENIED: u16 = 401;
const UNAVAILABLE: u16 = 503;

/// A verified tunnel into a workload.
pub(in crate::proxy) struct Tunnel {
    workload: Name,
    peer: Arc<Peer>,
    client: LocalAddr,
    /// Our end of it.
    local: Option<LocalAddr>,
    /// Who looks into it.
    tap: Option<Tap>,
}

/// Serves one tunnel: verifies the peer, then each CONNECT in a task of its own.
pub(crate) async fn serve(ctx: Arc<Context>, accepted: Accepted, workload: Name) {
    let (client, since) = (accepted.client, accepted.since);
    let local = accepted.stream.local_addr().ok().map(LocalAddr::from);
    let secrets = ctx.shared.tapping.secrets();
    let tap = secrets.tap.clone();
    // What a handshake takes is gone before the tunnel lives.
    match Box::pin(open(&ctx, accepted, &workload, secrets)).await {
        Ok((server, peer)) => {
            drive(&ctx, server, Tunnel { workload, peer: Arc::new(peer), client, local, tap }).await;
        }
        Err(failure) => {
            let mut recording = Recording::start(&ctx, Reporter::Destination, since);
            introduce(&ctx, &workload, (client, local), &mut recording);
            recording.note(|half| half.early = true);
            recording.carried_by(tap.as_ref());
            recording.finish(Err(failure));
        }
    }
}

async fn open(
    ctx: &Context,
    accepted: Accepted,
    name: &Name,
    secrets: Secrets,
) -> Result<(Server<ServerStream<TcpStream>>, Peer), Failure> {
    let snapshot = ctx.shared.snapshots.load();
    let workload = snapshot.mesh.workload(name);
    let workload = workload.ok_or_else(|| failure::unknown_workload(&name.to_string()))?;
    let pair = ctx.shared.identities.get(&workload.identity).await;
    let pair = pair.map_err(|error| failure::at(Stage::Tls, Flag::IdentityError, &error))?;
    let deadline = accepted.since + ctx.shared.config.deadlines.handshake;
    let tls = pair.server.accepting(snapshot.policies.trust_domain_aliases(workload)).telling(secrets);
    let accepted = accept(accepted.stream, &tls, Offer::Hbone, deadline).await;
    let (stream, peer) = accepted.map_err(|error| failure::tls(&error))?;
    let server = Server::handshake(stream, &ctx.shared.config.hbone, deadline).await;
    Ok((server.map_err(|error| failure::hbone(&error))?, peer))
}

/// Drives the HTTP/2 connection until it ends; a drain tells the peer once and lets open streams finish.
async fn drive(ctx: &Arc<Context>, mut server: Server<ServerStream<TcpStream>>, tunnel: Tunnel) {
    let tunnel = Arc::new(tunnel);
    let mut listed = ctx.list_peer(Known::caller(&tunnel.peer));
    let mut draining = std::pin::pin!(ctx.tasks.draining());
    let mut drained = false;
    loop {
        let next = tokio::select! {
            biased;
            () = &mut draining, if !drained => {
                server.drain();
                drained = true;
                continue;
            }
            next = server.accept() => next,
            // Its streams are cut as all connections of a revoked peer are, each with its own record.
            _revoked = listed.cut() => return Box::pin(server.cut()).await,
        };
        match next {
            Some(Ok(requested)) => {
                let request = request(Arc::clone(ctx), Arc::clone(&tunnel), Box::new(requested));
                ctx.tasks.spawn("hbone request", request);
            }
            // The streams of a broken connection each end with their own record; the connection has none.
            Some(Err(error)) => {
                tracing::debug!(target: "glasstunnel::inbound", peer = %tunnel.peer.id, %error, "tunnel ended");
                return;
            }
            None => return,
        }
    }
}

pub(in crate::proxy) async fn request(ctx: Arc<Context>, tunnel: Arc<Tunnel>, requested: Box<Requested>) {
    let since = tokio::time::Instant::now();
    let mut recording = Recording::start(&ctx, Reporter::Destination, since);
    introduce(&ctx, &tunnel.workload, (tunnel.client, tunnel.local), &mut recording);
    recording.carried_by(tunnel.tap.as_ref());
    recording.step(handshaken(&tunnel.peer));
    recording.note(|half| half.source.identity = Some(tunnel.peer.id.clone()));
    let result = flow(&ctx, &tunnel, requested, &mut recording).await;
    recording.finish(result);
}

fn introduce(
    ctx: &Context,
    name: &Name,
    (client, local): (LocalAddr, Option<LocalAddr>),
    recording: &mut Recording,
) {
    let snapshot = ctx.shared.snapshots.load();
    let place = ctx.shared.place;
    let from = place.mesh_addr(&snapshot.mesh, client);
    let source = place.workload(&snapshot.mesh, client.ip()).cloned();
    let workload = snapshot.mesh.workload(name).cloned();
    let expects_other = is_served(ctx, source.as_ref()) && !ctx.shared.tapping.takes(client.0, Wish::Alone);
    recording.step(Fact::Accepted { door: "hbone", from });
    recording.note(|half| {
        half.join = Join { trace: None, socket: Some(client.0), expects_other };
        half.wire = Some(Wire::Hbone);
        half.source.addr = Some(from.0);
        half.source.workload = source;
        half.destination.addr = local.map(|local| place.mesh_addr(&snapshot.mesh, local).0);
        half.destination.identity = workload.as_ref().map(|workload| workload.identity.clone());
        half.destination.workload = workload;
    });
}

/// A CONNECT that was let in: its stream, and the backend that it leads to.
struct Delivered {
    snapshot: Arc<Snapshot>,
    let_in: LetIn,
    stream: TunnelStream,
    backend: TcpPipe,
    /// For as long as it lives, an in-process backend may ask who calls.
    _known: Option<Introduced>,
}

async fn flow(
    ctx: &Context,
    tunnel: &Tunnel,
    requested: Box<Requested>,
    recording: &mut Recording,
) -> Result<(), Failure> {
    // What it takes to get there is gone before the first byte is relayed.
    let Delivered { snapshot, let_in, mut stream, mut backend, _known } =
        Box::pin(deliver(ctx, tunnel, requested, recording)).await?;
    recording.open(Wire::Hbone);
    let (counts, tap) = (recording.counts(), recording.relayed());
    let mut listed = ctx.list(&snapshot, let_in);
    drop(snapshot);
    tokio::select! {
        biased;
        // First: of what was cut before it began, not one byte is passed on.
        cut = listed.cut() => {
            stream.reset(ResetCause::Cut);
            backend.reset(ResetCause::Cut);
            Err(cut)
        }
        result = relay(&mut stream, &mut backend, &counts, tap.as_ref()) => result,
    }
}

/// Decides on a CONNECT, dials its backend, and answers.
async fn deliver(
    ctx: &Context,
    tunnel: &Tunnel,
    requested: Box<Requested>,
    recording: &mut Recording,
) -> Result<Delivered, Failure> {
    let Requested { request, respond } = *requested;
    let snapshot = ctx.shared.snapshots.load();
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            recording.note(|half| half.early = true);
            return refuse(respond, BAD_REQUEST, recording, failure::hbone(&error));
        }
    };
    connected(&request, recording);
    let workload = match snapshot.mesh.workload(&tunnel.workload) {
        Some(workload) => Arc::clone(workload),
        None => {
            let gone = failure::unknown_workload(&tunnel.workload.to_string());
            return refuse(respond, UNAVAILABLE, recording, gone);
        }
    };
    let permit = match permit(ctx, &snapshot, (tunnel, &workload), &request, recording) {
        Ok(permit) => permit,
        Err((status, failure)) => return refuse(respond, status, recording, failure),
    };
    let to = meant(&workload, &request.authority);
    let client = ctx.shared.place.mesh_addr(&snapshot.mesh, tunnel.client);
    let backend = match dial::deliver(&ctx.shared, &permit, &workload, (client.ip(), to)).await {
        Ok(backend) => backend,
        Err(error) => return refuse(respond, UNAVAILABLE, recording, failure::dial(&error)),
    };
    recording.step(Fact::Dialed { to: MeshAddr::new(to, permit.port()) });
    let _known = introduce_caller(
        (ctx, &snapshot),
        (&workload.name, permit.port()),
        &backend,
        (client, Some(&tunnel.peer), Wire::Hbone),
    );
    let baggage = baggage(&workload, snapshot.mesh.settings());
    let stream = respond.accept(baggage.as_ref()).map_err(|error| failure::hbone(&error))?;
    recording.step(Fact::Answered { status: 200 });
    let let_in = LetIn {
        workload: workload.name.clone(),
        port: permit.port(),
        entered: Entered::Hbone,
        source: Some(Arc::clone(&tunnel.peer)),
        source_addr: client,
    };
    Ok(Delivered { snapshot, let_in, stream, backend: TcpPipe::new(backend), _known })
}

/// Which of the workload's addresses a CONNECT means; a name means the workload as a whole.
fn meant(workload: &Workload, authority: &Authority) -> IpAddr {
    match authority {
        Authority::Address(addr) => addr.ip(),
        Authority::Host { .. } => workload.address(0).ip(),
    }
}

fn connected(request: &ConnectRequest, recording: &mut Recording) {
    let authority: Arc<str> = request.authority.to_string().into();
    recording.step(Fact::Connect { authority: Arc::clone(&authority) });
    recording.note(|half| {
        half.hbone_addr = Some(authority);
        half.join.trace = request.trace.as_ref().map(|trace| trace.id());
    });
}

/// Authority, PeerAuthentication, authorization; a refusal comes with the status that answers it.
fn permit(
    ctx: &Context,
    snapshot: &Snapshot,
    (tunnel, workload): (&Tunnel, &Arc<Workload>),
    request: &ConnectRequest,
    recording: &mut Recording,
) -> Result<Permit, (u16, Failure)> {
    let port = authority::port(&snapshot.mesh, workload, &request.authority).map_err(|error| {
        recording.note(|half| half.early = true);
        (error.status(), failure::at(Stage::Hbone, Flag::Connect, &error))
    })?;
    recording.step(Fact::Mode(snapshot.policies.effective(&workload.name, port).clone()));
    let admitted = peer_auth::hbone(&snapshot.policies, workload, port)
        .map_err(|denial| (DENIED, Failure::denied(Stage::PeerAuth, &denial)))?;
    let check = CheckRequest {
        source: Some(&tunnel.peer.id),
        source_addr: ctx.shared.place.mesh_addr(&snapshot.mesh, tunnel.client),
        workload,
        port,
    };
    let permit = authorize(&snapshot.policies, admitted, &check)
        .map_err(|denial| (DENIED, Failure::denied(Stage::Authz, &denial)))?;
    recording.step(Fact::Permitted(Box::new(permit.clone())));
    Ok(permit)
}

fn refuse<T>(
    respond: Respond,
    status: u16,
    recording: &mut Recording,
    failure: Failure,
) -> Result<T, Failure> {
    respond.refuse(status);
    recording.step(Fact::Answered { status });
    Err(failure)
}
