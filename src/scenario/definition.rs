//! [`Scenario`]: all of it, as it was written.

use crate::ca::Bend;
use crate::identity::SpiffeId;
use crate::mesh::Source;
use crate::resources::Objects;
use crate::scenario::client::Client;
use crate::scenario::fault::FaultWish;
use crate::scenario::settings::ScenarioSettings;

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
    /// The same after it was mended; `title` says how.
    pub fix: Option<Box<Self>>,
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
