//! `repro fix`: the failure, what changes, and the same connections after it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::args::{FixArguments, Story};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::play::{report_text, said};
use crate::cli::repro::one::{Kept, document};
use crate::cli::repro::shown::{Chosen, captured, traces};
use crate::cli::repro::story;
use crate::cli::suite::exit;
use crate::cli::wrap::{columns, wrapped};
use crate::repro::{Changed, change, does};
use crate::scenario::{
    Aspect, Client, ClientReport, Conclusion, End, Observed, Report, Scenario, run as play,
};

const QUIET: Style = Style::new().dimmed();
const TITLE: Style = Style::new().bold();
const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// The column of what is compared, and the widest line.
const LABEL: usize = 20;
const WIDEST: usize = 120;

/// Much of what is seen is long; this is enough to recognise it.
const SHOWN: usize = 160;

/// What is compared of each connection: what people see first.
const COMPARED: [(End, Aspect); 9] = [
    (End::Client, Aspect::Sees),
    (End::Client, Aspect::Exit),
    (End::Connection, Aspect::Verdict),
    (End::Connection, Aspect::Code),
    (End::Connection, Aspect::Flag),
    (End::Connection, Aspect::Wire),
    (End::Connection, Aspect::Alert),
    (End::Source, Aspect::Error),
    (End::Destination, Aspect::Error),
];

/// Plays the failure and then its fix; done only if both came out as documented.
pub(super) async fn run(
    (entry, broken): &Chosen,
    arguments: &FixArguments,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let Some(fixed) = &broken.fix else {
        output.talk(&format!("nothing here mends {}: {}\n", entry.row.id, entry.row.fix));
        return Ok(Exit::No);
    };
    let before = play(broken).await?;
    let kept = Kept::play(fixed, &arguments.play).await?;
    let reports = [before, kept.played.report.clone()];
    let [before, after] = &reports;
    if arguments.play.output == Story::Text {
        let mut text = format!("{}\n\n", story::title(entry));
        text.push_str(&changes(entry.text, &fixed.title));
        text.push_str(&compared((broken, before), (fixed, after), output.width().min(WIDEST)));
        text.push_str(&verdict(before, after, output.width()));
        if arguments.play.trace {
            text.push_str(&traces(after, output.width()));
        }
        output.answer(&text)?;
    } else {
        output.answer(&document(&reports))?;
    }
    captured(&reports, &arguments.play, output)?;
    kept.end(fixed, output).await;
    Ok(exit(&reports))
}

/// The fix, as a diff.
fn changes(text: &str, title: &str) -> String {
    let mut out = format!("  {QUIET}{:LABEL$}{QUIET:#}{TITLE}{title}{TITLE:#}\n", "the fix");
    for changed in change(text) {
        let _infallible = match changed {
            Changed::Of(name) => writeln!(out, "  {:LABEL$}{QUIET}{name}{QUIET:#}", ""),
            Changed::Gone(line) => writeln!(out, "  {:LABEL$}{GONE}- {line}{GONE:#}", ""),
            Changed::New(line) => writeln!(out, "  {:LABEL$}{NEW}+ {line}{NEW:#}", ""),
        };
    }
    out
}

/// Each connection before and after, beside each other; those that there are only once, alone.
fn compared(
    (broken, before): (&Scenario, &Report),
    (fixed, after): (&Scenario, &Report),
    width: usize,
) -> String {
    let mut text = String::new();
    let pair =
        |client: &Client| fixed.clients.iter().zip(&after.clients).find(|(other, _)| is_same(client, other));
    for (client, report) in broken.clients.iter().zip(&before.clients) {
        let after = pair(client).map(|(_, report)| report);
        text.push_str(&table(&does(client, &broken.afterwards), (Some(report), after), width));
    }
    let is_new = |client: &Client| !broken.clients.iter().any(|other| is_same(other, client));
    for (client, report) in fixed.clients.iter().zip(&after.clients).filter(|(client, _)| is_new(client)) {
        text.push_str(&table(&does(client, &fixed.afterwards), (None, Some(report)), width));
    }
    text
}

fn is_same(one: &Client, other: &Client) -> bool {
    (&one.name, &one.to) == (&other.name, &other.to)
}

/// What there was of a connection before and after.
type Sides<'a> = (Option<&'a ClientReport>, Option<&'a ClientReport>);

fn table(does: &str, (before, after): Sides<'_>, width: usize) -> String {
    let sides = [("BEFORE", before), ("AFTER", after)];
    let sides: Vec<(&str, &Observed)> =
        sides.into_iter().filter_map(|(title, report)| Some((title, report?.seen.as_ref()?))).collect();
    let column = width.saturating_sub(LABEL + 2 + 2) / sides.len().max(1);
    let titles: Vec<Vec<String>> = sides.iter().map(|(title, _)| vec![(*title).to_owned()]).collect();
    let mut text = format!("\n  {does}\n\n{}", row(("", QUIET), &titles, column));
    for (end, aspect) in COMPARED {
        let seen: Vec<String> = sides.iter().map(|(_, seen)| shown(seen.get(end, aspect))).collect();
        if seen.iter().all(|value| matches!(value.as_str(), "none" | "not recorded")) {
            continue;
        }
        let label = if end == End::Connection { aspect.to_string() } else { format!("{end} {aspect}") };
        let cells: Vec<Vec<String>> = seen.iter().map(|value| wrapped(value, column)).collect();
        let is_same = sides.len() > 1 && seen.iter().all(|value| seen.first() == Some(value));
        text.push_str(&row((&label, if is_same { QUIET } else { Style::new() }), &cells, column));
    }
    text
}

/// Cells of several lines beside each other.
fn row((label, style): (&str, Style), cells: &[Vec<String>], column: usize) -> String {
    let mut text = String::new();
    for line in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
        let label = if line == 0 { label } else { "" };
        let mut said = format!("  {label:LABEL$}{style}");
        for cell in cells {
            let cell = cell.get(line).map(String::as_str).unwrap_or_default();
            let room = " ".repeat(column.saturating_sub(columns(cell)));
            said.push_str(&format!("{cell}{room}  "));
        }
        let _infallible = writeln!(text, "{}{style:#}", said.trim_end());
    }
    text
}

/// One line, of a long value the beginning.
fn shown(value: &str) -> String {
    let value = value.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value,
    }
}

/// How both came out; what differs from what is documented, in full.
fn verdict(before: &Report, after: &Report, width: usize) -> String {
    let mut text = "\n".to_owned();
    for (report, word) in [(before, "reproduced"), (after, "mended")] {
        if report.conclusion != Conclusion::AsExpected {
            text.push_str(&report_text(report, width));
        }
        let (said, style) = said(report.conclusion, word);
        let seconds = report.took().as_secs_f64();
        let _infallible = writeln!(text, "{style}{said}{style:#} in {seconds:.2} s");
    }
    text
}
