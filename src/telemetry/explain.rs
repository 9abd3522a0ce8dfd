//! `explain #ID`: every step of a recorded connection, both ends' symptoms, and what to do.

use std::time::Duration;

use crate::knowledge;
use crate::telemetry::half::{Half, Party, Reporter};
use crate::telemetry::line::write_time;
use crate::telemetry::outcome::Wire;
use crate::telemetry::record::Record;
use crate::telemetry::stage::Stage;
use crate::telemetry::text::calm;
use crate::telemetry::view;

/// One step of one lane, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose step it is.
    pub lane: Reporter,
    /// Since that side accepted the connection.
    pub at: Duration,
    /// Which step.
    pub stage: Stage,
    /// What it found out, as one line; text of peers in it is escaped.
    pub says: String,
    /// Whether the half ended here, unwell.
    pub failed: bool,
}

/// The rows of both lanes, the caller's first, each in the order of its steps; a failure is its lane's last row.
pub fn stages(record: &Record) -> Vec<Row> {
    record.halves().flat_map(rows).collect()
}

fn rows(half: &Half) -> impl Iterator<Item = Row> {
    let row = |at, stage, says: &str, failed| Row {
        lane: half.reporter,
        at,
        stage,
        says: calm(says).into_owned(),
        failed,
    };
    let steps = half.steps.iter().map(move |step| row(step.at, step.fact.stage(), &step.fact.says(), false));
    let failure = half.outcome.failure().map(|failure| row(half.took, failure.stage, &failure.why, true));
    steps.chain(failure)
}

/// The whole story as text; it ends with a newline.
pub fn explain_text(record: &Record) -> String {
    let mut text = headline(record);
    let rows = stages(record);
    for (lane, half) in [(Reporter::Source, record.lanes().0), (Reporter::Destination, record.lanes().1)] {
        text.push('\n');
        match half {
            Some(half) => text.push_str(&format!("  {}\n", lane_title(half))),
            None => text.push_str(&format!("  {lane}: not seen by a proxy of this mesh\n")),
        }
        for row in rows.iter().filter(|row| row.lane == lane) {
            text.push_str(&step(row));
        }
    }
    text.push('\n');
    for (label, says) in conclusions(record) {
        text.push_str(&format!("  {label:<11}  {}\n", calm(&says)));
    }
    text
}

/// `#3  legacy (no identity) → ratings:9080   DENY   flag DENY   0.1ms   2026-…Z`.
fn headline(record: &Record) -> String {
    let mut time = String::new();
    write_time(record.started(), &mut time);
    let wire = record.wire().map_or("-", Wire::name);
    let anonymous = if record.source_party().identity.is_none() { " (no identity)" } else { "" };
    format!(
        "#{}  {}{anonymous} → {}   {}   flag {}   wire {wire}   {}   {time}\n",
        record.id,
        view::source(record),
        view::destination(record),
        record.verdict(),
        record.flag(),
        view::duration(record.took()),
    )
}

fn lane_title(half: &Half) -> String {
    let name = |party: &Party| party.workload.as_ref().map(|workload| view::short(&workload.name));
    let whose = match half.reporter {
        Reporter::Source => name(&half.source),
        Reporter::Destination => name(&half.destination),
    };
    match whose {
        Some(whose) => format!("{} (the proxy of {whose})", half.reporter),
        None => half.reporter.to_string(),
    }
}

fn step(row: &Row) -> String {
    let mark = if row.failed { '✗' } else { ' ' };
    format!("  {mark} {:>9}  {:<9}  {}\n", format!("{} µs", row.at.as_micros()), row.stage, row.says)
}

/// What is known of failures of that code.
fn known_as(code: &str) -> Option<(&'static str, String)> {
    let row = knowledge::by_code(code).next()?;
    Some(("known as", format!("{} ({}): glasstunnel why {}", row.title, row.name, row.id)))
}

/// The answer, and what each end could see of it.
fn conclusions(record: &Record) -> Vec<(&'static str, String)> {
    let (source, destination) = record.lanes();
    let mut says = vec![("why", record.why())];
    if let Some(failure) = record.failure() {
        says.push(("ended at", format!("{} ({}), up to: {}", failure.stage, failure.code, failure.side)));
        says.extend(failure.policy.as_ref().map(|policy| ("decided by", policy.to_string())));
    }
    for (label, half) in [("source", source), ("destination", destination)] {
        let error = half.and_then(|half| half.outcome.failure()).map(|failure| failure.error.clone());
        says.extend(error.map(|error| (label, format!("error={error:?}"))));
    }
    says.push((
        "bytes",
        format!("{} to the backend, {} to the client", record.to_backend(), record.to_client()),
    ));
    says.extend(record.hint().map(|hint| ("next", hint.to_owned())));
    says.extend(record.code().and_then(known_as));
    says.push(("see", format!("glasstunnel trace '#{}'", record.id)));
    says
}
