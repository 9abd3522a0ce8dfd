//! [`FaultWish`]: a fault as a scenario asks for it; [`InPlace`]: the one place where faults are given to the lab.

use std::collections::HashMap;

use crate::app::CaFaults;
use crate::fault::{Fault, Injected};
use crate::identity::SpiffeId;
use crate::lab::{Faulty, FaultyDoor, Lab, LabError};
use crate::mesh::{Mesh, Source};
use crate::scenario::error::ScenarioError;

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Tunnels to the workload.
    Hbone,
    /// What is dialled at its own address and its first port.
    Captured,
    /// What its proxy delivers to its app's first port.
    Backend,
    /// The clock by which it judges certificates.
    Clock,
    /// The clock by which its own certificate is renewed.
    Renewal,
    /// The CA, when it asks for a certificate.
    Ca,
}

/// A fault that somebody wants somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultWish {
    /// Whose door, whose clock, whose certificate.
    pub workload: String,
    /// Which of these.
    pub place: Place,
    /// What, and when: `tcp:rst@after-client-hello`.
    pub fault: Injected,
    /// Where it is written.
    pub source: Source,
}

/// What is wrong in a lab now.
#[derive(Debug, Default)]
pub struct InPlace {
    /// What stands in the way of connections; of those that lead nobody any more, what is open may still go through them.
    relays: Vec<Faulty>,
    ca: CaFaults,
    /// What time it is in the scenario.
    at: time::Duration,
    /// How much the clocks were set ahead: for judging, for renewing.
    clocks: HashMap<SpiffeId, [time::Duration; 2]>,
}

impl InPlace {
    /// Nothing but `ca`, which the lab has to be started with: its first certificates are asked for at its start.
    pub(crate) fn new(ca: CaFaults) -> Self {
        Self { ca, ..Self::default() }
    }

    /// Lets it be so much later, for all clocks from the next [`InPlace::put`] on.
    pub(crate) fn at(&mut self, ahead: time::Duration) {
        self.at = ahead;
    }

    /// Puts `faults` in the place of those before: first the CA's, then the clocks, by which a certificate may have to be
    /// renewed, then those on the wire. What is open stays as it is. `spared` are left with the certificates that they show.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Lab`] for a workload or a door that is not there, [`ScenarioError::Fault`] for a fault that needs
    /// another door.
    pub(crate) async fn put(
        &mut self,
        lab: &Lab,
        faults: &[FaultWish],
        spared: &[SpiffeId],
    ) -> Result<(), ScenarioError> {
        ask_of_ca(&self.ca, &lab.running().snapshots().load().mesh, faults)?;
        if self.set_clocks(lab, faults)? {
            lab.renew_due(|id| spared.contains(id)).await;
        }
        self.relays.iter_mut().for_each(Faulty::retire);
        self.relays.extend(relays(lab, faults).await?);
        Ok(())
    }

    /// Whether any is another than before. A clock that is set again to what it shows would begin its waiting anew.
    pub(crate) fn set_clocks(&mut self, lab: &Lab, faults: &[FaultWish]) -> Result<bool, ScenarioError> {
        let mut wanted: HashMap<SpiffeId, [time::Duration; 2]> =
            lab.running().svid_sources().iter().map(|source| (source.id().clone(), [self.at; 2])).collect();
        for wish in faults {
            let Injected::Clock(fault) = wish.fault else { continue };
            let id = lab.workload(&wish.workload)?.identity.clone();
            let none = || LabError::NoDoor { door: "mutual TLS", workload: wish.workload.clone() };
            let [judging, renewing] = wanted.get_mut(&id).ok_or_else(none)?;
            let clock = if wish.place == Place::Renewal { renewing } else { judging };
            *clock = self.at.saturating_add(fault.ahead());
        }
        let changed: Vec<_> = wanted
            .iter()
            .filter(|(id, ahead)| self.clocks.get(id).copied().unwrap_or_default() != **ahead)
            .collect();
        for (id, [judging, renewing]) in &changed {
            let before = self.clocks.get(id).copied().unwrap_or_default();
            let Some(clocks) = lab.running().clocks(id) else { continue };
            clocks.judging.set_ahead(*judging);
            if before[1] != *renewing {
                clocks.renewing.set_ahead(*renewing);
            }
        }
        let is_any = !changed.is_empty();
        self.clocks = wanted;
        Ok(is_any)
    }
}

/// Tells the CA what to do to whom.
pub(crate) fn ask_of_ca(ca: &CaFaults, mesh: &Mesh, faults: &[FaultWish]) -> Result<(), ScenarioError> {
    let mut wanted = Vec::new();
    for wish in faults {
        if let Injected::Ca(fault) = wish.fault {
            let workload = mesh.find_workload(&wish.workload).map_err(LabError::Name)?;
            wanted.push((workload.identity.clone(), fault));
        }
    }
    ca.put(wanted);
    Ok(())
}

/// Those on the wire and of HBONE servers. Those of one door are one relay's.
async fn relays(lab: &Lab, faults: &[FaultWish]) -> Result<Vec<Faulty>, ScenarioError> {
    let mut put = Vec::new();
    for doors in faults.chunk_by(|one, next| (&one.workload, one.place) == (&next.workload, next.place)) {
        let Some(first) = doors.first() else { continue };
        let wire: Vec<Fault> = doors.iter().filter_map(|wish| wire(wish.fault)).collect();
        if let (Some(door), false) = (door(lab, first)?, wire.is_empty()) {
            put.push(lab.fault(&first.workload, door, &wire).await?);
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
        Injected::Endpoint(_) | Injected::Clock(_) | Injected::Ca(_) => None,
    }
}

fn door(lab: &Lab, wish: &FaultWish) -> Result<Option<FaultyDoor>, ScenarioError> {
    let workload = lab.workload(&wish.workload)?;
    let port = workload.ports.first().map_or(0, |port| port.number);
    Ok(match wish.place {
        Place::Hbone => Some(FaultyDoor::Hbone),
        Place::Captured => Some(FaultyDoor::Captured(port)),
        Place::Backend => Some(FaultyDoor::Backend(port)),
        Place::Clock | Place::Renewal | Place::Ca => None,
    })
}
