//! `repro`: the failure catalogue.

mod list;
mod story;

use std::time::Duration;

use crate::admin::{Document, List, json, yaml};
use crate::cli::args::{
    Catalogue, FixArguments, PlayArguments, ReproArguments, ReproCommand, ReproListArguments,
    ReproRunArguments, ReproShowArguments, Story,
};
use crate::cli::capture;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::play::{report_text, sum, summary};
use crate::cli::stop::{Signals, stop};
use crate::cli::suite::exit;
use crate::cli::trace::trace_text;
use crate::glass;
use crate::knowledge::by_id;
use crate::mesh::nearest;
use crate::repro::{Entry, entries, entry};
use crate::scenario::{Conclusion, Played, Report, Scenario, play, run_all};

/// What those that came out as documented are called.
const WORD: &str = "reproduced";

/// Does it.
///
/// # Errors
///
/// [`CliError`] for an unknown id, a scenario that cannot be played, a file or an answer that cannot be written.
pub(crate) async fn run(arguments: &ReproArguments, output: &mut Output) -> Result<Exit, CliError> {
    match &arguments.command {
        ReproCommand::List(arguments) => list(arguments, output),
        ReproCommand::Show(arguments) => show(arguments, output),
        ReproCommand::Run(arguments) => reproduce(arguments, output).await,
        ReproCommand::Fix(arguments) => fix(arguments, output).await,
    }
}

fn list(arguments: &ReproListArguments, output: &mut Output) -> Result<Exit, CliError> {
    let is_wanted =
        |entry: &Entry| arguments.area.as_ref().is_none_or(|area| entry.row.area.to_string() == *area);
    let wanted: Vec<Entry> = entries().filter(is_wanted).collect();
    output.answer(&match arguments.output {
        Story::Text => list::text(&wanted),
        Story::Json => json(&list::document(&wanted)),
        Story::Yaml => yaml(&list::document(&wanted)),
    })?;
    Ok(Exit::Done)
}

fn show(arguments: &ReproShowArguments, output: &mut Output) -> Result<Exit, CliError> {
    let entry = found(&arguments.id)?;
    let text = match arguments.output {
        Catalogue::Text => story::show(&entry, &scenario(&entry)?, output.width()),
        Catalogue::Yaml => entry.standalone()?,
    };
    output.answer(&text)?;
    Ok(Exit::Done)
}

async fn reproduce(arguments: &ReproRunArguments, output: &mut Output) -> Result<Exit, CliError> {
    let all = arguments.ids.iter().any(|id| id == "all");
    let chosen: Vec<Entry> = match all {
        true => entries().collect(),
        false => arguments.ids.iter().map(|id| found(id)).collect::<Result<_, _>>()?,
    };
    if let ([entry], false) = (chosen.as_slice(), all) {
        return one(entry, &scenario(entry)?, &arguments.play, output).await;
    }
    let scenarios = chosen.iter().map(scenario).collect::<Result<Vec<_>, _>>()?;
    let reports = run_all(scenarios, arguments.jobs, |_| ()).await;
    if arguments.play.output == Story::Text {
        output.answer(&several(&reports, &arguments.play, output.width()))?;
    } else {
        output.answer(&json(&Document::<List<Report>>::list(reports.clone())))?;
    }
    captured(&reports, &arguments.play, output)?;
    Ok(exit(&reports))
}

fn several(reports: &[Report], play: &PlayArguments, width: usize) -> String {
    let mut text = summary(reports, WORD);
    for report in reports.iter().filter(|report| report.conclusion != Conclusion::AsExpected) {
        text.push_str(&format!("\n{} {}\n{}", report.name, report.title, report_text(report, width)));
    }
    if play.trace {
        text.push_str(&reports.iter().map(|report| traces(report, width)).collect::<String>());
    }
    text + "\n" + &sum(reports, WORD)
}

async fn fix(arguments: &FixArguments, output: &mut Output) -> Result<Exit, CliError> {
    let entry = found(&arguments.id)?;
    let broken = scenario(&entry)?;
    let Some(fixed) = broken.fix else {
        output.talk(&format!("nothing here mends {}: {}\n", entry.row.id, entry.row.fix));
        return Ok(Exit::No);
    };
    one(&entry, &fixed, &arguments.play, output).await
}

/// Plays one, tells all about it, and keeps its mesh if that was asked for.
async fn one(
    entry: &Entry,
    scenario: &Scenario,
    arguments: &PlayArguments,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let signals = if arguments.keep { Some(Signals::new()?) } else { None };
    let Played { report, lab, faults } = play(scenario).await?;
    let reports = [report];
    for report in &reports {
        if arguments.output == Story::Text {
            let mut text = story::told(entry, scenario, report, output.width());
            if arguments.trace {
                text.push_str(&traces(report, output.width()));
            }
            output.answer(&text)?;
        } else {
            output.answer(&json(&Document::one(report.clone())))?;
        }
    }
    captured(&reports, arguments, output)?;
    match signals {
        Some(mut signals) => {
            let context = lab.running().info().context.clone();
            output.talk(&format!(
                "its mesh runs on until Ctrl-C: glasstunnel config workloads --context {context}\n"
            ));
            signals.next().await;
            drop(faults);
            stop(lab.into_running(), Duration::ZERO, output).await;
        }
        None => drop(lab.stop(Duration::ZERO).await),
    }
    Ok(exit(&reports))
}

fn traces(report: &Report, width: usize) -> String {
    report.records().map(|record| format!("\n{}", trace_text(&glass::trace(record, false), width))).collect()
}

fn captured(reports: &[Report], arguments: &PlayArguments, output: &mut Output) -> Result<(), CliError> {
    let Some(path) = &arguments.capture else { return Ok(()) };
    let records = reports.iter().flat_map(Report::records).map(|record| &**record);
    let file = glass::capture(records).file;
    capture::write(path, &file, true)?;
    output.talk(&format!(
        "wrote {} ({} bytes)\nwarning: it holds the keys of its connections: whoever has the file can read what was said\n",
        path.display(),
        file.len()
    ));
    Ok(())
}

/// The entry that somebody means.
fn found(asked: &str) -> Result<Entry, CliError> {
    if let Some(entry) = entry(asked) {
        return Ok(entry);
    }
    match by_id(asked) {
        Some(row) => Err(CliError::NotReproducible { id: row.id }),
        None => {
            let names = entries().flat_map(|entry| [entry.row.id, entry.row.name]);
            let nearest = nearest(asked, names).map(str::to_owned);
            Err(CliError::NoSuchFailure { found: asked.to_owned(), nearest })
        }
    }
}

/// Its scenario, with the words of its row where it has none of its own.
fn scenario(entry: &Entry) -> Result<Scenario, CliError> {
    let read = entry.scenario()?;
    let mut scenario = read.ok_or_else(|| CliError::NoScenario { found: "none".to_owned() })?;
    if scenario.title.is_empty() {
        entry.row.title.clone_into(&mut scenario.title);
    }
    Ok(scenario)
}
