//! Times and durations as the API writes them.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// RFC 3339 in UTC with at most microseconds: finer digits are noise to a reader.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let microseconds = at.replace_nanosecond(at.microsecond() * 1000).unwrap_or(at);
    // Years beyond 9999 have no RFC 3339 form; a certificate could claim one.
    microseconds.format(&Rfc3339).unwrap_or_else(|_| "after the year 9999".to_owned())
}

/// Nanoseconds; 584 years are as many as fit.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_short() {
        let check = |nanoseconds: u64, expect: &str| {
            assert_eq!(rfc3339(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)), expect);
        };
        check(0, "1970-01-01T00:00:00Z");
        check(1_795_242_022_123_456_789, "2026-11-21T06:20:22.123456Z");
        check(1_795_242_022_000_000_001, "2026-11-21T06:20:22Z");
    }
}
