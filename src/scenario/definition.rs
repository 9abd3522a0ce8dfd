//! [`Scenario`]: all of it, as it was written.

use crate::ca::Bend;
use crate::identity::SpiffeId;
use crate::mesh::Source;
use crate::resources::Objects;
use crate::scenario::client::Client;
use crate::scenario::fault::FaultWish;
use crate::scenario::settings::ScenarioSettings;
use crate::scenario::step::Step;

/// A mesh, what is wrong in it, who connects, and what both ends must see.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `metadata.name`; in the catalogue the id of a row of `knowledge`.
    pub name: String,
    /// Where it is written.
    pub source: Source,
    /// What it shows, in one line; empty where its name says all.
    pub title: String,
    /// The same with plain tools: lines for a shell.
    pub plain_tools: Vec<String>,
    /// The documents of its mesh.
    pub objects: Objects,
    /// Certificates that are shown in place of the real ones.
    pub certificates: Vec<Certificate>,
    /// What the network does.
    pub faults: Vec<FaultWish>,
    /// What the mesh is started with.
    pub settings: ScenarioSettings,
    /// Who connects, one after the other.
    pub clients: Vec<Client>,
    /// What happens to the mesh after the last of them, while those that stay still do.
    pub afterwards: Vec<Step>,
    /// The same after it was mended; `title` says how.
    pub fix: Option<Box<Self>>,
}

impl Scenario {
    /// The same so much later (or earlier), and its fix with it: after the mesh was started and its certificates were issued,
    /// all clocks are set, the CA's among them. As in a mesh that lives, what is due by then is renewed, if the CA issues;
    /// certificates that are shown in the place of the real ones are not. In place of what its settings say.
    #[must_use]
    pub fn at(&self, ahead: time::Duration) -> Self {
        let settings = ScenarioSettings { at: Some(ahead), ..self.settings.clone() };
        let fix = self.fix.as_ref().map(|fix| Box::new(fix.at(ahead)));
        Self { settings, fix, ..self.clone() }
    }
}

/// A certificate in the place of a workload's real one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose.
    pub workload: String,
    /// What is wrong with it.
    pub bend: Bend,
    /// For whom it is, where that is somebody else.
    pub id: Option<SpiffeId>,
}
