//! The outbound door: orig_dst → route → dial → tls → hbone → relay.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::addr::{LocalAddr, MeshAddr};
use crate::hbone::TunnelStream;
use crate::io::{Pipe, PipeStream, ResetCause, StreamPipe, TcpPipe, reset_on_close};
use crate::mesh::{Name, nearest};
use crate::policy::Snapshot;
use crate::proxy::accept::Accepted;
use crate::proxy::captured::is_served;
use crate::proxy::context::Context;
use crate::proxy::line::Line;
use crate::proxy::orig_dst::{self, Asked, Destination, OrigDstError, Through, ask};
use crate::proxy::originate::Ready;
use crate::proxy::recording::Recording;
use crate::proxy::revocation::Known;
use crate::proxy::route::{Chosen, route};
use crate::proxy::tapping::Wish;
use crate::proxy::tunnel::{self, Between};
use crate::proxy::wire_choice::Route;
use crate::proxy::{dial, direct, failure, ports};
use crate::telemetry::{Fact, Failure, Flag, Reporter, Stage};
use crate::tls::Peer;
use crate::trace_context::TraceContext;

/// How long a program that is about to be refused may take to say its first bytes.
const HEAR_OUT: Duration = Duration::from_secs(1);

/// How a program's connection came here.
pub(crate) enum Entry {
    /// Through a door that is told where to: a workload's own, or the one for all.
    Asked(Option<Name>),
    /// By redirection, from this workload's network.
    Redirected(Name),
}

/// A program's connection, and where it got.
type Reached = (TcpPipe, Line);

/// Serves one connection of an application and records it.
pub(crate) fn serve(ctx: Arc<Context>, accepted: Accepted, entry: Entry) -> impl Future<Output = ()> {
    // What it takes to get there is gone before the first byte is relayed, the snapshot too: a connection that lasts keeps no mesh
    // that was replaced. An async function would keep what it was given until it ends.
    let start = Box::pin(start(Arc::clone(&ctx), accepted, entry));
    async move {
        let Some((mut recording, mut client, mut line)) = start.await else { return };
        let ended = line.carry(&ctx, &mut client, &mut recording).await.map_err(Box::new);
        drop(line);
        if ended.is_err() {
            Box::pin(refuse(&mut client, &recording)).await;
        }
        recording.finish(ended.map_err(|failure| *failure));
    }
}

/// Goes where the program wants to go; what failed on the way is recorded.
async fn start(ctx: Arc<Context>, accepted: Accepted, entry: Entry) -> Option<(Recording, TcpPipe, Line)> {
    let mut recording = Recording::start(&ctx, Reporter::Source, accepted.since);
    let reached = match entry {
        Entry::Asked(door) => asked(&ctx, accepted, door.as_ref(), &mut recording).await,
        Entry::Redirected(workload) => redirected(&ctx, accepted, &workload, &mut recording).await,
    };
    match reached {
        Ok((client, line)) => Some((recording, client, line)),
        Err(failure) => {
            recording.finish(Err(failure));
            None
        }
    }
}

async fn asked(
    ctx: &Arc<Context>,
    accepted: Accepted,
    door: Option<&Name>,
    recording: &mut Recording,
) -> Result<Reached, Failure> {
    let snapshot = ctx.shared.snapshots.load();
    let Accepted { mut stream, client, since } = accepted;
    let asked = read_request(ctx, &snapshot, (&mut stream, since), door, recording).await?;
    let asked = Asked { fresh_tunnel: ctx.shared.tapping.takes(client.0, Wish::FreshTunnel), ..asked };
    let from = asked.source.address(client.port());
    go(ctx, &snapshot, (stream, asked, from), recording).await
}

async fn redirected(
    ctx: &Arc<Context>,
    accepted: Accepted,
    name: &Name,
    recording: &mut Recording,
) -> Result<Reached, Failure> {
    let snapshot = ctx.shared.snapshots.load();
    let source = snapshot.mesh.workload(name).cloned();
    let source = source.ok_or_else(|| failure::unknown_workload(&name.to_string()))?;
    let from = MeshAddr::new(accepted.client.ip(), accepted.client.port());
    let capture = ctx.shared.networks.of(name).capture;
    let to = orig_dst::outward(capture, &accepted.stream).map_err(|error| {
        recording.step(Fact::Accepted { door: "outbound", from });
        recording.note(|half| {
            half.early = true;
            half.source.addr = Some(from.0);
            half.source.workload = Some(Arc::clone(&source));
        });
        failure::at(Stage::OrigDst, Flag::Connect, &error)
    })?;
    let asked = Asked {
        through: Through::Captured(capture),
        source,
        destination: Destination::Ip(to.ip(), to.port()),
        early: Bytes::new(),
        fresh_tunnel: ctx.shared.tapping.takes(accepted.client.0, Wish::FreshTunnel),
    };
    go(ctx, &snapshot, (accepted.stream, asked, from), recording).await
}

