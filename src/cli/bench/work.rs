//! One benchmark from its arguments to its report.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use crate::admin::{Document, json};
use crate::cli::args::{BulkArguments, Figures, LoadArguments, PacedArguments, PathKind, RateWish, Way};
use crate::cli::bench::lane::{Lane, kinds, lanes};
use crate::cli::bench::memory;
use crate::cli::bench::place::Folder;
use crate::cli::bench::progress::Progress;
use crate::cli::bench::rounds::{Watch, half, whole};
use crate::cli::bench::save::{Saved, save};
use crate::cli::bench::stage::{Proxies, ProxyPlan, Server};
use crate::cli::bench::text::table;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::limits::raise_descriptors;
use crate::cli::output::Output;
use crate::cli::stop::Signals;
use crate::load::{
    BenchError, Direction, Environment, Load, Note, PROFILE, Place, Run, Settings, Work, ended_early, notes,
};

/// About how long the memory of one path takes, for the progress line.
const MEMORY: Duration = Duration::from_secs(2);

/// What is asked for beside the load itself.
struct Plan<'a> {
    arguments: &'a LoadArguments,
    load: Load,
    wish: RateWish,
    /// The longest p99 of a path that keeps up, where the highest rate is looked for.
    find_max: Option<Duration>,
    connections: Vec<u32>,
    proxies: ProxyPlan,
}

/// `bench handshake`, `connect` and `rr`.
///
/// # Errors
///
/// [`CliError`] when nothing can be measured.
pub(crate) async fn paced(
    work: Work,
    arguments: &PacedArguments,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let load = load(work, (arguments.request, arguments.response), &arguments.load);
    let wish = if arguments.closed { RateWish::Max } else { arguments.rate.unwrap_or(RateWish::Half) };
    let find_max = arguments.find_max.then_some(arguments.max_p99);
    let connections: &[u32] = if work == Work::Rr { &[64] } else { &[16] };
    let streams = if work == Work::Handshake { 1 } else { 100 };
    run(plan(&arguments.load, (load, wish, find_max), (connections, streams)), output).await
}

/// `bench bulk`.
///
/// # Errors
///
/// As [`paced`].
pub(crate) async fn bulk(arguments: &BulkArguments, output: &mut Output) -> Result<Exit, CliError> {
    let direction = match arguments.direction {
        Way::Up => Direction::Up,
        Way::Down => Direction::Down,
    };
    let load = load(Work::Bulk, (arguments.chunk, arguments.chunk), &arguments.load);
    let load = Load { direction, ..load };
    run(plan(&arguments.load, (load, RateWish::Max, None), (&[1, 4, 16], 100)), output).await
}

fn load(work: Work, (request, response): (u32, u32), arguments: &LoadArguments) -> Load {
    Load {
        work,
        direction: Direction::Up,
        request,
        response,
        connections: 0,
        rate: None,
        warmup: arguments.warmup,
        duration: arguments.duration,
    }
}

fn plan<'a>(
    arguments: &'a LoadArguments,
    (load, wish, find_max): (Load, RateWish, Option<Duration>),
    (connections, streams): (&[u32], usize),
) -> Plan<'a> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let asked = !arguments.connections.is_empty();
    let proxies = ProxyPlan {
        workers: arguments.workers.map_or(cores, usize::from),
        pool_max_streams: arguments.pool_max_streams.map_or(streams, usize::from),
        one_process: arguments.one_process,
        workloads: arguments.workloads,
        policies: arguments.policies,
    };
    let connections = if asked { arguments.connections.clone() } else { connections.to_vec() };
    Plan { arguments, load, wish, find_max, connections, proxies }
}

async fn run(plan: Plan<'_>, output: &mut Output) -> Result<Exit, CliError> {
    let arguments = plan.arguments;
    if PROFILE == "debug" && !arguments.insist {
        return Err(BenchError::DebugBuild.into());
    }
    raise_descriptors();
    let environment = Environment::here(std::env::args().collect());
    let signals = Signals::new()?;
    let folder = Folder::new()?;
    let mut watch = Watch { progress: Progress::new(output), signals };
    let stage = watch.over(prepare(&plan, &folder)).await.unwrap_or(Err(BenchError::Ended.into()));
    let Stage { server, proxies, mut lanes } = stage?;
    let count = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
    watch.progress.longer(whole(count, &plan.load, (arguments.rounds, plan.find_max.is_some())));
    let measured = measure(&plan, &mut lanes, &mut watch).await;
    if let Some(proxies) = proxies {
        proxies.end().await;
    }
    let (load, rounds) = measured?;
    if rounds == 0 {
        watch.progress.end();
        return Err(BenchError::Ended.into());
    }
    if rounds == arguments.rounds && arguments.idle > 0 {
        memories((&folder, &server), &plan, (&mut lanes, &mut watch)).await?;
    }
    watch.progress.end();
    server.end().await;
    let early = (rounds < arguments.rounds).then(|| ended_early(rounds, arguments.rounds));
    finish(report((&plan, load), environment, (lanes, early)), arguments, output)
}

/// What runs, and the paths through it.
struct Stage {
    server: Server,
    proxies: Option<Proxies>,
    lanes: Vec<Lane>,
}

async fn prepare(plan: &Plan<'_>, folder: &Folder) -> Result<Stage, CliError> {
    let server = Server::start(folder).await?;
    let mut proxies = match has_proxies(plan.arguments) {
        true => Some(Proxies::start(folder, &server, plan.proxies).await?),
        false => None,
    };
    let mut lanes = lanes(plan.arguments, &plan.connections, (&server, proxies.as_ref()));
    look_at_wires(&mut lanes, proxies.as_mut()).await?;
    Ok(Stage { server, proxies, lanes })
}

