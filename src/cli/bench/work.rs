//! One benchmark from its arguments to its report.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::macros::format_description;

use crate::admin::{Document, json};
use crate::cli::args::{BulkArguments, Figures, LoadArguments, PacedArguments, PathKind, RateWish, Way};
use crate::cli::bench::lane::{Lane, kinds, lanes};
use crate::cli::bench::memory;
use crate::cli::bench::place::Folder;
use crate::cli::bench::progress::Progress;
use crate::cli::bench::rounds::{Rounds, Watch, half, whole};
use crate::cli::bench::save::{Saved, save};
use crate::cli::bench::stage::{Proxies, ProxyPlan, Stage};
use crate::cli::bench::text::table;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::limits::raise_descriptors;
use crate::cli::output::Output;
use crate::cli::stop::Signals;
use crate::load::{
    BenchError, Direction, Environment, Load, Note, PROFILE, Place, Run, Settings, Work, cpu, ended_early,
    has_room, no_memory, notes,
};

/// How long whatever was due in a round may take after it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked for beside the load itself.
struct Plan<'a> {
    arguments: &'a LoadArguments,
    load: Load,
    wish: RateWish,
    /// The longest p99 of a path that keeps up, where the highest rate is looked for.
    find_max: Option<Duration>,
    connections: Vec<u32>,
    proxies: ProxyPlan,
    /// What the run is called.
    name: String,
}

impl Plan<'_> {
    /// Finds what nobody wants to hear only at the end.
    fn check(&self) -> Result<(), CliError> {
        let (arguments, work) = (self.arguments, self.load.work);
        let (found, streams) = (self.proxies.pool_max_streams, |expected| (work.word(), expected));
        let wrong = match work {
            Work::Handshake if found != 1 => Some(streams("1")),
            Work::Connect if found == 1 => Some(streams("2 or more")),
            _ => None,
        };
        if let Some((work, expected)) = wrong {
            return Err(BenchError::Streams { work, expected, found }.into());
        }
        for target in &arguments.target {
            let mut pids = target.pids.iter().chain(&target.server);
            if let Some(pid) = pids.find(|pid| cpu(**pid).is_none()) {
                return Err(BenchError::NoProcess { target: target.name.clone(), pid: *pid }.into());
            }
        }
        if !arguments.no_save {
            has_room(&self.name, &arguments.save)?;
        }
        Ok(())
    }
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
        patience: PATIENCE,
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
    let name = arguments.name.clone().unwrap_or_else(|| name(load.work));
    Plan { arguments, load, wish, find_max, connections, proxies, name }
}

async fn run(plan: Plan<'_>, output: &mut Output) -> Result<Exit, CliError> {
    let arguments = plan.arguments;
    if PROFILE == "debug" && !arguments.insist {
        return Err(BenchError::DebugBuild.into());
    }
    plan.check()?;
    raise_descriptors();
    let environment = Environment::here(std::env::args().collect());
    let signals = Signals::new()?;
    let folder = Folder::new()?;
    let mut watch = Watch { progress: Progress::new(output), signals };
    let began = Instant::now();
    let prepared = watch.over(prepare(&plan, &folder)).await;
    let (mut stage, mut lanes) = prepared.unwrap_or(Err(BenchError::Ended.into()))?;
    watch.progress.longer(whole(
        &lanes,
        &plan.load,
        (arguments.rounds, plan.find_max.is_some()),
        began.elapsed(),
    ));
    let mut notes = Vec::new();
    if arguments.idle > 0 {
        let weighed = memory::of_targets(&mut lanes, arguments.idle, &mut watch).await;
        let weighed = weighed.ok_or(BenchError::Ended)?;
        notes.extend(weighed.err().map(|error| no_memory(&error.to_string())));
    }
    let (load, rounds) = measure(&plan, (&mut stage, &mut lanes), &mut watch).await?;
    let early = early(rounds, arguments.rounds)?;
    if early.is_none() && arguments.idle > 0 {
        let measured = memories(&stage, &plan, (&mut lanes, &mut watch)).await;
        notes.extend(measured.err().map(|error| no_memory(&error.to_string())));
    }
    notes.extend(early);
    drop(watch);
    stage.end().await;
    finish(report((&plan, load), environment, (lanes, notes)), arguments, output)
}

