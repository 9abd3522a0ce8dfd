//! How bad a finding is, in istioctl's three words.

use std::fmt;
use std::str::FromStr;

/// Ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Most likely not what was meant.
    Warning,
    /// Something that is written down is certainly not so.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Error => "Error",
        })
    }
}

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected info, warning or error, found `{found}`")]
pub struct UnknownLevel {
    /// The word, escaped.
    pub found: String,
}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Reads a level in any case, as istioctl does.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        match text.to_ascii_lowercase().as_str() {
            "info" => Ok(Self::Info),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(UnknownLevel { found: text.escape_debug().to_string() }),
        }
    }
}
