//! Open files: every connection takes up to four descriptors, and many shells allow 1024 in all.

use std::fmt;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many connections at once we want to have room for before saying that there is little.
const COMFORTABLE: u64 = 4_096;
/// The most that one connection takes: the client, the tunnel, the far side of the tunnel, the backend.
const PER_CONNECTION: u64 = 4;

/// The limit on open files, before and after it was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// The soft limit that the process started with; `None` is unlimited.
    pub was: Option<u64>,
    /// The soft limit now.
    pub now: Option<u64>,
}

/// Raises the soft limit to the hard one, which needs no permission. A refusal leaves it as it was.
pub fn raise_descriptors() -> Descriptors {
    let Rlimit { current: was, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    Descriptors { was, now: if raised { maximum } else { was } }
}

impl Descriptors {
    /// Whether it needs saying: the limit changed, or is low.
    pub fn is_worth_saying(&self) -> bool {
        self.was != self.now || self.is_low()
    }

    fn is_low(&self) -> bool {
        self.now.is_some_and(|now| now / PER_CONNECTION < COMFORTABLE)
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
        match self.was == self.now {
            true => write!(f, "open files: {}", text(self.now))?,
            false => write!(f, "open files: raised from {} to {}", text(self.was), text(self.now))?,
        }
        match self.now {
            Some(now) if self.is_low() => {
                write!(
                    f,
                    ", room for about {} connections at once; more: ulimit -Hn, as root",
                    now / PER_CONNECTION
                )
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said() {
        let check = |was, now, expect: &str| assert_eq!(Descriptors { was, now }.to_string(), expect);
        check(Some(1_024), Some(524_288), "open files: raised from 1024 to 524288");
        check(Some(1_024), None, "open files: raised from 1024 to unlimited");
        let low = "open files: 1024, room for about 256 connections at once; more: ulimit -Hn, as root";
        check(Some(1_024), Some(1_024), low);
        assert!(!Descriptors { was: None, now: None }.is_worth_saying());
        assert!(Descriptors { was: Some(1_024), now: Some(1_024) }.is_worth_saying());
    }

    #[test]
    fn raising_twice_changes_nothing() {
        let first = raise_descriptors();
        let second = raise_descriptors();
        assert_eq!((second.was, second.now), (first.now, first.now));
    }
}
