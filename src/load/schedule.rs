//! [`Schedule`]: which unit is due when, and which of them count. Pure.

use std::time::{Duration, Instant};

/// When units are due: unit `k` of an open loop at `start + k / rate`, whatever became of those before it. Latency counts from
/// there, so that a server which stalls cannot make its clients ask less often and look better for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) start: Instant,
    /// Units per second; `None` is a closed loop, where each connection begins the next as soon as it has ended the last.
    pub(crate) rate: Option<f64>,
    /// Units that are due earlier than this long after the start do not count.
    pub(crate) warmup: Duration,
    /// How long units are due after that.
    pub(crate) duration: Duration,
}

impl Schedule {
    /// When unit `number` is due; `None` if it is due after the end. In a closed loop that is `now`.
    pub(crate) fn due(&self, number: u64, now: Instant) -> Option<Instant> {
        let due = match self.rate {
            None => now,
            Some(rate) => self.at(number, rate)?,
        };
        (due < self.end()).then_some(due)
    }

    fn at(&self, number: u64, rate: f64) -> Option<Instant> {
        // 2^53 units, up to which this is exact, last 28 years at ten million a second.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let after = Duration::try_from_secs_f64(number as f64 / rate).ok()?;
        self.start.checked_add(after)
    }

    /// How many units that count are due from number `next` on: what nobody came to, if nobody goes on. None in a closed loop,
    /// where a unit is due when somebody is free for it.
    pub(crate) fn unbegun(&self, next: u64) -> u64 {
        let Some(rate) = self.rate else { return 0 };
        let first = |moment: Instant| first(|number| self.at(number, rate).is_none_or(|due| due >= moment));
        first(self.end()).saturating_sub(first(self.begin()).max(next))
    }

    /// When what counts begins.
    pub(crate) fn begin(&self) -> Instant {
        self.start + self.warmup
    }

    /// When nothing is due any more.
    pub(crate) fn end(&self) -> Instant {
        self.begin() + self.duration
    }

    /// Whether a unit that was due then counts. All that count are waited for, or the slowest would be left out.
    pub(crate) fn counts(&self, due: Instant) -> bool {
        (self.begin()..self.end()).contains(&due)
    }
}

/// The first number that `is_past`, as all after it are.
fn first(is_past: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, u64::MAX);
    while low < high {
        let middle = low.midpoint(high);
        if is_past(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: Option<f64>) -> Schedule {
        let (warmup, duration) = (Duration::from_secs(1), Duration::from_secs(2));
        Schedule { start: Instant::now(), rate, warmup, duration }
    }

    #[test]
    fn units_are_due_by_their_number_alone() {
        let schedule = schedule(Some(3.0));
        let check = |number, expect: Option<u64>| {
            let after = schedule.due(number, Instant::now()).map(|due| due - schedule.start);
            let expect = expect.map(Duration::from_nanos);
            let off =
                |(after, expect): (Duration, Duration)| after.abs_diff(expect) < Duration::from_nanos(2);
            assert!(
                after.zip(expect).map_or(after == expect, off),
                "{number}: {after:?}, expected {expect:?}"
            );
        };
        check(0, Some(0));
        check(1, Some(333_333_333));
        check(7, Some(2_333_333_333));
        check(8, Some(2_666_666_667));
        check(9, None);
        check(u64::MAX, None);
    }

    #[test]
    fn the_warm_up_does_not_count_and_the_end_is_no_part_of_it() {
        let schedule = schedule(None);
        let check = |milliseconds, expect| {
            let when = schedule.start + Duration::from_millis(milliseconds);
            assert_eq!((schedule.due(0, when).is_some(), schedule.counts(when)), expect, "{milliseconds}");
        };
        check(0, (true, false));
        check(999, (true, false));
        check(1_000, (true, true));
        check(2_999, (true, true));
        check(3_000, (false, false));
    }

    /// As many are due as the rate and the time make, within one.
    #[test]
    fn no_unit_is_lost_over_time() {
        for rate in [1.0, 7.0, 999.0, 20_000.0, 33_333.3] {
            let schedule = schedule(Some(rate));
            let counted = (0..).map_while(|number| schedule.due(number, schedule.start));
            let counted = counted.filter(|due| schedule.counts(*due)).count() as f64;
            assert!((counted - rate * 2.0).abs() <= 1.0, "{rate}: {counted}");
        }
    }

    /// The first second warms up, the next two count.
    #[test]
    fn what_nobody_came_to_is_known() {
        let check = |rate, next, expect| assert_eq!(schedule(rate).unbegun(next), expect, "{rate:?} {next}");
        check(Some(10.0), 0, 20);
        check(Some(10.0), 10, 20);
        check(Some(10.0), 11, 19);
        check(Some(10.0), 30, 0);
        check(Some(10.0), u64::MAX, 0);
        check(Some(1e9), 0, 2_000_000_000);
        check(None, 5, 0);
    }
}
