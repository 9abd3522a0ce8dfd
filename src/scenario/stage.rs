//! [`Stage`]: a lab on which the steps of a scenario happen.

use std::collections::HashMap;
use std::time::Duration;

use crate::admin::Edit;
use crate::ca::{Authority, ListEdition, Profile};
use crate::identity::SpiffeId;
use crate::lab::Lab;
use crate::scenario::definition::{Certificate, Scenario};
use crate::scenario::error::ScenarioError;
use crate::scenario::fault::{FaultWish, InPlace};
use crate::scenario::step::Step;

/// How long a revocation list promises to be the newest; no scenario lasts as long.
const EDITION: Duration = Duration::from_secs(24 * 3600);

/// A lab, and what has happened on it so far.
pub(crate) struct Stage<'a> {
    lab: &'a Lab,
    authority: &'a Authority,
    in_place: InPlace,
    faults: Vec<FaultWish>,
    /// The serial numbers of certificates that are shown in the place of the real ones.
    shown: HashMap<SpiffeId, String>,
    /// The serial numbers that are revoked.
    revoked: Vec<String>,
}

impl<'a> Stage<'a> {
    /// Bends what must be bent, and lets it be as late as the scenario says.
    ///
    /// # Errors
    ///
    /// A certificate or a fault that cannot be had.
    pub(crate) async fn set(
        (lab, authority): (&'a Lab, &'a Authority),
        in_place: InPlace,
        scenario: &Scenario,
    ) -> Result<Self, ScenarioError> {
        let (shown, revoked, faults) = (HashMap::new(), Vec::new(), scenario.faults.clone());
        let mut stage = Self { lab, authority, in_place, faults, shown, revoked };
        for certificate in &scenario.certificates {
            stage.present(certificate)?;
        }
        stage.at(scenario.settings.at.unwrap_or_default()).await?;
        Ok(stage)
    }

    /// What is wrong on it.
    pub(crate) fn into_faults(self) -> InPlace {
        self.in_place
    }

    fn present(&mut self, certificate: &Certificate) -> Result<(), ScenarioError> {
        let own = self.lab.workload(&certificate.workload)?.identity.clone();
        let id = certificate.id.clone().unwrap_or_else(|| own.clone());
        let svid = self.authority.issue_bent(&Profile { id, bend: certificate.bend })?;
        self.lab.present(&certificate.workload, &svid)?;
        self.shown.insert(own, svid.serial);
        Ok(())
    }

    /// Lets it be so much later, for everybody.
    async fn at(&mut self, ahead: time::Duration) -> Result<(), ScenarioError> {
        self.authority.clock().set_ahead(ahead);
        self.in_place.at(ahead);
        self.put().await
    }

    async fn put(&mut self) -> Result<(), ScenarioError> {
        let spared: Vec<SpiffeId> = self.shown.keys().cloned().collect();
        self.in_place.put(self.lab, &self.faults, &spared).await
    }

    /// Lets all of `steps` happen, one after the other.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`] for one that cannot be.
    pub(crate) async fn perform(&mut self, steps: &[Step]) -> Result<(), ScenarioError> {
        for step in steps {
            match step {
                Step::Apply(objects) => {
                    self.lab.edit(Edit::Apply(objects.clone())).await?;
                    // A workload that is new has a clock, too.
                    self.in_place.set_clocks(self.lab, &self.faults)?;
                }
                Step::Delete(keys) => self.lab.edit(Edit::Delete(keys.clone())).await?,
                Step::Revoke(workload) => self.revoke(workload).await?,
                Step::Renew(workload) => {
                    self.lab.renew(workload).await?;
                    self.shown.remove(&self.lab.workload(workload)?.identity);
                }
                Step::Faults(faults) => {
                    self.faults.clone_from(faults);
                    self.put().await?;
                }
                Step::At(ahead) => self.at(*ahead).await?,
                Step::Drain(grace) => drop(self.lab.drain(*grace).await),
            }
        }
        Ok(())
    }

    async fn revoke(&mut self, workload: &str) -> Result<(), ScenarioError> {
        let id = self.lab.workload(workload)?.identity.clone();
        let serial = match self.shown.get(&id) {
            Some(serial) => serial.clone(),
            None => self.lab.svid(workload)?.serial.clone(),
        };
        self.revoked.push(serial);
        let this_update = self.authority.clock().now();
        let number = u64::try_from(self.revoked.len()).unwrap_or(u64::MAX);
        let edition = ListEdition { number, this_update, next_update: this_update + EDITION };
        self.lab.revoke(&self.authority.revocation_list(&self.revoked, edition)?).await?;
        Ok(())
    }
}