/// From an understood request to where it wants to go.
async fn go(
    ctx: &Arc<Context>,
    snapshot: &Snapshot,
    (mut stream, asked, from): (TcpStream, Asked, MeshAddr),
    recording: &mut Recording,
) -> Result<Reached, Failure> {
    introduce(&asked, from, recording);
    let to = match resolve(ctx, snapshot, &asked) {
        Ok(to) => to,
        Err(error) => {
            // The program may be gone already; the record says why it was refused either way.
            let _ = stream.write_all(asked.through.unreachable()).await;
            recording.note(|half| half.early = true);
            return Err(failure::at(Stage::OrigDst, Flag::Connect, &error));
        }
    };
    let gone = |error| failure::at(Stage::OrigDst, Flag::Connect, &OrigDstError::Closed(error));
    stream.write_all(asked.through.success()).await.map_err(gone)?;
    let mut client = TcpPipe::with_prefix(stream, asked.early.clone());
    match reach(ctx, snapshot, (&asked, from, to), recording).await {
        Ok(line) => Ok((client, line)),
        Err(failure) => {
            refuse(&mut client, recording).await;
            Err(failure)
        }
    }
}

/// Resets the program's connection, behind its first bytes: a reset that overtakes them shows as any of several errors in the
/// program, one that follows them always as the same (reference/failures.md 0.5).
async fn refuse(client: &mut TcpPipe, recording: &Recording) {
    if recording.counts().to_backend() == 0 {
        let first = std::future::poll_fn(|cx| client.poll_chunk(cx));
        // Whether it spoke, closed or stayed silent, it is refused now.
        let _ = timeout(HEAR_OUT, first).await;
    }
    client.reset(ResetCause::PeerReset);
}

async fn read_request(
    ctx: &Context,
    snapshot: &Snapshot,
    (stream, since): (&mut TcpStream, Instant),
    door: Option<&Name>,
    recording: &mut Recording,
) -> Result<Asked, Failure> {
    let door = match door {
        None => None,
        Some(name) => {
            let workload = snapshot.mesh.workload(name);
            Some(workload.ok_or_else(|| failure::unknown_workload(&name.to_string()))?)
        }
    };
    let after = ctx.shared.config.deadlines.handshake;
    let asked = ask(stream, &snapshot.mesh, door, (since + after, after)).await;
    asked.map_err(|error| {
        // A program that opens the door and leaves (a port check) wanted nothing from the mesh.
        if matches!(error, OrigDstError::Closed(_)) {
            recording.forget();
        }
        recording.note(|half| {
            half.early = true;
            half.source.workload = door.cloned();
        });
        failure::at(Stage::OrigDst, Flag::Connect, &error)
    })
}

fn introduce(asked: &Asked, from: MeshAddr, recording: &mut Recording) {
    recording.step(Fact::Accepted { door: "outbound", from });
    let target = asked.destination.to_string().into();
    recording.step(Fact::Asked { through: asked.through.name(), target });
    recording.note(|half| {
        half.source.addr = Some(from.0);
        half.source.workload = Some(Arc::clone(&asked.source));
    });
}

/// Host names mean what they mean in the mesh; a workload's local address means the workload.
fn resolve(ctx: &Context, snapshot: &Snapshot, asked: &Asked) -> Result<MeshAddr, OrigDstError> {
    let namespace = &asked.source.name.namespace;
    match &asked.destination {
        Destination::Ip(ip, port) => {
            Ok(ctx.shared.place.mesh_addr(&snapshot.mesh, LocalAddr::new(*ip, *port)))
        }
        Destination::Host(host, port) => match snapshot.mesh.resolve_ip(host, namespace) {
            Some(ip) => Ok(MeshAddr::new(ip, *port)),
            None => {
                let names: Vec<String> =
                    snapshot.mesh.services().map(|service| service.name.dotted()).collect();
                Err(OrigDstError::Host {
                    nearest: nearest(host, names.iter().map(String::as_str)).map(str::to_owned),
                    host: host.escape_debug().to_string(),
                    namespace: namespace.to_string(),
                })
            }
        },
    }
}

