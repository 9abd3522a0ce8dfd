//! From a histogram to the figures that a report has.

use hdrhistogram::Histogram;

use crate::load::run::{Latency, Percentile, Percentiles};

/// Significant digits of a latency: 0.1 %, far below the noise of any machine.
const DIGITS: u8 = 3;
/// The longest that is told apart, in nanoseconds: a minute, six times every deadline here.
const LONGEST: u64 = 60_000_000_000;
/// Steps of the curve for each halving of what is above, as HdrHistogram's own tools write it.
const STEPS: u32 = 5;

/// An empty histogram of nanoseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    // The bounds are right for the crate: 1 ≤ low, 2·low ≤ high, at most five digits.
    Histogram::new_with_bounds(1, LONGEST, DIGITS).unwrap_or_else(|_impossible| resizing())
}

/// One that grows by itself, which asks for nothing but digits.
fn resizing() -> Histogram<u64> {
    #[expect(
        clippy::expect_used,
        reason = "three significant digits are among those that the crate takes, 0 to 5"
    )]
    Histogram::new(DIGITS).expect("three digits are taken")
}

/// The figures that people ask of a distribution; zeros for an empty one.
pub fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let at = |part| histogram.value_at_quantile(part);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of values from 0 to a minute in nanoseconds"
    )]
    let mean = histogram.mean().round() as u64;
    Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max(), mean }
}

/// The whole distribution.
pub fn latency(histogram: &Histogram<u64>) -> Latency {
    let mut seen = 0;
    let curve = histogram.iter_quantiles(STEPS).map(|step| {
        seen += step.count_since_last_iteration();
        Percentile { at: step.quantile_iterated_to(), value: step.value_iterated_to(), count: seen }
    });
    let curve = curve.collect();
    Latency { summary: percentiles(histogram), deviation: histogram.stdev(), count: histogram.len(), curve }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_thousand_values() {
        let mut all = histogram();
        (1..=1_000_u64).for_each(|value| all.record(value * 1_000).unwrap());
        let near =
            |found: u64, expect: u64| assert!(found.abs_diff(expect) * 500 <= expect, "{found}, {expect}");
        let Latency { summary, count, curve, .. } = latency(&all);
        near(summary.p50, 500_000);
        near(summary.p99, 990_000);
        near(summary.max, 1_000_000);
        near(summary.mean, 500_500);
        assert_eq!(count, 1_000);
        assert!(curve.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].count <= pair[1].count));
        assert_eq!(curve.last().map(|last| (last.at, last.count)), Some((1.0, 1_000)));
    }

    #[test]
    fn nothing_was_counted() {
        let Latency { summary, count, deviation, .. } = latency(&histogram());
        assert_eq!((summary.p50, summary.max, summary.mean, count), (0, 0, 0, 0));
        assert!(deviation.is_finite());
    }
}
