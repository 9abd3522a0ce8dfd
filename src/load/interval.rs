//! How sure a figure is: 95 % intervals over rounds, by Student's t and by Welch's.

use serde::{Deserialize, Serialize};

/// What an interval is meant to hold.
const SURE: f64 = 0.95;

/// From here on, Student's t differs from the normal distribution by less than a figure shows (1.962 against 1.960).
const MANY: u32 = 1_000;

/// Halvings until the point is known better than any double between 0 and 1024 tells apart.
const HALVINGS: u32 = 70;

/// A figure, and how far from it the truth may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// The mean of the rounds.
    pub value: f64,
    /// Half the width of the 95 % interval, in the same unit; `None` after one round, which says nothing about that.
    pub margin: Option<f64>,
}

/// How much one figure differs from another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// In per cent of the first: +100 is twice as much.
    pub percent: f64,
    /// The 95 % interval, in per cent; `None` where one of the two is known from one round only.
    pub interval: Option<Interval>,
}

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The mean of some values with its 95 % interval by Student's t; `None` where there are none.
pub fn mean(values: &[f64]) -> Option<Estimate> {
    let sample = Sample::of(values)?;
    let freedom = u32::try_from(values.len().saturating_sub(1)).unwrap_or(MANY);
    let margin = sample.variance.map(|variance| student(freedom) * (variance / sample.count).sqrt());
    Some(Estimate { value: sample.mean, margin })
}

/// The mean of the differences between what belongs together, round by round.
pub(crate) fn paired(from: &[f64], to: &[f64]) -> Option<Estimate> {
    let differences: Vec<f64> = from.iter().zip(to).map(|(from, to)| to - from).collect();
    mean(&differences)
}

/// The geometric mean, which is what [`change`] compares.
pub(crate) fn middle(values: &[f64]) -> Option<f64> {
    Some(Sample::of(&logarithms(values)?)?.mean.exp())
}

/// How much `b` differs from `a`, by Welch's t on the logarithms: figures of a machine err by a factor rather than by an amount.
/// `None` where a value is missing or not above zero.
pub(crate) fn change(a: &[f64], b: &[f64]) -> Option<Change> {
    let (a, b) = (Sample::of(&logarithms(a)?)?, Sample::of(&logarithms(b)?)?);
    let difference = b.mean - a.mean;
    let interval = welch(&a, &b)
        .map(|margin| Interval { low: percent(difference - margin), high: percent(difference + margin) });
    Some(Change { percent: percent(difference), interval })
}

fn percent(logarithm: f64) -> f64 {
    logarithm.exp_m1() * 100.0
}

fn logarithms(values: &[f64]) -> Option<Vec<f64>> {
    values.iter().map(|value| (value.is_finite() && *value > 0.0).then(|| value.ln())).collect()
}

struct Sample {
    count: f64,
    mean: f64,
    /// Of the population, as far as the sample tells; of one value there is none.
    variance: Option<f64>,
}

impl Sample {
    fn of(values: &[f64]) -> Option<Self> {
        let count = f64::from(u32::try_from(values.len()).ok().filter(|count| *count > 0)?);
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = (values.len() > 1).then(|| squares / (count - 1.0));
        Some(Self { count, mean, variance })
    }

    fn variance_of_mean(&self) -> Option<f64> {
        Some(self.variance? / self.count)
    }
}

/// Half the width of the interval of the difference of two means whose variances need not be alike (Welch 1947). The degrees of
/// freedom are rounded down, as printed tables have it: the interval is never narrower than it may be.
fn welch(a: &Sample, b: &Sample) -> Option<f64> {
    let (of_a, of_b) = (a.variance_of_mean()?, b.variance_of_mean()?);
    let both = of_a + of_b;
    if both == 0.0 {
        return Some(0.0);
    }
    let freedom = both.powi(2) / (of_a.powi(2) / (a.count - 1.0) + of_b.powi(2) / (b.count - 1.0));
    Some(student(whole(freedom)) * both.sqrt())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1..=1000 just before; NaN becomes 0, then 1"
)]
fn whole(freedom: f64) -> u32 {
    (freedom.clamp(1.0, f64::from(MANY)) as u32).max(1)
}

