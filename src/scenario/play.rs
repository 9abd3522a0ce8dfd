//! [`play`]: a scenario in a lab of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::app::CaAt;
use crate::ca::{Authority, AuthorityOptions, Profile};
use crate::lab::{Faulty, Lab, LabOptions};
use crate::scenario::call::{Called, PATIENCE, call};
use crate::scenario::client::Client;
use crate::scenario::compare::rows;
use crate::scenario::definition::Scenario;
use crate::scenario::error::ScenarioError;
use crate::scenario::observed::Observed;
use crate::scenario::report::{ClientReport, Report};
use crate::scenario::{fault, program};
use crate::telemetry::Record;

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

/// Plays a scenario: starts its mesh on a loopback block of its own, bends what must be bent, makes the connections one
/// after the other, and compares. Each wait ends: with an event, or after [`PATIENCE`].
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
    let mut clients = Vec::new();
    for client in &scenario.clients {
        clients.push(played(&lab, client, &authority).await?);
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

async fn played(lab: &Lab, client: &Client, authority: &Authority) -> Result<ClientReport, ScenarioError> {
    let mut records = Vec::new();
    let mut runs = Vec::new();
    let mut inconclusive = None;
    for _ in 0..client.repeat.max(1) {
        let (saw, record) = connection(lab, client, authority).await?;
        if record.is_none() && client.expect.asks_proxies() {
            let seconds = PATIENCE.as_secs();
            inconclusive = Some(format!("expected the connection on record within {seconds} s, found none"));
        }
        runs.push(Observed::new(&saw, record.as_deref()));
        records.extend(record);
        if inconclusive.is_some() {
            break;
        }
    }
    Ok(ClientReport {
        name: client.name.clone(),
        does: does(client),
        runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
        rows: rows(&client.expect, &runs),
        inconclusive,
        seen: runs.into_iter().next(),
        records,
    })
}

/// One connection: what its client saw, and its record if one is asked for, or is there already.
async fn connection(
    lab: &Lab,
    client: &Client,
    authority: &Authority,
) -> Result<(crate::scenario::saw::Saw, Option<Arc<Record>>), ScenarioError> {
    let recorder = lab.running().recorder();
    let last = recorder.recent(1).last().map_or(0, |record| record.id);
    if !client.command.is_empty() {
        let saw = program::run(lab, client, Instant::now() + PATIENCE).await?;
        let source = lab.workload(&client.from)?;
        let is_own = |record: &Record| {
            let by = record.source_party().workload;
            record.id > last && by.is_some_and(|workload| workload.name == source.name)
        };
        return Ok((saw, recorded(lab, client, is_own).await));
    }
    let Called { saw, from } = call(lab, client, authority).await?;
    let record = recorded(lab, client, |record| record.source_party().addr == Some(from)).await;
    Ok((saw, record))
}

async fn recorded(lab: &Lab, client: &Client, is_own: impl Fn(&Record) -> bool) -> Option<Arc<Record>> {
    if client.expect.asks_proxies() {
        return timeout(PATIENCE, lab.record(is_own)).await.ok();
    }
    lab.running().recorder().recent(usize::MAX).into_iter().find(|record| is_own(record))
}

/// What a client does, in one line.
fn does(client: &Client) -> String {
    if !client.command.is_empty() {
        return format!("{}: {}", client.from, client.command.join(" "));
    }
    let manner = client.manner.map(|manner| format!(" as {manner}")).unwrap_or_default();
    let times = if client.repeat > 1 { format!(", {} times", client.repeat) } else { String::new() };
    format!("{} → {}{manner}{times}", client.from, client.to)
}
