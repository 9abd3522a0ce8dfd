//! When an identity asks for its next certificate: at half of what is left, and ever more slowly after failures.

use std::time::{Duration, SystemTime};

use crate::identity::svid::Svid;

/// Half-life ± 10 %, as SPIRE does.
pub(crate) const HALF_LIFE_JITTER: f64 = 0.1;
/// Retry delays ± 20 %, as in ztunnel.
pub(crate) const RETRY_JITTER: f64 = 0.2;
/// The first delay after a failure, as in ztunnel.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest delay after a failure, as in ztunnel.
const LONGEST_RETRY: Duration = Duration::from_secs(150);
/// The least time between two renewals, unless the certificate ends before: a CA near its own end issues ever shorter
/// ones, and halving what is left would never come to it. Half of the shortest lifetime that `--ttl` takes (2 s, of which
/// whole-second dates may cost one) is more than twice as long.
pub(crate) const SHORTEST_WAIT: Duration = Duration::from_millis(200);
/// The longest sleep before the clock is read again: a laptop that slept has a clock that jumped.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// When to renew a certificate that arrives at `now`: when half of what is left of it, times `factor`, has passed.
/// At `now` when it is not valid at all.
///
/// ztunnel takes the middle of the whole validity. That begins two minutes before the certificate is issued, so its middle
/// is a minute earlier than ours, and for lifetimes below two minutes it has passed before the certificate arrives: the CA
/// would be asked without a pause. Half of what is left is never late, whatever the lifetime, and never at once.
pub fn renewal_due(svid: &Svid, now: SystemTime, factor: f64) -> SystemTime {
    match svid.valid_for(now) {
        Some(left) if svid.not_before <= now => now + (left / 2).mul_f64(factor).max(SHORTEST_WAIT).min(left),
        _ => now,
    }
}

/// The delay before the next attempt: doubling, capped, and no later than the old certificate's expiry.
pub(crate) fn retry_delay(attempt: u32, factor: f64, old_valid_for: Option<Duration>) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let delay = (FIRST_RETRY * 2_u32.pow(doublings)).mul_f64(factor).min(LONGEST_RETRY);
    old_valid_for.map_or(delay, |left| delay.min(left))
}

/// A random factor of `1 ± spread`.
pub(crate) fn jitter(spread: f64) -> f64 {
    rand::random_range(1.0 - spread..=1.0 + spread)
}

/// Sleeps until `clock` says `due`.
pub(crate) async fn sleep_until(due: SystemTime, clock: &(impl Fn() -> SystemTime + Sync)) {
    while let Ok(left) = due.duration_since(clock()) {
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
    }
}
