//! What a reader has to know before believing a run: found in the run itself. Pure.

use std::time::Duration;

use crate::load::drive::keeps;
use crate::load::names::{has_proxies, is_own};
use crate::load::run::{Note, PathReport, Round, Run, Work};

/// From which part of a core on the generator counts as the limit: it is one thread, and past this it queues for itself.
const GENERATOR_CPU: f64 = 0.85;
/// How much of a p99 may be the generator's own: more than half, and it is the generator that is measured. Where it shares cores
/// with what it loads, a quarter is usual (seen at 18,000 requests a second on two cores), and on all paths alike.
const GENERATOR_LAG: f64 = 0.50;
/// What others may take of the machine before they are seen in every figure.
const OTHERS: f64 = 0.10;
/// How far a path's rounds may lie apart in processor time per unit: the work is the same, so the rest is the machine.
const SPREAD: f64 = 0.15;
/// Four processes want a core each, and the kernel one for itself; on fewer cores than that they wait for each other.
const CORES: u32 = 4;
/// With fewer rounds there is no telling how sure a figure is.
const ROUNDS: usize = 3;

/// The codes of all notes that may doubt a run.
pub const DOUBTS: [&str; 6] = [
    "bench.errors",
    "bench.rate_not_kept",
    "bench.no_rate_kept",
    "bench.generator_is_the_limit",
    "bench.noisy_machine",
    "bench.ended_early",
];

/// The notes on `run` and those that are `known`, those that doubt it first.
pub fn notes(run: &Run, known: Vec<Note>) -> Vec<Note> {
    let found = [
        errors(run),
        rate(run),
        highest(run),
        generator(run),
        noise(run),
        rounds(run),
        cores(run),
        Some(loopback()),
    ];
    let mut notes: Vec<Note> = known.into_iter().chain(found.into_iter().flatten()).collect();
    notes.sort_by_key(|note| !note.doubts);
    notes
}

/// That a run was ended before all its rounds were whole, by somebody or for a reason.
pub fn ended_early((rounds, of): (u32, u32), why: Option<&str>) -> Note {
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    note("bench.ended_early", format!("it was ended after {rounds} of {of} rounds{why}"), true)
}

/// That the memory of connections could not be measured.
pub fn no_memory(why: &str) -> Note {
    note("bench.no_memory", format!("the memory of connections was not measured: {why}"), false)
}

fn note(code: &str, says: String, doubts: bool) -> Note {
    Note { code: code.to_owned(), says, doubts }
}

fn errors(run: &Run) -> Option<Note> {
    let of = |path: &PathReport| {
        let failures: Vec<_> = path.rounds.iter().flat_map(|round| &round.failures).collect();
        let times: u64 = failures.iter().map(|failure| failure.times).sum();
        let worst = failures.iter().max_by_key(|failure| failure.times)?;
        Some(format!("{}: {times}, most often `{}`", path.name, worst.says))
    };
    let all: Vec<String> = run.paths.iter().filter_map(of).collect();
    (!all.is_empty()).then(|| {
        let says = format!("units failed, and are in no latency ({})", all.join("; "));
        note("bench.errors", says, true)
    })
}

fn rate(run: &Run) -> Option<Note> {
    let offered = run.settings.rate?;
    let seconds = Duration::from_nanos(run.settings.duration).as_secs_f64();
    let below = |path: &PathReport| {
        let missed = path.rounds.iter().filter(|round| !keeps(round.done, offered, seconds)).count();
        let achieved = median(path.rounds.iter().map(per_second))?;
        // One bad round of five is in the intervals.
        (missed * 2 > path.rounds.len()).then(|| format!("{} {achieved:.0}/s", path.name))
    };
    let below: Vec<String> = run.paths.iter().filter_map(below).collect();
    (!below.is_empty()).then(|| {
        let says = format!(
            "{offered:.0} units a second were offered and not done ({}): their latency is that of a queue that grows; a lower --rate, or --find-max",
            below.join(", ")
        );
        note("bench.rate_not_kept", says, true)
    })
}