/// Whether any path goes through proxies of the benchmark's own.
fn has_proxies(arguments: &LoadArguments) -> bool {
    kinds(arguments).iter().any(|kind| *kind != PathKind::Direct)
}

/// Finds out, before anything is measured, whether each path is what it is called.
async fn look_at_wires(lanes: &mut [Lane], proxies: Option<&mut Proxies>) -> Result<(), CliError> {
    let Some(proxies) = proxies else { return Ok(()) };
    for lane in lanes {
        let Some(kind) = lane.kind.filter(|kind| *kind != PathKind::Direct) else { continue };
        let (path, expected) = (lane.name.clone(), kind.word().to_owned());
        let found = proxies.wire(&lane.way).await?;
        if found != expected {
            return Err(BenchError::WrongWire { path, expected, found }.into());
        }
        lane.wire = Some(found);
    }
    Ok(())
}

/// The rate, then the rounds: what was done in them, and how many were whole.
async fn measure(
    plan: &Plan<'_>,
    lanes: &mut [Lane],
    watch: &mut Watch<'_>,
) -> Result<(Load, u32), CliError> {
    let mut load = plan.load;
    if let Some(p99) = plan.find_max
        && !watch.find_max(lanes, (load, p99)).await?
    {
        return Ok((load, 0));
    }
    load.rate = match plan.wish {
        RateWish::Max => None,
        RateWish::Of(rate) => Some(rate),
        RateWish::Half => {
            let found: Option<Vec<f64>> = lanes.iter().map(|lane| lane.max_rate).collect();
            let slowest = match found {
                Some(found) => found.into_iter().reduce(f64::min),
                None => watch.calibrate(lanes, load).await?,
            };
            let Some(slowest) = slowest else { return Ok((load, 0)) };
            let rate = half(slowest);
            let says =
                format!("{rate:.0}/s on every path: half of what the slowest can do; --rate sets another\n");
            watch.progress.talk(&says);
            Some(rate)
        }
    };
    let rounds = watch.rounds(lanes, (load, plan.arguments.rounds)).await?;
    Ok((load, rounds))
}

/// Memory of each kind of path; one that is there for several numbers of connections is measured once.
async fn memories(
    (folder, server): (&Folder, &Server),
    plan: &Plan<'_>,
    (lanes, watch): (&mut [Lane], &mut Watch<'_>),
) -> Result<(), CliError> {
    let kinds: Vec<PathKind> =
        kinds(plan.arguments).into_iter().filter(|kind| *kind != PathKind::Direct).collect();
    watch.progress.longer(MEMORY * u32::try_from(kinds.len()).unwrap_or_default());
    for kind in kinds {
        watch.progress.now("memory of idle connections", kind.word());
        let each = memory::each((folder, server), plan.proxies, (kind, plan.arguments.idle));
        // Whoever ends it now has all the rest.
        let Some(memory) = watch.over(each).await.transpose()? else { return Ok(()) };
        for lane in lanes.iter_mut().filter(|lane| lane.kind == Some(kind)) {
            lane.memory = memory.clone().or_else(|| lane.memory.take());
        }
    }
    Ok(())
}

fn report(
    (plan, load): (&Plan<'_>, Load),
    environment: Environment,
    (lanes, early): (Vec<Lane>, Option<Note>),
) -> Run {
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let elsewhere = !plan.arguments.target.is_empty() && !has_proxies(plan.arguments);
    let settings = Settings {
        rate: load.rate,
        connections: plan.connections.iter().copied().max().unwrap_or_default(),
        duration: nanoseconds(load.duration),
        warmup: nanoseconds(load.warmup),
        direction: (load.work == Work::Bulk).then_some(load.direction),
        rounds: plan.arguments.rounds,
        request: load.request,
        response: load.response,
        workers: small(plan.proxies.workers),
        pool_max_streams: small(plan.proxies.pool_max_streams),
        workloads: plan.proxies.workloads,
        policies: plan.proxies.policies,
        place: if elsewhere { Place::Elsewhere } else { plan.proxies.place() },
    };
    let name = plan.arguments.name.clone().unwrap_or_else(|| name(load.work));
    let paths = lanes.into_iter().map(Lane::report).collect();
    let mut run = Run { name, work: load.work, settings, environment, paths, notes: vec![] };
    run.notes = early.into_iter().chain(notes(&run)).collect();
    run
}

/// The work and the time.
fn name(work: Work) -> String {
    let form = format_description!("[year][month][day]-[hour][minute][second]");
    // Every part is in the date and the time that it is made from.
    let when = OffsetDateTime::now_utc().format(form).unwrap_or_default();
    format!("{}-{when}", work.word())
}

fn finish(run: Run, arguments: &LoadArguments, output: &mut Output) -> Result<Exit, CliError> {
    let text = match arguments.output {
        Figures::Table => table(&run, false),
        Figures::Wide => table(&run, true),
        Figures::Json => json(&Document::one(run.clone())),
    };
    output.answer(&text)?;
    if !arguments.no_save {
        let Saved { json, html, .. } = save(&run, &arguments.save)?;
        output.talk(&format!("saved {} (and .hgrm); open {}\n", json.display(), html.display()));
    }
    let doubted = run.notes.iter().any(|note| note.doubts && !arguments.allow.contains(&note.code));
    Ok(if doubted { Exit::Inconclusive } else { Exit::Done })
}
