//! `repro fix`: the failure, what changes, and the same connections after it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::args::{FixArguments, Story};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::play::{report_text, said};
use crate::cli::repro::one::{Kept, document};
use crate::cli::repro::{Chosen, captured, story, traces};
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
        text.push_str(&table(&does(client), Some(report), after, width));
    }
    let is_new = |client: &Client| !broken.clients.iter().any(|other| is_same(other, client));
    for (client, report) in fixed.clients.iter().zip(&after.clients).filter(|(client, _)| is_new(client)) {
        text.push_str(&table(&does(client), None, Some(report), width));
    }
    text
}

fn is_same(one: &Client, other: &Client) -> bool {
    (&one.name, &one.to) == (&other.name, &other.to)
}

fn table(does: &str, before: Option<&ClientReport>, after: Option<&ClientReport>, width: usize) -> String {
    let column = width.saturating_sub(LABEL + 2 + 2) / 2;
    let does = does.replace('`', "");
    let mut text = format!("\n  {does}\n\n  {:LABEL$}{QUIET}{:column$}  AFTER{QUIET:#}\n", "", "BEFORE");
    let seen = |report: Option<&ClientReport>, (end, aspect)| {
        let seen: Option<&Observed> = report.and_then(|report| report.seen.as_ref());
        seen.map(|seen| shown(seen.get(end, aspect)))
    };
    for (end, aspect) in COMPARED {
        let (old, new) = (seen(before, (end, aspect)), seen(after, (end, aspect)));
        if [&old, &new].into_iter().flatten().all(|value| matches!(value.as_str(), "none" | "not recorded")) {
            continue;
        }
        let label = if end == End::Connection { aspect.to_string() } else { format!("{end} {aspect}") };
        let cell = |value: Option<String>| wrapped(value.as_deref().unwrap_or("-"), column);
        text.push_str(&row(&label, &cell(old), &cell(new), column));
    }
    text
}

fn row(label: &str, before: &[String], after: &[String], column: usize) -> String {
    let mut text = String::new();
    let style = if before == after { QUIET } else { Style::new() };
    for line in 0..before.len().max(after.len()) {
        let cell = |lines: &[String]| lines.get(line).cloned().unwrap_or_default();
        let (label, before, after) = (if line == 0 { label } else { "" }, cell(before), cell(after));
        let room = " ".repeat(column.saturating_sub(columns(&before)));
        let line = format!("  {label:LABEL$}{style}{before}{room}  {after}");
        let _infallible = writeln!(text, "{}{style:#}", line.trim_end());
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
