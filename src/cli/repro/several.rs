//! Several entries, or several rounds: a line for each as soon as it is known, then what differs.

use std::time::Instant;

use crate::cli::args::{ReproRunArguments, Story};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::play::{InOrder, line, report_text, sum, widest};
use crate::cli::repro::one::document;
use crate::cli::repro::shown::{Chosen, captured, traces};
use crate::cli::suite::exit;
use crate::repro::differences;
use crate::scenario::{Conclusion, Report, Scenario, run_all};

/// What those that came out as documented are called.
const WORD: &str = "reproduced";

/// Runs them as often as was asked for.
pub(super) async fn run(
    chosen: &[Chosen],
    arguments: &ReproRunArguments,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let scenarios: Vec<Scenario> = chosen.iter().map(|(_, scenario)| scenario.clone()).collect();
    let widest = widest(&scenarios);
    let mut rounds = Rounds::default();
    for round in 1..=arguments.times {
        let began = Instant::now();
        let is_told = arguments.play.output == Story::Text && arguments.times == 1;
        let tell = |report: &Report| if is_told { line(report, WORD, widest) } else { String::new() };
        let mut lines = InOrder::of(&scenarios, &tell);
        let finished = |report: &Report| lines.finished(report, output);
        let reports = run_all(scenarios.clone(), arguments.jobs, finished).await;
        lines.written()?;
        let differing = rounds.add(reports);
        if arguments.play.output == Story::Text {
            let reports = rounds.last.as_slice();
            let mut text = differ(reports, output.width());
            if arguments.play.trace {
                text.push_str(
                    &reports.iter().map(|report| traces(report, output.width())).collect::<String>(),
                );
            }
            text.push_str(&match arguments.times {
                1 => format!("\n{}", sum(reports, WORD)),
                times => {
                    let seconds = began.elapsed().as_secs_f64();
                    let sum = sum(reports, WORD);
                    format!("round {round:>2} of {times}  {seconds:5.1} s  {sum}{}", differing.concat())
                }
            });
            output.answer(&text)?;
        }
    }
    if arguments.play.output == Story::Text {
        output.answer(&rounds.concluded(arguments.times))?;
    } else {
        output.answer(&document(&rounds.all))?;
    }
    captured(&rounds.all, &arguments.play, output)?;
    Ok(if rounds.differing > 0 { Exit::No } else { exit(&rounds.all) })
}

/// All rounds so far.
#[derive(Default)]
struct Rounds {
    first: Vec<Report>,
    last: Vec<Report>,
    all: Vec<Report>,
    differing: usize,
}

impl Rounds {
    /// Adds a round; what differs from the first one, a line each.
    fn add(&mut self, reports: Vec<Report>) -> Vec<String> {
        if self.first.is_empty() {
            self.first.clone_from(&reports);
        }
        let pairs = self.first.iter().zip(&reports);
        let lines = pairs.flat_map(|(first, now)| {
            differences(first, now).into_iter().map(|line| format!("  {}: {line}\n", first.name))
        });
        let lines: Vec<String> = lines.collect();
        self.differing += lines.len();
        self.all.extend(reports.iter().cloned());
        self.last = reports;
        lines
    }

    /// What all rounds come to.
    fn concluded(&self, times: u32) -> String {
        match (times, self.differing) {
            (1, _) => String::new(),
            (_, 0) => format!("\n{times} rounds, no difference between them\n"),
            (_, 1) => format!("\n{times} rounds, 1 difference between them\n"),
            (_, count) => format!("\n{times} rounds, {count} differences between them\n"),
        }
    }
}

/// Those that are not as documented, in full.
fn differ(reports: &[Report], width: usize) -> String {
    let differing = reports.iter().filter(|report| report.conclusion != Conclusion::AsExpected);
    differing
        .map(|report| format!("\n{} {}\n{}", report.name, report.title, report_text(report, width)))
        .collect()
}
