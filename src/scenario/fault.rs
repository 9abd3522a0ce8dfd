//! [`FaultWish`]: a fault as a scenario asks for it, and the one place where it is given to the lab.

use crate::lab::Lab;
use crate::mesh::Source;
use crate::scenario::error::ScenarioError;

/// A fault that somebody wants at a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultWish {
    /// Whose door.
    pub workload: String,
    /// `hbone`, `captured` or `backend`.
    pub door: String,
    /// What, and when: `tcp:rst@after-client-hello`.
    pub fault: String,
    /// Where it is written.
    pub source: Source,
}

/// Puts the faults in place.
///
/// # Errors
///
/// [`ScenarioError::Fault`] for each: there are none yet.
pub(crate) fn put(_lab: &Lab, faults: &[FaultWish]) -> Result<(), ScenarioError> {
    match faults.first() {
        Some(wish) => Err(ScenarioError::Fault { fault: wish.fault.clone(), at: wish.source.clone() }),
        None => Ok(()),
    }
}
