//! [`FaultWish`]: a fault as a scenario asks for it, and the one place where it is given to the lab.

use crate::fault::{Fault, Injected};
use crate::lab::{Faulty, FaultyDoor, Lab};
use crate::mesh::Source;
use crate::scenario::error::ScenarioError;

/// Which connections to a workload go through a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Tunnels to it.
    Hbone,
    /// What is dialled at its own address and its first port.
    Captured,
    /// What its proxy delivers to its app's first port.
    Backend,
}

/// A fault that somebody wants at a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultWish {
    /// Whose door.
    pub workload: String,
    /// Which door.
    pub place: Place,
    /// What, and when: `tcp:rst@after-client-hello`.
    pub fault: Injected,
    /// Where it is written.
    pub source: Source,
}

/// Puts the faults in place, for as long as what is returned lives. Those of one door are one relay's.
///
/// # Errors
///
/// [`ScenarioError::Lab`] for a workload or a door that is not there, [`ScenarioError::Fault`] for a fault that needs
/// another door.
pub(crate) async fn put(lab: &Lab, faults: &[FaultWish]) -> Result<Vec<Faulty>, ScenarioError> {
    let mut put = Vec::new();
    for doors in faults.chunk_by(|one, next| (&one.workload, one.place) == (&next.workload, next.place)) {
        let Some(first) = doors.first() else { continue };
        let wire: Vec<Fault> = doors.iter().filter_map(|wish| wire(wish.fault)).collect();
        if !wire.is_empty() {
            put.push(lab.fault(&first.workload, door(lab, first)?, &wire).await?);
        }
        for wish in doors {
            let Injected::Endpoint(fault) = wish.fault else { continue };
            if wish.place != Place::Hbone {
                return Err(ScenarioError::Fault { fault: wish.fault.to_string(), at: wish.source.clone() });
            }
            put.push(lab.endpoint_fault(&wish.workload, fault)?);
        }
    }
    Ok(put)
}

fn wire(fault: Injected) -> Option<Fault> {
    match fault {
        Injected::Wire(fault) => Some(fault),
        Injected::Endpoint(_) => None,
    }
}

fn door(lab: &Lab, wish: &FaultWish) -> Result<FaultyDoor, ScenarioError> {
    let workload = lab.workload(&wish.workload)?;
    let port = workload.ports.first().map_or(0, |port| port.number);
    Ok(match wish.place {
        Place::Hbone => FaultyDoor::Hbone,
        Place::Captured => FaultyDoor::Captured(port),
        Place::Backend => FaultyDoor::Backend(port),
    })
}
