//! One entry as people read it: what it is, what was expected and observed, why it confuses, what mends it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::play::{report_text, said};
use crate::cli::wrap::wrapped;
use crate::knowledge::{By, Row};
use crate::repro::Entry;
use crate::scenario::{End, Report, Scenario, Wanted};

const ID: Style = AnsiColor::Cyan.on_default().bold();
const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// The column of the labels.
const LABEL: usize = 20;

/// Prose is easier to read in short lines.
const WIDEST: usize = 110;

/// What is known of it, and how it is set up.
pub(super) fn show(entry: &Entry, scenario: &Scenario) -> String {
    let row = entry.row;
    let mut text = format!("{}\n\n", title(entry));
    field(&mut text, "happened", row.story);
    field(&mut text, "confusing", row.confusing);
    for client in &scenario.clients {
        let does = match client.command.is_empty() {
            true => format!(
                "{} → {}{}",
                client.from,
                client.to,
                client.manner.map(|manner| format!(" as {manner}")).unwrap_or_default()
            ),
            false => format!("{}: {}", client.from, client.command.join(" ")),
        };
        field(&mut text, "client", &does);
        for wanted in &client.expect.wanted {
            field(&mut text, &format!("  {}", sees(wanted)), &wanted.want.to_string());
        }
    }
    for certificate in &scenario.certificates {
        field(
            &mut text,
            "set up",
            &format!("the certificate of {} {}", certificate.workload, certificate.bend.about()),
        );
    }
    symptoms(&mut text, row);
    tools(&mut text, &scenario.plain_tools);
    field(&mut text, "tells apart", row.tells_apart);
    field(&mut text, "fix", row.fix);
    field(&mut text, "sources", &row.sources.join(", "));
    commands(&mut text, row, scenario);
    text
}

/// What came of it, and what that means.
pub(super) fn told(entry: &Entry, scenario: &Scenario, report: &Report, width: usize) -> String {
    let row = entry.row;
    let mut text = format!("{}\n", title(entry));
    if scenario.title != row.title {
        let _infallible = writeln!(text, "  {TITLE}fix{TITLE:#}: {}", scenario.title);
    }
    text.push('\n');
    text.push_str(&report_text(report, width));
    field(&mut text, "confusing", row.confusing);
    ztunnel(&mut text, row);
    tools(&mut text, &scenario.plain_tools);
    field(&mut text, "tells apart", row.tells_apart);
    field(&mut text, "fix", row.fix);
    let is_fix = scenario.title != row.title;
    let word = if is_fix { "mended" } else { "reproduced" };
    let (said, style) = said(report.conclusion, word);
    let _infallible = writeln!(text, "{style}{said}{style:#} in {:.2} s", report.took().as_secs_f64());
    commands(&mut text, row, scenario);
    text
}

fn title(entry: &Entry) -> String {
    let row = entry.row;
    format!("{ID}{}{ID:#}  {TITLE}{}{TITLE:#}  {QUIET}({}){QUIET:#}", row.id, row.title, row.name)
}

fn sees(wanted: &Wanted) -> String {
    match wanted.end {
        End::Connection => wanted.aspect.to_string(),
        end => format!("{end} {}", wanted.aspect),
    }
}

/// What stacks say of it.
fn symptoms(text: &mut String, row: &Row) {
    for (place, seen) in row.seen.iter().take(6).enumerate() {
        let label = if place == 0 { "seen" } else { "" };
        field(text, label, &format!("{}: {}", seen.by, seen.text));
    }
}

/// ztunnel's own words for it.
fn ztunnel(text: &mut String, row: &Row) {
    let own = row.seen.iter().find(|seen| seen.by == By::Ztunnel);
    let own = own.or_else(|| row.seen.iter().find(|seen| seen.by == By::Rustls));
    field(text, "in ztunnel", own.map_or("", |seen| seen.text));
}

/// Lines for a shell, which stay whole.
fn tools(text: &mut String, lines: &[String]) {
    for (place, line) in lines.iter().enumerate() {
        let label = if place == 0 { "plain tools" } else { "" };
        let _infallible = writeln!(text, "  {QUIET}{label:LABEL$}{QUIET:#}{line}");
    }
}

fn commands(text: &mut String, row: &Row, scenario: &Scenario) {
    let id = row.id;
    let mut next = vec![
        format!("glasstunnel repro run {id} --trace"),
        format!("glasstunnel repro run {id} --capture {id}.pcapng"),
    ];
    if scenario.fix.is_some() {
        next.insert(0, format!("glasstunnel repro fix {id}"));
    }
    let own = row.next.iter().map(|command| (*command).to_owned());
    for (place, command) in next.into_iter().chain(own).enumerate() {
        let label = if place == 0 { "next" } else { "" };
        let _infallible = writeln!(text, "  {QUIET}{label:LABEL$}{QUIET:#}{command}");
    }
}

fn field(text: &mut String, label: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    for (place, line) in wrapped(value, WIDEST - LABEL - 2).into_iter().enumerate() {
        let label = if place == 0 { label } else { "" };
        let _infallible = writeln!(text, "  {QUIET}{label:LABEL$}{QUIET:#}{line}");
    }
}
