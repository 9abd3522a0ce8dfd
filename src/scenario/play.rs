//! [`play`]: a scenario in a lab of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::{CaAt, CaFaults};
use crate::ca::{Authority, AuthorityOptions};
use crate::lab::{Lab, LabOptions};
use crate::mesh::{Mesh, build};
use crate::scenario::definition::Scenario;
use crate::scenario::error::ScenarioError;
use crate::scenario::fault::{InPlace, ask_of_ca};
use crate::scenario::report::{ClientReport, Report};
use crate::scenario::runs::Runs;
use crate::scenario::stage::Stage;

/// A scenario that was played, in a mesh that still runs.
pub struct Played {
    /// What came of it.
    pub report: Report,
    /// The mesh.
    pub lab: Lab,
    /// What is in the way in it, as long as this lives.
    pub faults: InPlace,
}

/// Plays a scenario, and stops its mesh.
///
/// # Errors
///
/// As [`play`].
pub async fn run(scenario: &Scenario) -> Result<Report, ScenarioError> {
    let Played { report, lab, faults } = play(scenario).await?;
    // What waits at a fault would hold the mesh up.
    drop(faults);
    lab.stop(Duration::ZERO).await;
    Ok(report)
}

/// Plays a scenario: starts its mesh on a loopback block of its own, bends what must be bent, lets the clients
/// connect one after the other, and compares. Each wait ends: with an event, or after a client's patience.
///
/// # Errors
///
/// [`ScenarioError`] when it cannot be played; what differs from what was expected is in the report.
pub async fn play(scenario: &Scenario) -> Result<Played, ScenarioError> {
    let began = Instant::now();
    let authority = Arc::new(authority(scenario)?);
    let ca_faults = CaFaults::default();
    ask_of_ca(&ca_faults, &mesh(scenario)?, &scenario.faults)?;
    let in_place = InPlace::new(ca_faults.clone());
    let ca = CaAt::Authority(Arc::clone(&authority));
    let options = LabOptions { ca, ca_faults, ..scenario.settings.options() };
    let lab = Lab::start_with(scenario.objects.clone(), options).await?;
    let mut stage = Stage::set((&lab, &authority), in_place, scenario).await?;
    let clients = clients(scenario, (&lab, &authority), &mut stage).await?;
    let faults = stage.into_faults();
    let report = Report {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        source: scenario.source.to_string(),
        conclusion: Report::concluded(&clients),
        took_ns: u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX),
        problem: None,
        clients,
    };
    Ok(Played { report, lab, faults })
}

/// Lets the clients connect, one after the other, and then those that stayed go on.
async fn clients(
    scenario: &Scenario,
    (lab, authority): (&Lab, &Authority),
    stage: &mut Stage<'_>,
) -> Result<Vec<ClientReport>, ScenarioError> {
    let mut begun = Vec::new();
    for client in &scenario.clients {
        stage.perform(&client.before).await?;
        begun.push(Runs::begin(lab, client, authority).await?);
    }
    stage.perform(&scenario.afterwards).await?;
    let mut reports = Vec::new();
    for runs in begun {
        reports.push(runs.finish(&scenario.afterwards).await);
    }
    Ok(reports)
}

/// The mesh as it will be started.
fn mesh(scenario: &Scenario) -> Result<Mesh, ScenarioError> {
    let spec = scenario.objects.assemble()?.spec;
    Ok(build(spec).map_err(|error| scenario.objects.located(&error))?)
}

fn authority(scenario: &Scenario) -> Result<Authority, ScenarioError> {
    let mut options = AuthorityOptions {
        trust_domain: scenario.objects.assemble()?.spec.settings.trust_domain,
        intermediate: scenario.settings.intermediate,
        ..AuthorityOptions::default()
    };
    options.ttl = scenario.settings.certificate_ttl.unwrap_or(options.ttl);
    options.root_ttl = scenario.settings.root_ttl.unwrap_or(options.root_ttl);
    Ok(Authority::generate(&options)?)
}
