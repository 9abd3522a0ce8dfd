//! [`FaultError`]: a text that names no fault.

/// Why a text names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such fault, or none of that kind.
    #[error("expected a fault such as tcp:rst@after-client-hello, found {found:?}{}", nearest(.meant))]
    What {
        /// What stands there.
        found: String,
        /// The nearest that exists.
        meant: Option<&'static str>,
    },
    /// No such phase.
    #[error("expected a phase such as after-client-hello behind the @, found {found:?}{}", nearest(.meant))]
    Phase {
        /// What stands there.
        found: String,
        /// The nearest that exists.
        meant: Option<&'static str>,
    },
    /// This fault has to be told when.
    #[error("expected a phase, as in {what}@after-client-hello, found none")]
    NoPhase {
        /// The fault.
        what: String,
    },
    /// The fault exists and so does the phase, but not there.
    #[error("expected {what} at {possible}, found it at {at}")]
    Impossible {
        /// The fault.
        what: String,
        /// The phase it was tied to.
        at: String,
        /// Where it can be.
        possible: String,
    },
    /// What stands behind the `=` is of another kind.
    #[error("expected {expected} in {word}, found {found:?}{}", nearest(.meant))]
    Value {
        /// The word before the `=`.
        word: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// The nearest that exists.
        meant: Option<&'static str>,
    },
}

fn nearest(meant: &Option<&'static str>) -> String {
    meant.map_or_else(String::new, |meant| format!("; the nearest is {meant}"))
}
