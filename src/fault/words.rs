//! The words that faults are made of: values behind a `=`, durations.

use std::str::FromStr;
use std::time::Duration;

use crate::fault::error::FaultError;

/// Nanoseconds in each unit, the largest first: a duration is shown in the largest that it is a whole number of.
const UNITS: [(&str, u128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// `300ms`, `2s`: a whole number and a unit.
pub(crate) fn read_duration(word: &'static str, text: &str) -> Result<Duration, FaultError> {
    let wrong = || FaultError::Value {
        word,
        expected: "a duration such as 300ms or 2s",
        found: text.to_owned(),
        meant: None,
    };
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let (_, each) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let nanoseconds = u128::from(number) * each;
    u64::try_from(nanoseconds).map(Duration::from_nanos).ok().ok_or_else(wrong)
}

/// The shortest text that [`read_duration`] reads back.
pub(crate) fn write_duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let fits = |(_, each): &&(&str, u128)| nanoseconds >= *each && nanoseconds.is_multiple_of(*each);
    match UNITS.iter().find(fits) {
        Some((unit, each)) => format!("{}{unit}", nanoseconds / each),
        None => "0s".to_owned(),
    }
}

/// A number behind a `=`.
pub(crate) fn read_number<N: FromStr>(
    word: &'static str,
    expected: &'static str,
    text: &str,
) -> Result<N, FaultError> {
    text.parse().ok().ok_or_else(|| FaultError::Value { word, expected, found: text.to_owned(), meant: None })
}
