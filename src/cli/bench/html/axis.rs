//! [`Scale`]: from a figure to a place, and where the marks of an axis stand.

/// From figures to places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// The least and the greatest figure.
    figures: (f64, f64),
    /// Their places.
    places: (f64, f64),
    is_log: bool,
}

impl Scale {
    pub(crate) fn linear(figures: (f64, f64), places: (f64, f64)) -> Self {
        Self { figures, places, is_log: false }
    }

    /// Both figures are above zero.
    pub(crate) fn log(figures: (f64, f64), places: (f64, f64)) -> Self {
        Self { figures, places, is_log: true }
    }

    /// The place of a figure; what is beyond the ends stands at them.
    pub(crate) fn at(&self, figure: f64) -> f64 {
        let turn = |figure: f64| if self.is_log { figure.max(f64::MIN_POSITIVE).ln() } else { figure };
        let (low, high) = (turn(self.figures.0), turn(self.figures.1));
        let part = (turn(figure) - low) / (high - low);
        let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
        self.places.0 + part * (self.places.1 - self.places.0)
    }
}

/// Round figures from 0 to the first that is not below `most`, at least `about` steps of them and at most two and a half times
/// as many.
pub(crate) fn linear_marks(most: f64, about: u32) -> Vec<f64> {
    if !(most.is_finite() && most > 0.0) {
        return vec![0.0, 1.0];
    }
    let rough = most / f64::from(about);
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [5.0, 2.0, 1.0].map(|times| times * power).into_iter().find(|step| *step <= rough);
    let step = step.unwrap_or(power);
    (0..=3 * about).map(|at| f64::from(at) * step).take_while(|mark| *mark < most + step).collect()
}

/// 1, 2 and 5 times each power of ten, from the last that is not above `least` to the first that is not below `most`; only the
/// powers where there would be more than `many`.
pub(crate) fn log_marks(least: f64, most: f64, many: usize) -> Vec<f64> {
    let least = least.clamp(1.0, 1e18);
    let most = most.clamp(least, 1e18);
    let decades = (0..19).map(|power| 10.0_f64.powi(power));
    let fine: Vec<f64> = decades.clone().flat_map(|power| [power, 2.0 * power, 5.0 * power]).collect();
    let marks = around(&fine, least, most);
    if marks.len() <= many { marks } else { around(&decades.collect::<Vec<_>>(), least, most) }
}

/// Those between the two, and the next on either side.
fn around(marks: &[f64], least: f64, most: f64) -> Vec<f64> {
    let from = marks.iter().rposition(|mark| *mark <= least).unwrap_or(0);
    let to = marks.iter().position(|mark| *mark >= most).unwrap_or_else(|| marks.len().saturating_sub(1));
    // One mark makes no axis.
    let to = if to == from { to + 1 } else { to };
    marks.iter().copied().skip(from).take(to.saturating_sub(from) + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_hold_all() {
        assert_eq!(linear_marks(42.0, 4), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(linear_marks(1.0, 4), [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
        assert_eq!(linear_marks(0.0, 4), [0.0, 1.0]);
        assert_eq!(linear_marks(f64::NAN, 4), [0.0, 1.0]);
        assert_eq!(log_marks(22.0, 800.0, 9), [20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0]);
        assert_eq!(log_marks(22.0, 8e6, 9), [10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7]);
        assert_eq!(log_marks(10.0, 10.0, 9), [10.0, 20.0]);
        assert_eq!(log_marks(0.0, 0.0, 9), [1.0, 2.0]);
        for most in [1e-9, 3.0, 7.7, 1e12] {
            let marks = linear_marks(most, 4);
            assert!(marks.last().unwrap() >= &most && (5..=12).contains(&marks.len()), "{marks:?}");
        }
    }

    #[test]
    fn a_scale_keeps_to_its_ends() {
        let scale = Scale::log((1.0, 100.0), (0.0, 200.0));
        for (figure, expect) in [(1.0, 0.0), (10.0, 100.0), (1e9, 200.0), (0.0, 0.0), (f64::NAN, 0.0)] {
            assert!((scale.at(figure) - expect).abs() < 1e-9, "{figure}");
        }
        assert!((Scale::linear((0.0, 0.0), (5.0, 9.0)).at(3.0) - 5.0).abs() < 1e-9);
    }
}
