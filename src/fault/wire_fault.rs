//! [`Fault`]: what happens to a connection on its way, and when.

use std::fmt;
use std::str::FromStr;

use crate::fault::error::FaultError;
use crate::fault::phase::Phase;
use crate::fault::what::What;

/// What happens to a connection on its way, and when: `tcp:rst@after-client-hello`, `drop-segments-over=1400`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What happens.
    what: What,
    /// When.
    at: Phase,
}

impl Fault {
    /// That, then.
    ///
    /// # Errors
    ///
    /// [`FaultError::Impossible`] says where it could be.
    pub fn new(what: What, at: Phase) -> Result<Self, FaultError> {
        if what.can_be_at(at) {
            return Ok(Self { what, at });
        }
        let possible: Vec<_> =
            Phase::named().filter(|at| what.can_be_at(*at)).map(|at| at.to_string()).collect();
        Err(FaultError::Impossible {
            what: what.to_string(),
            at: at.to_string(),
            possible: possible.join(", "),
        })
    }

    /// What happens.
    pub fn what(self) -> What {
        self.what
    }

    /// When.
    pub fn at(self) -> Phase {
        self.at
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what.usual_phase() == Some(self.at) {
            true => write!(f, "{}", self.what),
            false => write!(f, "{}@{}", self.what, self.at),
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (what, at) = match text.split_once('@') {
            Some((what, at)) => (what.parse::<What>()?, at.parse()?),
            None => {
                let what = text.parse::<What>()?;
                (what, what.usual_phase().ok_or_else(|| FaultError::NoPhase { what: text.to_owned() })?)
            }
        };
        Self::new(what, at)
    }
}

#[cfg(test)]
mod tests;