async fn prepare<'a>(plan: &Plan<'_>, folder: &'a Folder) -> Result<(Stage<'a>, Vec<Lane>), CliError> {
    let mut stage = Stage::start(folder, plan.proxies, has_proxies(plan.arguments)).await?;
    let mut lanes = lanes(plan.arguments, &plan.connections, &stage);
    look_at_wires(&mut lanes, stage.proxies.as_mut()).await?;
    Ok((stage, lanes))
}

/// What is to be said of rounds that are missing.
///
/// # Errors
///
/// Why there are none at all.
fn early(rounds: Rounds, wanted: u32) -> Result<Option<Note>, CliError> {
    match rounds {
        Rounds { whole: 0, broken } => Err(broken.unwrap_or_else(|| BenchError::Ended.into())),
        Rounds { whole, .. } if whole == wanted => Ok(None),
        Rounds { whole, broken } => {
            Ok(Some(ended_early((whole, wanted), broken.map(|error| error.to_string()).as_deref())))
        }
    }
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
    (stage, lanes): (&mut Stage<'_>, &mut [Lane]),
    watch: &mut Watch<'_>,
) -> Result<(Load, Rounds), CliError> {
    let mut load = plan.load;
    let none = Rounds { whole: 0, broken: None };
    if let Some(p99) = plan.find_max
        && !watch.find_max(lanes, (load, p99)).await?
    {
        return Ok((load, none));
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
            let Some(slowest) = slowest else { return Ok((load, none)) };
            let rate = half(slowest);
            let says =
                format!("{rate:.0}/s on every path: half of what the slowest can do; --rate sets another\n");
            watch.progress.talk(&says);
            Some(rate)
        }
    };
    let rounds = watch.rounds((stage, lanes), (load, plan.arguments.rounds)).await;
    Ok((load, rounds))
}

/// Memory of each kind of path; one that is there for several numbers of connections is measured once.
async fn memories(
    stage: &Stage<'_>,
    plan: &Plan<'_>,
    (lanes, watch): (&mut [Lane], &mut Watch<'_>),
) -> Result<(), CliError> {
    let kinds: Vec<PathKind> =
        kinds(plan.arguments).into_iter().filter(|kind| *kind != PathKind::Direct).collect();
    watch.progress.longer(memory::LONG * u32::try_from(kinds.len()).unwrap_or_default());
    for kind in kinds {
        watch.progress.now(memory::PART, kind.word());
        let each = memory::each(stage, (kind, plan.arguments.idle));
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
    (lanes, known): (Vec<Lane>, Vec<Note>),
) -> Run {
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let place = match has_proxies(plan.arguments) {
        true => plan.proxies.place(),
        false if plan.arguments.target.is_empty() => Place::None,
        false => Place::Elsewhere,
    };
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
        place,
        max_p99: plan.find_max.map(nanoseconds),
    };
    let name = plan.name.clone();
    let paths = lanes.into_iter().map(Lane::report).collect();
    let mut run = Run { name, work: load.work, settings, environment, paths, notes: vec![] };
    run.notes = notes(&run, known);
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
    // What is read until it has enough is kept all the same.
    let saved = (!arguments.no_save).then(|| save(&run, &arguments.save));
    output.answer(&text)?;
    if let Some(Saved { json, html, .. }) = saved.transpose()? {
        output.talk(&format!("saved {} (and .hgrm); open {}\n", json.display(), html.display()));
    }
    let doubted = run.notes.iter().any(|note| note.doubts && !arguments.allow.contains(&note.code));
    Ok(if doubted { Exit::Inconclusive } else { Exit::Done })
}
