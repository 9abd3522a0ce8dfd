//! Rotation: renew an SVID at half its life, and live on with the old one while the issuer fails.
//!
//! The schedule is ztunnel's (reference/hbone.md 7) with SPIRE's jitter, so that a mesh does not renew all at once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::identity::error::IdentityError;
use crate::identity::source::{Issuer, SvidSource};
use crate::identity::spiffe::SpiffeId;
use crate::identity::svid::Svid;

/// Half-life ± 10 %, as SPIRE does.
const HALF_LIFE_JITTER: f64 = 0.1;
/// The first delay after a failure, as in ztunnel.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Retry delays ± 20 %, as in ztunnel.
const RETRY_JITTER: f64 = 0.2;
/// The longest delay after a failure, as in ztunnel.
const LONGEST_RETRY: Duration = Duration::from_secs(150);
/// The longest sleep before the clock is read again: a laptop that slept has a clock that jumped.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// The least time between two renewals, so that an issuer of certificates from the future is not asked in a loop.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// What happened to an identity's certificate.
#[derive(Debug)]
pub enum RotationEvent {
    /// A new certificate is in use.
    Renewed {
        /// Whose.
        id: SpiffeId,
        /// Its serial number in lower-case hexadecimal.
        serial: String,
        /// When it expires.
        not_after: SystemTime,
        /// When the next renewal is due.
        next: SystemTime,
    },
    /// The issuer failed; the old certificate stays in use.
    Failed {
        /// Whose.
        id: SpiffeId,
        /// Why.
        error: IdentityError,
        /// How many attempts have failed in a row, from 1.
        attempt: u32,
        /// When the next attempt follows.
        retry_in: Duration,
        /// For how much longer the old certificate is valid; `None` once it has expired.
        old_valid_for: Option<Duration>,
    },
}

/// Renews the SVID of `source` for ever; drop the future to stop.
///
/// `clock` gives the wall clock, by which validity is judged; `on_event` hears of every renewal and failure.
pub async fn rotate<C, E>(source: SvidSource, issuer: Arc<dyn Issuer>, clock: C, on_event: E)
where
    C: Fn() -> SystemTime + Send,
    E: Fn(RotationEvent) + Send,
{
    let current = source.current();
    let mut due = renewal_due(&current, clock(), jitter(HALF_LIFE_JITTER));
    let mut failed_attempts = 0;
    loop {
        sleep_until(due, &clock).await;
        let old = source.current();
        let answer = issuer.issue(&old.id).await.and_then(|svid| same_identity(&old, svid));
        let now = clock();
        let event = match answer {
            Ok(svid) => {
                failed_attempts = 0;
                due = renewal_due(&svid, now, jitter(HALF_LIFE_JITTER)).max(now + SHORTEST_LIFE);
                let event = renewed(&svid, due);
                source.replace(svid);
                event
            }
            Err(error) => {
                failed_attempts += 1;
                let retry_in = retry_delay(failed_attempts, jitter(RETRY_JITTER), old.valid_for(now));
                due = now + retry_in;
                let (id, old_valid_for) = (old.id.clone(), old.valid_for(now));
                RotationEvent::Failed { id, error, attempt: failed_attempts, retry_in, old_valid_for }
            }
        };
        on_event(event);
    }
}

/// When to renew: at half of the lifetime times `factor`, at once when the certificate's time has not come yet.
pub fn renewal_due(svid: &Svid, now: SystemTime, factor: f64) -> SystemTime {
    if svid.not_before > now {
        return now;
    }
    let lifetime = svid.not_after.duration_since(svid.not_before).unwrap_or_default();
    svid.not_before + (lifetime / 2).mul_f64(factor)
}

/// The delay before the next attempt: doubling, capped, and no later than the old certificate's expiry.
fn retry_delay(attempt: u32, factor: f64, old_valid_for: Option<Duration>) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let delay = (FIRST_RETRY * 2_u32.pow(doublings)).mul_f64(factor).min(LONGEST_RETRY);
    old_valid_for.map_or(delay, |left| delay.min(left))
}

/// A random factor of `1 ± spread`.
fn jitter(spread: f64) -> f64 {
    rand::random_range(1.0 - spread..=1.0 + spread)
}

async fn sleep_until(due: SystemTime, clock: &impl Fn() -> SystemTime) {
    while let Ok(left) = due.duration_since(clock()) {
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
    }
}

/// ztunnel checks what it was given, and so do we: a CA's mistake must not turn one workload into another.
fn same_identity(old: &Svid, svid: Svid) -> Result<Svid, IdentityError> {
    if svid.id == old.id {
        return Ok(svid);
    }
    Err(IdentityError::OtherIdentity { expected: old.id.to_string(), found: svid.id.to_string() })
}

fn renewed(svid: &Svid, next: SystemTime) -> RotationEvent {
    RotationEvent::Renewed {
        id: svid.id.clone(),
        serial: svid.serial.clone(),
        not_after: svid.not_after,
        next,
    }
}

#[cfg(test)]
mod tests;
