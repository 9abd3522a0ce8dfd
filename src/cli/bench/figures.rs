//! Figures of a benchmark as people read them: three digits, one unit, and no more digits than the margin leaves.

use crate::load::{Estimate, Metric, Work};

/// Bytes are what bulk counts; a million of them are what anybody thinks in.
const MEGA: f64 = 1e6;

/// A unit that figures are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nanoseconds.
    Time,
    /// Nanoseconds of processor time for each byte, shown for a million of them.
    TimePerByte,
    /// Units per second.
    Rate,
    /// Bytes per second, shown as bits.
    Bits,
    /// Bytes.
    Bytes,
    /// Per cent.
    Percent,
}

impl Unit {
    /// The unit of a figure.
    pub(crate) fn of(metric: Metric, work: Work) -> Self {
        match metric {
            Metric::MaxRate | Metric::Rate if work == Work::Bulk => Self::Bits,
            Metric::MaxRate | Metric::Rate => Self::Rate,
            Metric::P50 | Metric::P90 | Metric::P99 | Metric::P999 => Self::Time,
            Metric::Cpu | Metric::ProxyCpu if work == Work::Bulk => Self::TimePerByte,
            Metric::Cpu | Metric::ProxyCpu => Self::Time,
            Metric::Memory => Self::Bytes,
        }
    }

    /// By what a figure is divided, and what it is then in; the larger of two figures decides for both.
    pub(crate) fn scale(self, largest: f64) -> (f64, &'static str) {
        match self {
            Self::Time => time(largest),
            Self::TimePerByte => {
                let (divisor, name) = time(largest * MEGA);
                (divisor / MEGA, name)
            }
            Self::Rate => (1.0, "/s"),
            Self::Bits => match largest * 8.0 {
                bits if bits < 999.5e6 => (1e6 / 8.0, " Mbit/s"),
                _ => (1e9 / 8.0, " Gbit/s"),
            },
            Self::Bytes => match largest {
                bytes if bytes < 1_023.5 => (1.0, " B"),
                bytes if bytes < 1_023.5 * 1_024.0 => (1_024.0, " KiB"),
                bytes if bytes < 1_023.5 * 1_048_576.0 => (1_048_576.0, " MiB"),
                _ => (1_073_741_824.0, " GiB"),
            },
            Self::Percent => (1.0, " %"),
        }
    }

    /// A figure in three digits: `94.1 µs`, `20,000/s`.
    pub(crate) fn text(self, value: f64) -> String {
        let (divisor, name) = self.scale(value.abs());
        let scaled = value / divisor;
        format!("{}{name}", number(scaled, decimals(scaled)))
    }

    /// What was chosen rather than measured, with as many digits as it has: `5 s`, `1.5 s`.
    #[expect(clippy::cast_precision_loss, reason = "nobody chooses a duration to 53 bits")]
    pub(crate) fn whole(self, value: u64) -> String {
        let (divisor, name) = self.scale(value as f64);
        format!("{}{name}", value as f64 / divisor)
    }

    /// A difference with its sign and, if there is one, its margin: `+63 µs ± 4`. The margin has one digit, or two if it
    /// begins with 1, and the difference ends where the margin does.
    pub(crate) fn difference(self, estimate: Estimate) -> String {
        self.difference_among(estimate, reach(estimate))
    }

    /// The same in the unit of the largest of several, so that a column has one.
    pub(crate) fn difference_among(self, estimate: Estimate, largest: f64) -> String {
        let (divisor, name) = self.scale(largest);
        let value = estimate.value / divisor;
        let Some(margin) = estimate.margin.map(|margin| margin / divisor) else {
            let digits = if self == Self::Percent { 1 } else { decimals(value) };
            return format!("{}{name}", signed(value, digits));
        };
        let digits = margin_decimals(margin).min(decimals(reach(estimate) / divisor).max(1));
        format!("{}{name} ± {}", signed(value, digits), number(margin, digits))
    }
}

