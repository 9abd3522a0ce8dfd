//! [`Search`]: the highest rate that is kept up, by bisection. Pure: whoever asks it measures.

/// How near the two ends of the search come before it is over: what is measured in between is less exact than that.
const NEAR: f64 = 0.03;
/// How often it asks at most: from the whole range to 3 % of it takes six, and a path that keeps up with little asks more often.
const TRIES: u32 = 10;

/// A search for the highest rate that is kept up.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    kept: f64,
    missed: f64,
    tries: u32,
}

impl Search {
    /// Below `ceiling`, which is known not to be kept up.
    pub fn below(ceiling: f64) -> Self {
        Self { kept: 0.0, missed: ceiling, tries: 0 }
    }

    /// The rate to try next; `None` when it is found.
    pub fn next(&self) -> Option<f64> {
        let over = self.tries >= TRIES || self.missed - self.kept <= self.missed * NEAR;
        (!over).then_some(f64::midpoint(self.kept, self.missed))
    }

    /// Hears whether `rate` was kept up.
    pub fn heard(&mut self, rate: f64, kept: bool) {
        self.tries += 1;
        match kept {
            true => self.kept = self.kept.max(rate),
            false => self.missed = self.missed.min(rate),
        }
    }

    /// The highest rate that was kept up; `None` if none was.
    pub fn found(&self) -> Option<f64> {
        (self.kept > 0.0).then_some(self.kept)
    }
}

/// `value` rounded down to two digits: a rate that a reader can remember.
pub fn two_digits(value: f64) -> f64 {
    if !value.is_normal() || value < 1.0 {
        return 1.0;
    }
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    // A tenth is added to the steps, as far as 1e-9 of them, for values that are whole steps but for their last bit.
    (value / unit + 1e-9).floor() * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A path that keeps up with anything to `capacity`.
    fn search(ceiling: f64, capacity: f64) -> (Option<f64>, u32) {
        let mut search = Search::below(ceiling);
        let mut tries = 0;
        while let Some(rate) = search.next() {
            search.heard(rate, rate <= capacity);
            tries += 1;
        }
        (search.found(), tries)
    }

    proptest! {
        #[test]
        fn it_finds_what_a_path_can_do(ceiling in 10.0..1e7_f64, part in 0.1..0.99_f64) {
            let capacity = ceiling * part;
            let (found, tries) = search(ceiling, capacity);
            let found = found.unwrap();
            prop_assert!(found <= capacity && capacity - found <= ceiling * NEAR, "{found} of {capacity}");
            prop_assert!(tries <= TRIES);
        }

        #[test]
        fn two_digits_are_left_and_never_more(value in 1.0..1e9_f64) {
            let rounded = two_digits(value);
            prop_assert!(rounded <= value * (1.0 + 1e-8) && value - rounded <= value * 0.1, "{value} → {rounded}");
        }
    }

    #[test]
    fn a_path_that_keeps_up_with_nothing() {
        assert_eq!(search(1_000.0, 0.0), (None, TRIES));
    }

    #[test]
    fn rounding() {
        let check = |value, expect: f64| assert!((two_digits(value) - expect).abs() < 1e-6, "{value}");
        check(11_873.0, 11_000.0);
        check(999.9, 990.0);
        check(20_000.0, 20_000.0);
        check(7.77, 7.7);
        check(0.0, 1.0);
        check(f64::NAN, 1.0);
    }
}
