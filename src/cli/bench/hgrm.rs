//! A distribution in HdrHistogram's own text form, which its plotters read: values in milliseconds.

use std::fmt::Write as _;

use crate::load::Latency;

const MILLISECOND: f64 = 1e6;

/// Sub-buckets at three significant digits: the power of two that is at least twice a thousand.
const SUB_BUCKETS: u32 = 2_048;

/// Doublings of them from one nanosecond to the minute that the histograms reach, and the first.
const BUCKETS: u32 = 26;

/// The file, line by line as Java's `outputPercentileDistribution` with three digits writes it.
#[expect(clippy::cast_precision_loss, reason = "a nanosecond more or less is not among three decimals")]
pub fn hgrm(latency: &Latency) -> String {
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for point in &latency.curve {
        let value = point.value as f64 / MILLISECOND;
        let _infallible = write!(text, "{value:12.3} {:.12} {:10}", point.at, point.count);
        let _infallible = match point.at < 1.0 {
            true => writeln!(text, " {:14.2}", 1.0 / (1.0 - point.at)),
            false => writeln!(text),
        };
    }
    let (mean, max) = (latency.summary.mean as f64 / MILLISECOND, latency.summary.max as f64 / MILLISECOND);
    let deviation = latency.deviation / MILLISECOND;
    let _infallible = write!(
        text,
        "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]\n\
         #[Max     = {max:12.3}, Total count    = {:12}]\n\
         #[Buckets = {BUCKETS:12}, SubBuckets     = {SUB_BUCKETS:12}]\n",
        latency.count
    );
    text
}
