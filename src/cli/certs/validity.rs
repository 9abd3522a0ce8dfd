//! A validity as a bar: how much of it is over, and what is left.

use std::time::{Duration, SystemTime};

/// How many cells a bar has.
const CELLS: u32 = 10;

/// `[██░░░░░░░░] expires in 18h00m`.
pub(crate) fn validity(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> String {
    format!("{} {}", bar(not_before, not_after, now), left(not_before, not_after, now))
}

/// `[██░░░░░░░░]`: what is over is filled.
pub(crate) fn bar(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> String {
    let whole = not_after.duration_since(not_before).unwrap_or_default();
    let over = now.duration_since(not_before).unwrap_or_default().min(whole);
    let share = if whole.is_zero() { 1.0 } else { over.as_secs_f64() / whole.as_secs_f64() };
    // Whole cells only: a bar is full when the validity is over, and not before.
    let filled = (0..CELLS).filter(|cell| share >= f64::from(cell + 1) / f64::from(CELLS)).count();
    let cell = |index| if index < filled { '█' } else { '░' };
    format!("[{}]", (0..CELLS as usize).map(cell).collect::<String>())
}

/// `expires in 18h00m`, `expired 2h00m ago`, `begins in 5m00s`.
pub(crate) fn left(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> String {
    if let Ok(ahead) = not_before.duration_since(now)
        && !ahead.is_zero()
    {
        return format!("begins in {}", span(ahead));
    }
    match not_after.duration_since(now) {
        Ok(left) => format!("expires in {}", span(left)),
        Err(over) => format!("expired {} ago", span(over.duration())),
    }
}

/// Exact enough to count down with: `45s`, `59m30s`, `23h59m`, `3649d`.
pub(crate) fn span(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds @ 3_600..172_800 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        seconds => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_as_time_goes_by() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let check = |now, expect: &str| assert_eq!(validity(at(1_000_000), at(1_072_000), at(now)), expect);
        check(996_400, "[░░░░░░░░░░] begins in 1h00m");
        check(1_000_000, "[░░░░░░░░░░] expires in 20h00m");
        check(1_018_000, "[██░░░░░░░░] expires in 15h00m");
        check(1_071_999, "[█████████░] expires in 1s");
        check(1_072_000, "[██████████] expires in 0s");
        check(1_422_000, "[██████████] expired 4d ago");
    }
}
