//! `repro`: the failure catalogue.

mod list;
mod shown;
mod story;
mod one;
mod several;
mod fix;

use std::time::SystemTime;

use crate::admin::{json, yaml};
use crate::cli::args::{
    Catalogue, PlayArguments, ReproArguments, ReproCommand, ReproListArguments, ReproRunArguments,
    ReproShowArguments, Story,
};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::repro::shown::Chosen;
use crate::knowledge::by_id;
use crate::mesh::nearest;
use crate::repro::{Entry, entries, entry};
use crate::scenario::Scenario;

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
        ReproCommand::Fix(arguments) => {
            let (entry, scenario) = chosen(&arguments.id)?;
            fix::run(&(entry, at(scenario, &arguments.play)), arguments, output).await
        }
    }
}

fn list(arguments: &ReproListArguments, output: &mut Output) -> Result<Exit, CliError> {
    let is_wanted = |entry: &Entry| arguments.area.is_none_or(|area| entry.row.area == area);
    let wanted = entries().filter(is_wanted).map(with_scenario).collect::<Result<Vec<_>, _>>()?;
    let views = list::views(&wanted);
    output.answer(&match arguments.output {
        Story::Text => list::text(&views),
        Story::Json => json(&list::document(views)),
        Story::Yaml => yaml(&list::document(views)),
    })?;
    Ok(Exit::Done)
}

fn show(arguments: &ReproShowArguments, output: &mut Output) -> Result<Exit, CliError> {
    let (entry, scenario) = chosen(&arguments.id)?;
    let text = match arguments.output {
        Catalogue::Text => story::show(&entry, &scenario, output.width()),
        Catalogue::Yaml => entry.standalone()?,
    };
    output.answer(&text)?;
    Ok(Exit::Done)
}

async fn reproduce(arguments: &ReproRunArguments, output: &mut Output) -> Result<Exit, CliError> {
    let all = arguments.ids.iter().any(|id| id == "all");
    let chosen: Vec<Chosen> = match all {
        true => entries().map(with_scenario).collect::<Result<_, _>>()?,
        false => arguments.ids.iter().map(|id| chosen(id)).collect::<Result<_, _>>()?,
    };
    let chosen: Vec<Chosen> =
        chosen.into_iter().map(|(entry, scenario)| (entry, at(scenario, &arguments.play))).collect();
    match chosen.as_slice() {
        [one] if !all && arguments.times == 1 => one::run(one, &arguments.play, output).await,
        several if arguments.play.keep => Err(CliError::KeepsOne { found: several.len() }),
        several => several::run(several, arguments, output).await,
    }
}

/// The scenario at the time that was asked for.
fn at(scenario: Scenario, arguments: &PlayArguments) -> Scenario {
    match arguments.at {
        Some(moment) => scenario.at(moment.ahead(SystemTime::now())),
        None => scenario,
    }
}

/// The entry that somebody means.
fn chosen(asked: &str) -> Result<Chosen, CliError> {
    if let Some(entry) = entry(asked) {
        return with_scenario(entry);
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

/// With its scenario, which has the words of its row where it has none of its own.
fn with_scenario(entry: Entry) -> Result<Chosen, CliError> {
    let read = entry.scenario()?;
    let mut scenario = read.ok_or_else(|| CliError::NoScenario { found: "none".to_owned() })?;
    if scenario.title.is_empty() {
        entry.row.title.clone_into(&mut scenario.title);
    }
    Ok((entry, scenario))
}
