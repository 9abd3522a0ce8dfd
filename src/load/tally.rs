//! [`Tally`]: what came of the units of one round, in bounded memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::load::latency::histogram;
use crate::load::run::Failure;

/// How many sorts of failure are told apart.
const SORTS: usize = 12;
/// What the others are called together.
const OTHERS: &str = "other failures";

/// What came of the units of one round.
#[derive(Clone, Debug)]
pub struct Tally {
    /// From when each that counts was due, in nanoseconds; empty for bulk.
    pub latency: Histogram<u64>,
    /// From when each really began.
    pub service: Histogram<u64>,
    /// How late the generator noticed that one was due and a connection free.
    pub lag: Histogram<u64>,
    failures: BTreeMap<String, u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let failures = BTreeMap::new();
        Self { latency: histogram(), service: histogram(), lag: histogram(), failures }
    }
}

/// When what happened to one unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    /// It was due.
    pub(crate) due: Instant,
    /// A connection had become free for it.
    pub(crate) free: Instant,
    /// It began.
    pub(crate) began: Instant,
    /// It had ended.
    pub(crate) ended: Instant,
}

impl Tally {
    /// Takes down one that is done and counts.
    pub(crate) fn record(&mut self, moments: Moments) {
        let Moments { due, free, began, ended } = moments;
        // More than a minute counts as one.
        self.latency.saturating_record(nanoseconds(ended - due));
        self.service.saturating_record(nanoseconds(ended - began));
        self.lag.saturating_record(nanoseconds(began - due.max(free)));
    }

    /// Takes down `times` that came to nothing.
    pub(crate) fn fail(&mut self, says: String, times: u64) {
        let known = self.failures.contains_key(&says) || self.failures.len() < SORTS;
        *self.failures.entry(if known { says } else { OTHERS.to_owned() }).or_default() += times;
    }

    /// The failures, the most frequent first.
    pub fn failures(&self) -> Vec<Failure> {
        let failure = |(says, times): (&String, &u64)| Failure { says: says.clone(), times: *times };
        let mut failures: Vec<Failure> = self.failures.iter().map(failure).collect();
        failures.sort_by_key(|failure| Reverse(failure.times));
        failures
    }
}

/// As histograms have it.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_counts_from_its_own_moment() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut tally = Tally::default();
        // Due at 10, no connection free before 15, begun at 16, done at 20.
        tally.record(Moments { due: at(10), free: at(15), began: at(16), ended: at(20) });
        let near = |found: u64, milliseconds: u64| {
            assert!(found.abs_diff(milliseconds * 1_000_000) < 10_000, "{found} is not {milliseconds} ms");
        };
        near(tally.latency.max(), 10);
        near(tally.service.max(), 4);
        near(tally.lag.max(), 1);
        assert_eq!(tally.latency.len(), 1);
    }

    #[test]
    fn sorts_of_failures_are_bounded() {
        let mut tally = Tally::default();
        (0..1_000).for_each(|number| tally.fail(format!("failure {number}"), 1));
        tally.fail("failure 1".to_owned(), 5);
        let failures = tally.failures();
        assert_eq!(failures.len(), SORTS + 1);
        assert_eq!(failures.iter().map(|failure| failure.times).sum::<u64>(), 1_005);
        assert_eq!((failures[0].says.as_str(), failures[1].says.as_str()), (OTHERS, "failure 1"));
    }
}
