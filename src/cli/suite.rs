//! `test`: a person's own scenarios.

use crate::admin::{Document, List, json};
use crate::cli::args::{Outcome, TestArguments};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::inputs;
use crate::cli::junit::junit;
use crate::cli::output::Output;
use crate::cli::play::{InOrder, line, report_text, sum, widest};
use crate::scenario::{Conclusion, Report, Scenario, load, run_all};

/// What those that came out as expected are called.
const WORD: &str = "ok";

/// Runs them all.
///
/// # Errors
///
/// [`CliError`] when a file is wrong or holds no scenario, or the answer cannot be written.
pub(crate) async fn run(arguments: &TestArguments, output: &mut Output) -> Result<Exit, CliError> {
    let common = if arguments.mesh.is_empty() { Vec::new() } else { inputs(&arguments.mesh)? };
    let mut scenarios = load(&common, &inputs(&arguments.files)?)?;
    if arguments.fixed {
        scenarios = scenarios.into_iter().filter_map(|scenario| Some(*scenario.fix?)).collect();
    }
    let scenarios = chosen(scenarios, &arguments.only)?;
    let (width, widest, is_text) =
        (output.width(), widest(&scenarios), matches!(arguments.output, Outcome::Text));
    let tell = |report: &Report| match is_text {
        true => told(report, arguments.observe, (width, widest)),
        false => String::new(),
    };
    let mut lines = InOrder::of(&scenarios, &tell);
    let reports = run_all(scenarios, arguments.jobs, |report| lines.finished(report, output)).await;
    lines.written()?;
    let text = match arguments.output {
        Outcome::Text => format!("\n{}", sum(&reports, WORD)),
        Outcome::Json => json(&Document::<List<Report>>::list(reports.clone())),
        Outcome::Junit => junit(&reports),
    };
    output.answer(&text)?;
    Ok(exit(&reports))
}

fn chosen(scenarios: Vec<Scenario>, only: &[String]) -> Result<Vec<Scenario>, CliError> {
    let names: Vec<String> = scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let is_asked = |scenario: &Scenario| only.is_empty() || only.contains(&scenario.name);
    let chosen: Vec<Scenario> = scenarios.into_iter().filter(is_asked).collect();
    if chosen.is_empty() {
        let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(CliError::NoScenario { found });
    }
    Ok(chosen)
}

/// A line, and the whole comparison if it is not as expected.
fn told(report: &Report, observe: bool, (width, widest): (usize, usize)) -> String {
    let mut text = line(report, WORD, widest);
    if report.conclusion != Conclusion::AsExpected {
        text.push_str(&format!("\n  {}\n{}", report.source, report_text(report, width)));
    }
    if observe {
        for client in &report.clients {
            text.push_str(&format!("    # {}\n    expect:\n", client.does));
            text.extend(client.observed().lines().map(|line| format!("      {line}\n")));
        }
    }
    text
}

/// What all of them come to: what differs is worse than what is wrong or not known.
pub(crate) fn exit(reports: &[Report]) -> Exit {
    let is = |wanted| reports.iter().any(|report| report.conclusion == wanted);
    let mistaken =
        reports.iter().filter_map(|report| report.problem.as_ref()).any(|trouble| trouble.is_mistake);
    match () {
        () if is(Conclusion::Differed) => Exit::No,
        () if mistaken => Exit::Configuration,
        () if is(Conclusion::Unplayable) => Exit::Environment,
        () if is(Conclusion::Inconclusive) => Exit::Inconclusive,
        () => Exit::Done,
    }
}