fn highest(run: &Run) -> Option<Note> {
    let limit = Duration::from_nanos(run.settings.max_p99?);
    let none = run.paths.iter().filter(|path| path.max_rate.is_none()).map(|path| path.name.as_str());
    let none: Vec<&str> = none.collect();
    (!none.is_empty()).then(|| {
        let says = format!(
            "no rate was kept up with a p99 of at most {limit:?} on {}; a longer --max-p99, or fewer --connections",
            none.join(", ")
        );
        note("bench.no_rate_kept", says, true)
    })
}

fn generator(run: &Run) -> Option<Note> {
    let of = |path: &PathReport| {
        let cpu = median(path.rounds.iter().map(|round| ratio(round.cpu.generator, round.took)))?;
        let lag = median(
            path.rounds.iter().filter_map(|round| Some(ratio(round.lag?, round.latency.as_ref()?.p99))),
        );
        let lags = lag.filter(|lag| *lag > GENERATOR_LAG);
        let says = match lags {
            _ if cpu > GENERATOR_CPU => format!("{}: {:.0} % of a core", path.name, cpu * 100.0),
            Some(lag) => format!("{}: its lag is {:.0} % of the p99", path.name, lag * 100.0),
            None => return None,
        };
        Some((says, has_proxies(path)))
    };
    let all: Vec<(String, bool)> = run.paths.iter().filter_map(of).collect();
    let (says, doubts): (Vec<String>, Vec<bool>) = all.into_iter().unzip();
    (!says.is_empty()).then(|| {
        let says = format!("the generator itself is the limit, or part of it ({})", says.join(", "));
        // Without a proxy in between there is nothing else that could be.
        note("bench.generator_is_the_limit", says, doubts.contains(&true))
    })
}

fn noise(run: &Run) -> Option<Note> {
    // Of a target's processes some may not be known, and would count as others.
    let own = run.paths.iter().filter(|path| is_own(path)).flat_map(|path| &path.rounds);
    let others = median(own.map(|round| round.others)).unwrap_or_default();
    let spreads = run.paths.iter().filter(|path| path.rounds.len() > 1).filter_map(|path| {
        let units: Vec<f64> = path.rounds.iter().filter_map(cpu_per_unit).collect();
        let middle = median(units.iter().copied())?;
        let (least, most) =
            units.iter().fold((f64::MAX, 0.0_f64), |(least, most), unit| (least.min(*unit), most.max(*unit)));
        Some(((most - least) / middle, &path.name))
    });
    let worst = spreads.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(spread, _)| *spread > SPREAD);
    if others <= OTHERS && worst.is_none() {
        return None;
    }
    let mut says = vec!["the machine is not quiet".to_owned()];
    if others > OTHERS {
        says.push(format!("others took {:.0} % of it in the median round", others * 100.0));
    }
    says.extend(worst.map(|(spread, path)| {
        format!("processor time per unit of {path} lies {:.0} % apart between rounds", spread * 100.0)
    }));
    Some(note("bench.noisy_machine", says.join("; "), true))
}

fn rounds(run: &Run) -> Option<Note> {
    let rounds = run.paths.iter().map(|path| path.rounds.len()).min()?;
    (rounds < ROUNDS).then(|| {
        let says =
            format!("with {rounds} of at least {ROUNDS} rounds there is no telling how sure a figure is");
        note("bench.few_rounds", says, false)
    })
}

fn cores(run: &Run) -> Option<Note> {
    let cores = run.environment.cores;
    (cores <= CORES).then(|| {
        let says = format!(
            "generator, server and proxies share {cores} cores, and wait for each other: the tail includes that"
        );
        note("bench.shares_cores", says, false)
    })
}

fn loopback() -> Note {
    let says = "everything is on one machine: good for differences, not for capacity".to_owned();
    note("bench.loopback", says, false)
}

/// Of the proxies, or of the server where there are none, in nanoseconds.
fn cpu_per_unit(round: &Round) -> Option<f64> {
    let proxies = round.cpu.source.map(|source| source + round.cpu.destination.unwrap_or_default());
    (round.done > 0).then(|| ratio(proxies.or(round.cpu.server).unwrap_or_default(), round.done))
}

fn per_second(round: &Round) -> f64 {
    ratio(round.done, round.took) * 1e9
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn ratio(some: u64, of: u64) -> f64 {
    some as f64 / of.max(1) as f64
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

impl Work {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Connect => "connect",
            Self::Rr => "rr",
            Self::Bulk => "bulk",
        }
    }
}

#[cfg(test)]
mod tests;