/// How far a difference and its margin go.
pub(crate) fn reach(estimate: Estimate) -> f64 {
    estimate.value.abs().max(estimate.margin.unwrap_or(0.0))
}

/// `+1.2`, `−3.4`, `+0.0`: with a sign that is as wide as a digit.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = number(value.abs(), decimals);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { '−' } else { '+' };
    format!("{sign}{text}")
}

/// Digits in groups of three.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    // No unit is small enough for this to be measured; a file may say it all the same.
    if value.abs() >= 1e10 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.decimals$}");
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("−", text));
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::with_capacity(text.len() + 4);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

/// A whole number in groups of three.
pub(crate) fn count(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are read by nobody to the last digit")]
    number(value as f64, 0)
}

/// How many digits after the point make three.
fn decimals(value: f64) -> usize {
    match value.abs() {
        0.0 => 0,
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    }
}

/// How many digits after the point a margin has: it has one digit, or two if it begins with 1.
fn margin_decimals(margin: f64) -> usize {
    match margin {
        margin if margin >= 1.95 || margin <= 0.0 => 0,
        margin if margin >= 0.195 => 1,
        margin if margin >= 0.0195 => 2,
        _ => 3,
    }
}

fn time(nanoseconds: f64) -> (f64, &'static str) {
    match nanoseconds {
        time if time < 999.5 => (1.0, " ns"),
        time if time < 999.5e3 => (1e3, " µs"),
        time if time < 999.5e6 => (1e6, " ms"),
        _ => (1e9, " s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let check = |unit: Unit, value: f64, expect: &str| assert_eq!(unit.text(value), expect);
        check(Unit::Time, 0.0, "0 ns");
        check(Unit::Time, 850.0, "850 ns");
        check(Unit::Time, 999.7, "1.00 µs");
        check(Unit::Time, 94_140.0, "94.1 µs");
        check(Unit::Time, 388_200.0, "388 µs");
        check(Unit::Time, 1_610_000.0, "1.61 ms");
        check(Unit::Time, 2.5e9, "2.50 s");
        check(Unit::TimePerByte, 1.45, "1.45 ms");
        check(Unit::Rate, 20_000.0, "20,000/s");
        check(Unit::Rate, 12.34, "12.3/s");
        check(Unit::Bits, 9.6e9 / 8.0, "9.60 Gbit/s");
        check(Unit::Bits, 25e6 / 8.0, "25.0 Mbit/s");
        check(Unit::Bytes, 6_553.6, "6.40 KiB");
        check(Unit::Percent, -12.34, "−12.3 %");
        assert_eq!(number(1_234_567.0, 1), "1,234,567.0");
        assert_eq!(number(1.5e12, 1), "1.50e12");
        assert_eq!(Unit::Time.whole(5_000_000_000), "5 s");
        assert_eq!(Unit::Time.whole(1_500_000_000), "1.5 s");
    }

    #[test]
    fn differences_end_where_their_margins_do() {
        let check = |value, margin, expect: &str| {
            assert_eq!(Unit::Time.difference(Estimate { value, margin }), expect);
        };
        check(63_200.0, Some(4_100.0), "+63 µs ± 4");
        check(63_200.0, Some(1_400.0), "+63.2 µs ± 1.4");
        check(63_200.0, Some(240.0), "+63.2 µs ± 0.2");
        check(63_200.0, Some(0.0), "+63 µs ± 0");
        check(-6_320.0, Some(61.0), "−6.32 µs ± 0.06");
        check(292_000.0, Some(20_000.0), "+292 µs ± 20");
        check(900.0, Some(2_000.0), "+1 µs ± 2");
        check(63_200.0, None, "+63.2 µs");
        check(0.0, None, "+0 ns");
        check(-0.2, Some(3.0), "+0 ns ± 3");
        let small = Estimate { value: -511.0, margin: Some(293.0) };
        assert_eq!(Unit::Time.difference_among(small, 25_600.0), "−0.5 µs ± 0.3");
    }
}
