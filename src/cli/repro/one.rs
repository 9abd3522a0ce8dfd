//! One entry, told in full; its mesh may be kept.

use std::time::Duration;

use crate::admin::{Document, List, json};
use crate::cli::args::{PlayArguments, Story};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::repro::shown::{Chosen, captured, traces};
use crate::cli::repro::story;
use crate::cli::stop::{Signals, stop};
use crate::cli::suite::exit;
use crate::scenario::{Played, Report, Scenario, play};

/// Plays it, tells all about it, and keeps its mesh if that was asked for.
pub(super) async fn run(
    (entry, scenario): &Chosen,
    arguments: &PlayArguments,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let kept = Kept::play(scenario, arguments).await?;
    let reports = [kept.played.report.clone()];
    for report in &reports {
        let text = match arguments.output {
            Story::Text => story::told(entry, scenario, report, output.width()),
            _ => document(&reports),
        };
        output.answer(&text)?;
        if arguments.trace && arguments.output == Story::Text {
            output.answer(&traces(report, output.width()))?;
        }
    }
    captured(&reports, arguments, output)?;
    kept.end(scenario, output).await;
    Ok(exit(&reports))
}

/// Reports as a machine reads them: a list, also of one.
pub(super) fn document(reports: &[Report]) -> String {
    json(&Document::<List<Report>>::list(reports.to_vec()))
}

/// A scenario that was played, and the signals that end its mesh if it is kept.
pub(super) struct Kept {
    pub(super) played: Played,
    signals: Option<Signals>,
}

impl Kept {
    /// Plays it. Signals are heard from before, so that none is missed.
    pub(super) async fn play(scenario: &Scenario, arguments: &PlayArguments) -> Result<Self, CliError> {
        let signals = if arguments.keep { Some(Signals::new()?) } else { None };
        Ok(Self { played: play(scenario).await?, signals })
    }

    /// Stops its mesh, at once or when it is told to.
    pub(super) async fn end(self, scenario: &Scenario, output: &mut Output) {
        let Played { lab, faults, .. } = self.played;
        let Some(mut signals) = self.signals else {
            // What waits at a fault would hold the mesh up.
            drop(faults);
            lab.stop(Duration::ZERO).await;
            return;
        };
        output.talk(&hints(&lab.running().info().context, scenario));
        signals.next().await;
        drop(faults);
        let last = stop(lab.into_running(), Duration::ZERO, output).await;
        output.talk_last(&last);
    }
}

/// What to do with a mesh that runs on.
fn hints(context: &str, scenario: &Scenario) -> String {
    let mut text = "\nIts mesh runs on, as it is now, until Ctrl-C. In another terminal:\n".to_owned();
    let mut line = |command: String| text.push_str(&format!("  glasstunnel {command}\n"));
    line(format!("config connections --finished -o wide --context {context}"));
    line(format!("explain '#1' --context {context}"));
    let client = scenario.clients.iter().find(|client| client.manner.is_none() && client.command.is_empty());
    if let Some(client) = client {
        let url = client.to.strip_suffix(":80").unwrap_or(&client.to);
        line(format!("exec --context {context} {} -- curl -sS http://{url}/", client.from));
        line(format!("trace --from {} --to {} --fresh-tunnel --context {context}", client.from, client.to));
    }
    line(format!("get pa,ap,dr,svc,po -A --context {context}"));
    text
}