/// Gets where the connection should go.
async fn reach(
    ctx: &Arc<Context>,
    snapshot: &Snapshot,
    (asked, from, to): (&Asked, MeshAddr, MeshAddr),
    recording: &mut Recording,
) -> Result<Line, Failure> {
    let chosen = route(snapshot, ctx.shared.place, &asked.source, to, ctx.turn())
        .map_err(|error| failure::at(Stage::Route, Flag::Connect, &error))?;
    routed(ctx, &chosen, recording);
    let originate = chosen.originate.as_ref().map(Ready::new).transpose()?;
    let source_ip = ctx.shared.networks.source_ip(ctx.shared.place, &asked.source);
    match &chosen.route {
        Route::Hbone(workload) => {
            let request = tunnel::request(snapshot, (&asked.source, from), &chosen);
            recording.note(|half| half.join.trace = request.trace.as_ref().map(TraceContext::id));
            let between = Between {
                source: &asked.source,
                destination: workload,
                at: chosen.to.ip(),
                fresh: asked.fresh_tunnel,
            };
            let (tunnel, peer) = tunnel::open(ctx, snapshot, &between, &request, recording).await?;
            through(ctx, (tunnel, peer), originate, recording).await
        }
        Route::Mtls(workload) => {
            let stream = dial(ctx, &chosen, (&asked.source.name, source_ip), recording).await?;
            direct::mutual_tls(ctx, snapshot, (&asked.source, workload), stream, recording).await
        }
        Route::Plain(workload) => {
            if ports::is_own(chosen.to.port()) && chosen.to.port() != ports::HBONE && workload.is_some() {
                return Err(failure::dial(&dial::DialError::SelfCall { addr: chosen.to.0 }));
            }
            let stream = dial(ctx, &chosen, (&asked.source.name, source_ip), recording).await?;
            straight(ctx, stream, originate, recording).await
        }
    }
}

/// Through a tunnel, in TLS of the rule's if there is any.
async fn through(
    ctx: &Context,
    (tunnel, peer): (TunnelStream, Arc<Peer>),
    originate: Option<Ready>,
    recording: &mut Recording,
) -> Result<Line, Failure> {
    let Some(ready) = originate else { return Ok(Line::Tunnel(tunnel, peer)) };
    let handshake = pin!(ready.handshake(ctx, PipeStream::new(tunnel), recording));
    let stream = ctx.unless_revoked(Known::callee(&peer), handshake).await?;
    let pipe = StreamPipe::new(stream, |stream| stream.get_mut().0.get_mut().reset(ResetCause::PeerReset));
    Ok(Line::TlsInTunnel(pipe, peer))
}

/// Straight to the port, in TLS of the rule's if there is any.
async fn straight(
    ctx: &Context,
    stream: TcpStream,
    originate: Option<Ready>,
    recording: &mut Recording,
) -> Result<Line, Failure> {
    let Some(ready) = originate else { return Ok(Line::Raw(TcpPipe::new(stream))) };
    let stream = ready.handshake(ctx, stream, recording).await?;
    Ok(Line::Tls(StreamPipe::new(stream, |stream| reset_on_close(stream.get_mut().0.get_mut()))))
}

fn routed(ctx: &Context, chosen: &Chosen, recording: &mut Recording) {
    let workload = chosen.route.workload();
    recording.step(Fact::Routed {
        wire: chosen.wire(),
        service: chosen.service.clone(),
        workload: workload.cloned(),
        to: chosen.to,
        because: chosen.because.sentence(),
    });
    recording.note(|half| {
        half.wire = Some(chosen.wire());
        half.join.expects_other = is_served(ctx, workload.filter(|workload| workload.reach.in_mesh()));
        half.destination.addr = Some(chosen.to.0);
        half.destination.workload = workload.cloned();
        half.destination.service = chosen.service.clone();
        if let Route::Hbone(workload) = &chosen.route {
            half.destination.addr = Some(SocketAddr::new(chosen.to.ip(), ports::HBONE));
            half.hbone_addr = Some(chosen.to.to_string().into());
            half.source.identity = half.source.workload.as_ref().map(|source| source.identity.clone());
            half.destination.identity = Some(workload.identity.clone());
        }
    });
}

async fn dial(
    ctx: &Context,
    chosen: &Chosen,
    (source, from): (&Name, Option<IpAddr>),
    recording: &mut Recording,
) -> Result<TcpStream, Failure> {
    let dialled = match chosen.route.workload() {
        Some(_) => dial::reach(&ctx.shared, source, chosen.local, from).await,
        None => dial::pass_through(&ctx.shared, source, chosen.local).await,
    };
    let stream = dialled.map_err(|error| failure::dial(&error))?;
    let socket = stream.local_addr().ok();
    recording.note(|half| half.join.socket = socket);
    recording.step(Fact::Dialed { to: chosen.to });
    Ok(stream)
}
