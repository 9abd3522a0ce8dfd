//! One entry as people read it: what it is, what was expected and observed, why it misleads, what mends it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::play::{report_text, said};
use crate::cli::wrap::wrapped;
use crate::knowledge::{By, Row};
use crate::repro::{Entry, next, setup, sights};
use crate::scenario::{Report, Scenario};

const ID: Style = AnsiColor::Cyan.on_default().bold();
const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// The column of the labels.
const LABEL: usize = 20;

/// Prose is easier to read in short lines.
const WIDEST: usize = 110;

/// A text that grows, for a terminal of some width.
struct Story {
    text: String,
    width: usize,
}

/// What is known of it, and how it is set up.
pub(super) fn show(entry: &Entry, scenario: &Scenario, width: usize) -> String {
    let row = entry.row;
    let mut story = Story::of(entry, width);
    story.field("what happens", row.story);
    story.field("what misleads", row.confusing);
    for sight in sights(scenario) {
        story.paragraph();
        story.field("who connects", &bare(&sight.does));
        for (by, sees) in &sight.lines {
            story.field(&format!("  {by}"), &bare(sees));
        }
    }
    story.elsewhere(row);
    story.paragraph();
    story.advice(row);
    if let Some(fix) = &scenario.fix {
        story.field("  shown by", &format!("glasstunnel repro fix {}: {}", row.id, fix.title));
    }
    story.paragraph();
    story.lines("how it is set up", setup(entry.text).lines());
    story.paragraph();
    story.lines("plain tools", scenario.plain_tools.iter().map(String::as_str));
    story.lines("next", next(row).iter().map(String::as_str));
    story.paragraph();
    story.field("sources", &row.sources.join(", "));
    story.text
}

/// What came of it, and what that means.
pub(super) fn told(entry: &Entry, scenario: &Scenario, report: &Report, width: usize) -> String {
    let row = entry.row;
    let mut story = Story::of(entry, width);
    story.text.push_str(&report_text(report, width));
    story.field("what misleads", row.confusing);
    story.ztunnel(row);
    story.advice(row);
    story.lines("plain tools", scenario.plain_tools.iter().map(String::as_str));
    story.verdict(report, "reproduced");
    let more = [
        scenario.fix.as_ref().map(|_fix| format!("glasstunnel repro fix {}", row.id)),
        Some(format!("glasstunnel repro run {} --trace", row.id)),
        Some(format!("glasstunnel repro run {} --capture {}.pcapng", row.id, row.id)),
    ];
    let more: Vec<String> = more.into_iter().flatten().chain(next(row).into_iter().skip(1)).collect();
    story.lines("next", more.iter().map(String::as_str));
    story.text
}

impl Story {
    fn of(entry: &Entry, width: usize) -> Self {
        Self { text: title(entry) + "\n\n", width: width.min(WIDEST) }
    }

    fn field(&mut self, label: &str, value: &str) {
        let lines = wrapped(value, self.width.saturating_sub(LABEL + 2));
        self.lines(label, lines.iter().map(String::as_str));
    }

    /// Lines that stay whole.
    fn lines<'a>(&mut self, label: &str, lines: impl Iterator<Item = &'a str>) {
        for (place, line) in lines.enumerate() {
            let label = if place == 0 { label } else { "" };
            let _infallible = writeln!(self.text, "  {QUIET}{label:LABEL$}{QUIET:#}{line}");
        }
    }

    /// A line between what does not belong together.
    fn paragraph(&mut self) {
        if !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn advice(&mut self, row: &Row) {
        self.field("how to tell", row.tells_apart);
        self.field("what mends it", row.fix);
    }

    /// What others say of it, each stack in a line.
    fn elsewhere(&mut self, row: &Row) {
        self.paragraph();
        let mut said: Vec<(By, Vec<&str>)> = Vec::new();
        for seen in row.seen {
            match said.iter_mut().find(|(by, _)| *by == seen.by) {
                Some((_, texts)) => texts.push(seen.text),
                None => said.push((seen.by, vec![seen.text])),
            }
        }
        for (place, (by, texts)) in said.into_iter().enumerate() {
            let label = if place == 0 { "others say" } else { "" };
            self.field(label, &format!("{by}: {}", texts.join(" | ")));
        }
    }

    /// ztunnel's own words for it.
    fn ztunnel(&mut self, row: &Row) {
        let own = row.seen.iter().find(|seen| seen.by == By::Ztunnel);
        let own = own.or_else(|| row.seen.iter().find(|seen| seen.by == By::Rustls));
        self.field("in ztunnel", own.map_or("", |seen| seen.text));
    }

    fn verdict(&mut self, report: &Report, word: &str) {
        let (said, style) = said(report.conclusion, word);
        let seconds = report.took().as_secs_f64();
        let _infallible = writeln!(self.text, "{style}{said}{style:#} in {seconds:.2} s");
    }
}

/// The first line.
pub(super) fn title(entry: &Entry) -> String {
    let row = entry.row;
    format!("{ID}{}{ID:#}  {TITLE}{}{TITLE:#}  {QUIET}({}){QUIET:#}", row.id, row.title, row.name)
}

/// Code needs no marks where all letters have one width.
fn bare(text: &str) -> String {
    text.replace('`', "")
}