/// The point that Student's t with so many degrees of freedom stays within, either side of zero, 95 times in 100.
pub(crate) fn student(freedom: u32) -> f64 {
    let freedom = freedom.clamp(1, MANY);
    let (mut low, mut high) = (0.0, 1_024.0);
    for _ in 0..HALVINGS {
        let point = f64::midpoint(low, high);
        match within(point, freedom) < SURE {
            true => low = point,
            false => high = point,
        }
    }
    f64::midpoint(low, high)
}

/// How probable a value between `-t` and `t` is (Abramowitz and Stegun, 26.7.3 and 26.7.4: finite sums for whole degrees of
/// freedom).
fn within(t: f64, freedom: u32) -> f64 {
    let angle = (t / f64::from(freedom).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    let mut step = freedom % 2;
    while step + 2 <= freedom {
        sum += term;
        term *= cosine * cosine * f64::from(step + 1) / f64::from(step + 2);
        step += 2;
    }
    match is_odd {
        true => (angle + sine * sum) * std::f64::consts::FRAC_2_PI,
        false => sine * sum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_near(found: f64, expect: f64, by: f64) {
        assert!((found - expect).abs() <= by, "expected {expect}, found {found}");
    }

    /// The two-sided 95 % points that every textbook prints.
    #[test]
    fn students_t_is_the_tables() {
        let table = [
            (1, 12.706_205),
            (2, 4.302_653),
            (3, 3.182_446),
            (4, 2.776_445),
            (5, 2.570_582),
            (9, 2.262_157),
            (10, 2.228_139),
            (29, 2.045_230),
            (30, 2.042_272),
            (100, 1.983_972),
            (1_000, 1.962_339),
        ];
        for (freedom, expect) in table {
            is_near(student(freedom), expect, 1e-6);
        }
    }

    #[test]
    fn the_mean_of_rounds_has_its_margin() {
        // Variance 2.5, so 2.776 · √(2.5 / 5).
        let estimate = mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        is_near(estimate.value, 3.0, 1e-12);
        is_near(estimate.margin.unwrap(), 2.776_445 * 0.5_f64.sqrt(), 1e-6);
        assert_eq!(mean(&[7.0]), Some(Estimate { value: 7.0, margin: None }));
        assert_eq!(mean(&[]), None);
        let paired = paired(&[10.0, 20.0, 30.0], &[11.0, 21.0, 31.0]).unwrap();
        assert_eq!(paired, Estimate { value: 1.0, margin: Some(0.0) });
    }

    /// Welch's own kind of example, by hand: means 2 and 3 of logarithms, variances 1 and 4 of 3 and 5 values.
    #[test]
    fn a_change_has_welchs_interval() {
        let a: Vec<f64> = [1.0_f64, 2.0, 3.0].map(f64::exp).to_vec();
        let b: Vec<f64> = [1.0_f64, 1.0, 3.0, 5.0, 5.0].map(f64::exp).to_vec();
        let found = change(&a, &b).unwrap();
        is_near(found.percent, (1.0_f64.exp() - 1.0) * 100.0, 1e-9);
        // (1/3 + 4/5)² / ((1/3)²/2 + (4/5)²/4) = 5.96…, rounded down to 5.
        let margin = 2.570_582 * (1.0_f64 / 3.0 + 4.0 / 5.0).sqrt();
        let interval = found.interval.unwrap();
        is_near(interval.low, (1.0 - margin).exp_m1() * 100.0, 1e-4);
        is_near(interval.high, (1.0 + margin).exp_m1() * 100.0, 1e-3);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        assert_eq!(change(&[1.0], &[2.0, 2.1]).unwrap().interval, None);
        assert_eq!(change(&[], &[2.0]), None);
        assert_eq!(change(&[0.0], &[2.0]), None);
        assert_eq!(change(&[f64::NAN], &[2.0]), None);
        let same = change(&[5.0, 5.0], &[5.0, 5.0]).unwrap();
        assert_eq!(same.interval, Some(Interval { low: 0.0, high: 0.0 }));
        is_near(middle(&[1.0, 100.0]).unwrap(), 10.0, 1e-9);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_value(a in vec(), b in vec()) {
            let change = change(&a, &b).unwrap();
            let interval = change.interval.unwrap();
            prop_assert!(interval.low <= change.percent && change.percent <= interval.high);
            prop_assert!(interval.low >= -100.0);
            let mean = mean(&a).unwrap();
            prop_assert!(mean.margin.unwrap() >= 0.0);
        }
    }

    fn vec() -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec(1.0_f64..1e9, 2..8)
    }
}
