//! What is measured when: a rate that all paths can do, the highest that each can, and rounds in which every path has its turn.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::interval;

use crate::cli::bench::lane::Lane;
use crate::cli::bench::progress::Progress;
use crate::cli::bench::stage::Stage;
use crate::cli::error::CliError;
use crate::cli::stop::Signals;
use crate::load::{BenchError, Load, Measured, Meter, Search, drive, two_digits};

/// How often the progress line moves.
const MOVES: Duration = Duration::from_millis(200);
/// How long a path runs before a try of the calibration or the search counts.
const SHORT_WARMUP: Duration = Duration::from_millis(300);
/// How long such a try counts: a rate to begin with is all that it is for.
const SHORT: Duration = Duration::from_millis(700);
/// How much faster than without waiting a path cannot be: with the same connections, none.
const CEILING: f64 = 1.2;
/// Tries that a search takes, for the progress line.
const TRIES: u32 = 10;

/// Whoever is to be heard while something is measured.
pub(crate) struct Watch<'a> {
    pub(crate) progress: Progress<'a>,
    pub(crate) signals: Signals,
}

/// What came of all rounds.
pub(crate) struct Rounds {
    /// How many were whole.
    pub(crate) whole: u32,
    /// Why there were no more, unless somebody ended it or that was all.
    pub(crate) broken: Option<CliError>,
}

impl Watch<'_> {
    /// Waits for `work`; `None` when somebody ended it.
    pub(crate) async fn over<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut moves = interval(MOVES);
        loop {
            tokio::select! {
                biased;
                () = self.signals.next() => return None,
                done = &mut work => return Some(done),
                _ = moves.tick() => self.progress.draw(),
            }
        }
    }

    /// One path, once.
    async fn drive(&mut self, lane: &mut Lane, load: &Load) -> Result<Option<Measured>, BenchError> {
        let mut meter = lane.meter.take().unwrap_or_else(|| Meter::new(lane.processes, Instant::now()));
        let measured = self.over(drive(load, &lane.way, &mut meter)).await.transpose()?;
        lane.meter = Some(meter);
        let Some(measured) = measured else { return Ok(None) };
        let failures = measured.tally.failures();
        match failures.first() {
            Some(worst) if measured.is_nothing() => Err(BenchError::AllFailed {
                path: lane.name.clone(),
                says: worst.says.clone(),
                times: failures.iter().map(|failure| failure.times).sum(),
            }),
            _ => Ok(Some(measured)),
        }
    }

    /// What each path does without waiting, in a short try: units per second of the slowest. `None` when somebody ended it.
    pub(crate) async fn calibrate(
        &mut self,
        lanes: &mut [Lane],
        load: Load,
    ) -> Result<Option<f64>, BenchError> {
        let mut slowest = f64::MAX;
        for lane in lanes {
            self.progress.now("calibrating", &lane.name);
            let Some(measured) = self.drive(lane, &lane.load(short(load, None))).await? else {
                return Ok(None);
            };
            slowest = slowest.min(measured.rate());
        }
        Ok(Some(slowest))
    }

    /// The highest rate that each path keeps up, with a p99 of at most `p99`. `false` when somebody ended it.
    pub(crate) async fn find_max(
        &mut self,
        lanes: &mut [Lane],
        (load, p99): (Load, Duration),
    ) -> Result<bool, BenchError> {
        for lane in lanes {
            self.progress.now("looking for the highest rate", &lane.name);
            let Some(closed) = self.drive(lane, &lane.load(short(load, None))).await? else {
                return Ok(false);
            };
            let mut search = Search::below(closed.rate() * CEILING);
            while let Some(rate) = search.next() {
                self.progress.now("looking for the highest rate", &format!("{} · {rate:.0}/s", lane.name));
                let load = lane.load(short(load, Some(rate)));
                // A single stall of the machine's is enough to miss a rate; two in a row are the path's.
                let mut is_kept = false;
                for _ in 0..2 {
                    let Some(tried) = self.drive(lane, &load).await? else { return Ok(false) };
                    let in_time = Duration::from_nanos(tried.tally.latency.value_at_quantile(0.99)) <= p99;
                    is_kept = in_time && tried.kept(&load) && tried.tally.failures().is_empty();
                    if is_kept {
                        break;
                    }
                }
                search.heard(rate, is_kept);
            }
            lane.max_rate = search.found();
        }
        Ok(true)
    }

    /// All rounds. In each every path has its turn, with proxies that have just been started: they may be lucky or not for as
    /// long as they run, by where their tunnels come to lie, and only so are rounds samples of their own.
    pub(crate) async fn rounds(
        &mut self,
        (stage, lanes): (&mut Stage<'_>, &mut [Lane]),
        (load, rounds): (Load, u32),
    ) -> Rounds {
        let origin = Instant::now();
        lanes.iter_mut().for_each(|lane| lane.meter = Some(Meter::new(lane.processes, origin)));
        for round in 0..rounds {
            let mut measured = Vec::new();
            for turn in 0..lanes.len() {
                let at = (turn + usize::try_from(round).unwrap_or_default()) % lanes.len();
                let Some(lane) = lanes.get_mut(at) else { continue };
                self.progress.now(&format!("round {} of {rounds}", round + 1), &lane.name);
                match self.turn(stage, lane, load).await {
                    Ok(Some(done)) => measured.push((at, done)),
                    Ok(None) => return Rounds { whole: round, broken: None },
                    Err(error) => return Rounds { whole: round, broken: Some(error) },
                }
            }
            for (at, measured) in measured {
                if let Some(lane) = lanes.get_mut(at) {
                    lane.together.add(&measured);
                }
            }
        }
        Rounds { whole: rounds, broken: None }
    }

    async fn turn(
        &mut self,
        stage: &mut Stage<'_>,
        lane: &mut Lane,
        load: Load,
    ) -> Result<Option<Measured>, CliError> {
        if lane.is_proxied() {
            let Some(renewed) = self.over(stage.renew()).await else { return Ok(None) };
            renewed?;
            lane.move_to(stage);
        }
        Ok(self.drive(lane, &lane.load(load)).await?)
    }
}

/// Half of what the slowest path does, in a figure that can be remembered.
pub(crate) fn half(slowest: f64) -> f64 {
    two_digits(slowest / 2.0)
}

/// How long it all takes, about, where proxies take `start` to be there.
pub(crate) fn whole(
    lanes: &[Lane],
    load: &Load,
    (rounds, searches): (u32, bool),
    start: Duration,
) -> Duration {
    let count = |lanes: usize| u32::try_from(lanes).unwrap_or(u32::MAX);
    let (all, proxied) = (count(lanes.len()), count(lanes.iter().filter(|lane| lane.is_proxied()).count()));
    let tries = all * if searches { TRIES + 2 } else { 1 };
    (load.warmup + load.duration) * rounds * all + (SHORT_WARMUP + SHORT) * tries + start * rounds * proxied
}

fn short(load: Load, rate: Option<f64>) -> Load {
    Load { rate, warmup: SHORT_WARMUP, duration: SHORT, ..load }
}
