//! [`Metric`]: the figures of a path that are compared, each round's by itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::load::names::has_proxies;
use crate::load::run::{PathReport, Percentiles, Round};

const NANOSECONDS: f64 = 1e9;

/// A figure of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Metric {
    /// The highest rate that was kept up, in units per second.
    #[serde(rename = "max-rate")]
    MaxRate,
    /// Units done per second; bytes for bulk.
    #[serde(rename = "rate")]
    Rate,
    /// The median latency in nanoseconds, from the intended beginning.
    #[serde(rename = "p50")]
    P50,
    /// Its 90th percentile.
    #[serde(rename = "p90")]
    P90,
    /// Its 99th percentile.
    #[serde(rename = "p99")]
    P99,
    /// Its 99.9th percentile.
    #[serde(rename = "p99.9")]
    P999,
    /// Processor time of server and proxies for each unit, in nanoseconds: all but the generator's.
    #[serde(rename = "cpu")]
    Cpu,
    /// Processor time of the proxies alone for each unit, in nanoseconds.
    #[serde(rename = "proxy-cpu")]
    ProxyCpu,
    /// Memory of both proxies for each connection that does nothing, in bytes.
    #[serde(rename = "memory")]
    Memory,
}

impl Metric {
    /// All of them, in the order of a table.
    pub const ALL: [Self; 9] = [
        Self::MaxRate,
        Self::Rate,
        Self::P50,
        Self::P90,
        Self::P99,
        Self::P999,
        Self::Cpu,
        Self::ProxyCpu,
        Self::Memory,
    ];

    /// What `--fail-if` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxRate => "max-rate",
            Self::Rate => "rate",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
            Self::Cpu => "cpu",
            Self::ProxyCpu => "proxy-cpu",
            Self::Memory => "memory",
        }
    }

    /// Whether one wants much of it.
    pub fn is_better_when_more(self) -> bool {
        matches!(self, Self::MaxRate | Self::Rate)
    }

    /// Whether a run has one value of it, and not one for each round.
    pub fn has_one_value(self) -> bool {
        matches!(self, Self::MaxRate | Self::Memory)
    }

    /// Its value in each round, or its one value; empty where a round lacks it.
    pub fn of(self, path: &PathReport) -> Vec<f64> {
        let each = |value: &dyn Fn(&Round) -> Option<f64>| {
            path.rounds.iter().map(value).collect::<Option<Vec<f64>>>().unwrap_or_default()
        };
        match self {
            Self::MaxRate => path.max_rate.into_iter().collect(),
            Self::Rate => each(&rate),
            Self::P50 => each(&|round| latency(round, |latency| latency.p50)),
            Self::P90 => each(&|round| latency(round, |latency| latency.p90)),
            Self::P99 => each(&|round| latency(round, |latency| latency.p99)),
            Self::P999 => each(&|round| latency(round, |latency| latency.p999)),
            Self::Cpu => each(&|round| per_unit(round, cpu(path, round)?)),
            Self::ProxyCpu => each(&|round| per_unit(round, proxy_cpu(path, round)?)),
            Self::Memory => memory(path).into_iter().collect(),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Units done per second in a round; bytes for bulk.
pub fn rate(round: &Round) -> Option<f64> {
    (round.took > 0).then(|| float(round.done) * NANOSECONDS / float(round.took))
}

/// Some of a round for each unit of it.
pub fn per_unit(round: &Round, total: u64) -> Option<f64> {
    (round.done > 0).then(|| float(total) / float(round.done))
}

/// What server and proxies took; `None` where one of them could not be looked at.
fn cpu(path: &PathReport, round: &Round) -> Option<u64> {
    let proxies = if has_proxies(path) { proxy_cpu(path, round)? } else { 0 };
    Some(round.cpu.server?.saturating_add(proxies))
}

fn proxy_cpu(path: &PathReport, round: &Round) -> Option<u64> {
    let source = round.cpu.source.filter(|_| has_proxies(path))?;
    Some(source.saturating_add(round.cpu.destination.unwrap_or(0)))
}

fn memory(path: &PathReport) -> Option<f64> {
    let memory = path.memory.as_ref()?;
    Some(memory.source_each? + memory.destination_each.unwrap_or(0.0))
}

fn latency(round: &Round, figure: impl Fn(&Percentiles) -> u64) -> Option<f64> {
    round.latency.as_ref().map(|latency| float(figure(latency)))
}

#[expect(clippy::cast_precision_loss, reason = "a measured figure has nowhere near 53 bits")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}
