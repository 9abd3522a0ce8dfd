//! [`Together`]: the rounds of one path, each by itself and all together.

use hdrhistogram::Histogram;

use crate::load::drive::Measured;
use crate::load::latency::{histogram, latency};
use crate::load::run::{Latency, Round};

/// The rounds of one path.
#[derive(Clone, Debug)]
pub struct Together {
    /// Each by itself.
    pub rounds: Vec<Round>,
    latency: Histogram<u64>,
    service: Histogram<u64>,
}

impl Default for Together {
    fn default() -> Self {
        Self { rounds: Vec::new(), latency: histogram(), service: histogram() }
    }
}

impl Together {
    /// Takes down a round.
    pub fn add(&mut self, measured: &Measured) {
        self.rounds.push(measured.round());
        // Both were made with the same bounds, so that nothing of one is outside of the other.
        let _ = self.latency.add(&measured.tally.latency);
        let _ = self.service.add(&measured.tally.service);
    }

    /// From when units were due; `None` where nothing was timed, as for bulk.
    pub fn latency(&self) -> Option<Latency> {
        (!self.latency.is_empty()).then(|| latency(&self.latency))
    }

    /// From when they really began.
    pub fn service(&self) -> Option<Latency> {
        (!self.service.is_empty()).then(|| latency(&self.service))
    }
}
