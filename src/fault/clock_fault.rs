//! [`ClockFault`]: a clock that is wrong, by how much.

use std::fmt;
use std::str::FromStr;

use crate::fault::error::FaultError;
use crate::fault::words::{read_duration, write_duration};

/// As wrong as a clock can be: the times that it shows can still be written as dates.
const FARTHEST: time::Duration = time::Duration::days(36_525);

/// A clock that is ahead of the right time, or behind: `clock=+25h`, `clock=-30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClockFault {
    ahead: time::Duration,
}

impl ClockFault {
    /// So much ahead of the right time, or behind; a century at most, whole milliseconds.
    pub fn new(ahead: time::Duration) -> Self {
        let ahead = ahead.clamp(-FARTHEST, FARTHEST);
        Self { ahead: ahead - time::Duration::nanoseconds(i64::from(ahead.subsec_nanoseconds() % 1_000_000)) }
    }

    /// How much it is ahead.
    pub fn ahead(self) -> time::Duration {
        self.ahead
    }

    /// `+25h` or `-30s`, as it stands behind the `=`.
    ///
    /// # Errors
    ///
    /// [`FaultError::Value`] for a text without its sign, of no unit, or of more than a century.
    pub fn read(text: &str) -> Result<Self, FaultError> {
        let wrong = || FaultError::Value {
            word: "clock",
            expected: "a time ahead or behind such as +25h or -30s",
            found: text.to_owned(),
            meant: None,
        };
        let (sign, amount) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(amount), _) => (1, amount),
            (None, Some(amount)) => (-1, amount),
            (None, None) => return Err(wrong()),
        };
        let amount = read_duration("clock", amount).ok().ok_or_else(wrong)?;
        let ahead = time::Duration::try_from(amount).ok().ok_or_else(wrong)? * sign;
        Some(Self::new(ahead)).filter(|read| read.ahead == ahead).ok_or_else(wrong)
    }

    /// `+25h` or `-30s`.
    pub fn amount(self) -> String {
        let sign = if self.ahead.is_negative() { '-' } else { '+' };
        format!("{sign}{}", write_duration(self.ahead.unsigned_abs()))
    }
}

impl fmt::Display for ClockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clock={}", self.amount())
    }
}

impl FromStr for ClockFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        match text.split_once('=') {
            Some(("clock", amount)) => Self::read(amount),
            _ => Err(FaultError::What { found: text.to_owned(), meant: Some("clock=+25h") }),
        }
    }
}
