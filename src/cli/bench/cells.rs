//! The figures of one path as texts, for the table and for the page; empty where there is none.

use crate::cli::bench::figures::{Unit, count};
use crate::cli::bench::words::rate;
use crate::load::{Cpu, Latency, Metric, PathReport, Percentiles, Round, Work, mean, per_unit};

/// A figure of the path: the mean of its rounds.
pub(crate) fn figure(path: &PathReport, work: Work, metric: Metric) -> String {
    let value = mean(&metric.of(path)).map(|estimate| estimate.value);
    value.map(|value| Unit::of(metric, work).text(value)).unwrap_or_default()
}

/// A percentile of all rounds together.
pub(crate) fn latency(latency: Option<&Latency>, figure: impl Fn(&Percentiles) -> u64) -> String {
    latency.map(|latency| time(figure(&latency.summary))).unwrap_or_default()
}

/// How far the rounds' 99th percentiles leave it open.
pub(crate) fn margin(path: &PathReport, metric: Metric) -> String {
    let margin = mean(&metric.of(path)).and_then(|estimate| estimate.margin);
    margin.map(|margin| format!("± {}", Unit::Time.text(margin))).unwrap_or_default()
}

/// Units that came to nothing.
pub(crate) fn errors(path: &PathReport) -> u64 {
    path.rounds.iter().flat_map(|round| &round.failures).map(|failure| failure.times).sum()
}

/// The highest rate that was kept up.
pub(crate) fn max_rate(path: &PathReport, work: Work) -> String {
    path.max_rate.map(|value| rate(work, value)).unwrap_or_default()
}

/// One process's processor time for each unit, the mean of the rounds.
pub(crate) fn spent(path: &PathReport, whose: impl Fn(&Cpu) -> Option<u64>) -> Option<f64> {
    let each = |round: &Round| per_unit(round, whose(&round.cpu)?);
    let values = path.rounds.iter().map(each).collect::<Option<Vec<f64>>>()?;
    mean(&values).map(|estimate| estimate.value)
}

/// The same as text.
pub(crate) fn cpu(path: &PathReport, work: Work, whose: impl Fn(&Cpu) -> Option<u64>) -> String {
    let unit = Unit::of(Metric::Cpu, work);
    spent(path, whose).map(|value| unit.text(value)).unwrap_or_default()
}

/// How late the generator was at worst.
pub(crate) fn lag(path: &PathReport) -> String {
    path.rounds.iter().filter_map(|round| round.lag).max().map(time).unwrap_or_default()
}

/// How much of the machine others took in the worst round.
pub(crate) fn others(path: &PathReport) -> String {
    let worst = path.rounds.iter().map(|round| round.others).reduce(f64::max);
    worst.map(|part| format!("{:.0} %", part * 100.0)).unwrap_or_default()
}

/// What the proxies hold before any connection.
pub(crate) fn at_rest(path: &PathReport) -> String {
    let memory = path.memory.as_ref();
    let both =
        memory.map(|memory| memory.source_at_rest.saturating_add(memory.destination_at_rest.unwrap_or(0)));
    both.map(bytes).unwrap_or_default()
}

/// What came to nothing, and how often, the most frequent first.
pub(crate) fn failures(path: &PathReport) -> Vec<(String, u64)> {
    let mut said: Vec<(String, u64)> = Vec::new();
    for failure in path.rounds.iter().flat_map(|round| &round.failures) {
        match said.iter_mut().find(|(says, _)| *says == failure.says) {
            Some((_, times)) => *times += failure.times,
            None => said.push((failure.says.clone(), failure.times)),
        }
    }
    said.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    said
}

/// `3 × connection reset`.
pub(crate) fn failure(path: &str, (says, times): &(String, u64)) -> String {
    format!("{path}: {} × {says}", count(*times))
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn time(nanoseconds: u64) -> String {
    Unit::Time.text(nanoseconds as f64)
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn bytes(bytes: u64) -> String {
    Unit::Bytes.text(bytes as f64)
}
