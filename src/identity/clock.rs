//! [`Clock`]: a workload's clock, which may be wrong on purpose; [`Clocks`]: all that it has.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

/// As wrong as a clock can be: the times that it shows can still be written as dates.
const FARTHEST: time::Duration = time::Duration::days(36_525);

/// A clock that is the system's, or so much ahead of it or behind. Clones share it; reading takes no lock.
#[derive(Clone, Default)]
pub struct Clock {
    inner: Arc<Inner>,
}

/// The clocks of one workload: of a cluster's, one may be wrong without the other.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    /// By which it judges its peers' certificates: that of its node.
    pub judging: Clock,
    /// By which its own certificate is renewed in time.
    pub renewing: Clock,
}

#[derive(Default)]
struct Inner {
    /// Milliseconds ahead of the system's clock.
    ahead: AtomicI64,
    changed: Notify,
}

impl Clock {
    /// Sets it ahead of the system's clock, or behind, by a century at most; whoever waits by it is told.
    pub fn set_ahead(&self, ahead: time::Duration) {
        let ahead = ahead.clamp(-FARTHEST, FARTHEST);
        let ahead = i64::try_from(ahead.whole_milliseconds()).unwrap_or(0);
        self.inner.ahead.store(ahead, Ordering::Relaxed);
        self.inner.changed.notify_waiters();
    }

    /// What it shows now.
    pub fn now(&self) -> SystemTime {
        self.at(SystemTime::now())
    }

    /// What it shows when the system's clock shows `system`; a time that no clock can show is that one.
    pub fn at(&self, system: SystemTime) -> SystemTime {
        let ahead = self.inner.ahead.load(Ordering::Relaxed);
        let by = Duration::from_millis(ahead.unsigned_abs());
        let shown = if ahead < 0 { system.checked_sub(by) } else { system.checked_add(by) };
        shown.unwrap_or(system)
    }

    /// Resolves when somebody sets it, from the call on.
    pub fn changed(&self) -> impl Future<Output = ()> + Send + '_ {
        let mut notified = Box::pin(self.inner.changed.notified());
        notified.as_mut().enable();
        notified
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({} ms)", self.inner.ahead.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ahead_or_behind_and_its_clones_with_it() {
        let clock = Clock::default();
        let other = clock.clone();
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let check = |ahead, expect: u64| {
            clock.set_ahead(ahead);
            assert_eq!(other.at(noon), SystemTime::UNIX_EPOCH + Duration::from_secs(expect));
        };
        check(time::Duration::ZERO, 1_000_000);
        check(time::Duration::hours(25), 1_090_000);
        check(time::Duration::seconds(-30), 999_970);
        clock.set_ahead(time::Duration::MIN);
        let century = Duration::from_secs(36_525 * 24 * 3600);
        assert_eq!(noon.duration_since(other.at(noon)).unwrap(), century);
        clock.set_ahead(time::Duration::MAX);
        assert_eq!(other.at(noon).duration_since(noon).unwrap(), century);
    }

    #[tokio::test]
    async fn who_waits_by_it_is_told() {
        let clock = Clock::default();
        let changed = clock.changed();
        clock.set_ahead(time::Duration::HOUR);
        changed.await;
    }
}
