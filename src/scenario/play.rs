//! [`play`]: a scenario in a lab of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::CaAt;
use crate::ca::{Authority, AuthorityOptions, Profile};
use crate::lab::{Faulty, Lab, LabOptions};
use crate::scenario::definition::Scenario;
use crate::scenario::error::ScenarioError;
use crate::scenario::fault;
use crate::scenario::report::Report;
use crate::scenario::runs::Runs;

/// A scenario that was played, in a mesh that still runs.
pub struct Played {
    /// What came of it.
    pub report: Report,
    /// The mesh.
    pub lab: Lab,
    /// What is in the way in it, as long as this lives.
    pub faults: Vec<Faulty>,
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
    let options = LabOptions { ca: CaAt::Authority(Arc::clone(&authority)), ..scenario.settings.options() };
    let lab = Lab::start_with(scenario.objects.clone(), options).await?;
    for certificate in &scenario.certificates {
        let id = match &certificate.id {
            Some(id) => id.clone(),
            None => lab.workload(&certificate.workload)?.identity.clone(),
        };
        let svid = authority.issue_bent(&Profile { id, bend: certificate.bend })?;
        lab.present(&certificate.workload, &svid)?;
    }
    let faults = fault::put(&lab, &scenario.faults).await?;
    let mut begun = Vec::new();
    for client in &scenario.clients {
        begun.push(Runs::begin(&lab, client, &authority).await?);
    }
    let mut clients = Vec::new();
    for runs in begun {
        clients.push(runs.finish().await);
    }
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

fn authority(scenario: &Scenario) -> Result<Authority, ScenarioError> {
    let mut options = AuthorityOptions {
        trust_domain: scenario.objects.assemble()?.spec.settings.trust_domain,
        intermediate: scenario.settings.intermediate,
        ..AuthorityOptions::default()
    };
    options.ttl = scenario.settings.certificate_ttl.unwrap_or(options.ttl);
    Ok(Authority::generate(&options)?)
}
