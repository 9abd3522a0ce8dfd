//! [`Alert`]: a TLS alert by number and by name.

use std::fmt;

use rustls::AlertDescription;

use crate::knowledge::alert;

/// A TLS alert (RFC 8446 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alert {
    /// The number on the wire.
    pub number: u8,
    /// The RFC's name; `unknown` for a number that we do not know.
    pub name: &'static str,
}

impl Alert {
    /// The alert of that number.
    pub fn of(number: u8) -> Self {
        Self { number, name: alert(number).map_or("unknown", |known| known.name) }
    }
}

impl From<AlertDescription> for Alert {
    fn from(description: AlertDescription) -> Self {
        Self::of(u8::from(description))
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.number)
    }
}
