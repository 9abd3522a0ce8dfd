//! Reports as people read them: expected against observed, end by end.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::wrap::{columns, wrapped};
use crate::scenario::{ClientReport, Conclusion, Report, Row, Scenario};

const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The column of who sees what.
const LABEL: usize = 20;

/// Wider lines are hard to read.
const WIDEST: usize = 120;

/// What came of a scenario, with all that was compared.
pub fn report_text(report: &Report, width: usize) -> String {
    let mut text = String::new();
    if let Some(trouble) = &report.problem {
        let _infallible = writeln!(text, "  {BAD}{}{BAD:#} [{}]", trouble.message, trouble.code);
        if let Some(hint) = &trouble.hint {
            let _infallible = writeln!(text, "  help: {hint}");
        }
    }
    for client in &report.clients {
        text.push_str(&client_text(client, width.min(WIDEST)));
    }
    text
}

fn client_text(client: &ClientReport, width: usize) -> String {
    let column = width.saturating_sub(LABEL + 2 + 2 + 2 + 3) / 2;
    let mut text = format!("  {}\n\n", client.does);
    let _infallible = writeln!(text, "  {:LABEL$}{QUIET}{:column$}  OBSERVED{QUIET:#}", "", "EXPECTED",);
    client.rows.iter().for_each(|row| text.push_str(&row_text(row, column)));
    if let Some(why) = &client.inconclusive {
        let _infallible = writeln!(text, "  {BAD}inconclusive{BAD:#}: {why}");
    }
    text.push('\n');
    text
}

fn row_text(row: &Row, column: usize) -> String {
    let label = match row.end.as_str() {
        "connection" => row.aspect.clone(),
        end => format!("{end} {}", row.aspect),
    };
    let (mark, style) = if row.ok { ("✓", GOOD) } else { ("✗", BAD) };
    let (expected, observed) = (wrapped(&row.expected, column), wrapped(&row.observed, column));
    let mut text = String::new();
    for line in 0..expected.len().max(observed.len()).max(1) {
        let cell = |lines: &[String]| {
            let cell = lines.get(line).cloned().unwrap_or_default();
            let room = column.saturating_sub(columns(&cell));
            format!("{cell}{}", " ".repeat(room))
        };
        let (label, end) = if line == 0 {
            (label.as_str(), format!("  {style}{mark}{style:#}"))
        } else {
            ("", String::new())
        };
        let line = format!("  {label:LABEL$}{}  {}{end}", cell(&expected), cell(&observed));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What is said of each report, as soon as it and all before it are known.
pub(crate) struct InOrder<'a> {
    tell: &'a dyn Fn(&Report) -> String,
    /// Where each is written, and what is said of it once it is known.
    said: Vec<(String, Option<String>)>,
    next: usize,
    result: Result<(), CliError>,
}

impl<'a> InOrder<'a> {
    /// For these scenarios.
    pub(crate) fn of(scenarios: &[Scenario], tell: &'a dyn Fn(&Report) -> String) -> Self {
        let said = scenarios.iter().map(|scenario| (scenario.source.to_string(), None)).collect();
        Self { tell, said, next: 0, result: Ok(()) }
    }

    /// Takes a report, and writes what is known from the first on.
    pub(crate) fn finished(&mut self, report: &Report, output: &mut Output) {
        let own = |(source, said): &&mut (String, Option<String>)| *source == report.source && said.is_none();
        if let Some((_, said)) = self.said.iter_mut().find(own) {
            *said = Some((self.tell)(report));
        }
        while let (Some((_, Some(said))), Ok(())) = (self.said.get(self.next), &self.result) {
            self.result = output.answer(said);
            self.next += 1;
        }
    }

    /// Whether all of it could be written.
    pub(crate) fn written(self) -> Result<(), CliError> {
        self.result
    }
}

/// A report in one line; names have a column of `widest`.
pub(crate) fn line(report: &Report, word: &str, widest: usize) -> String {
    let (said, style) = said(report.conclusion, word);
    let room = " ".repeat(widest.saturating_sub(columns(&report.name)));
    let title = if report.title.is_empty() { &report.source } else { &report.title };
    let seconds = report.took().as_secs_f64();
    format!("{style}{said:12}{style:#}  {}{room}  {title}  {QUIET}{seconds:.2} s{QUIET:#}\n", report.name)
}

/// How wide the column of their names is.
pub(crate) fn widest(scenarios: &[Scenario]) -> usize {
    scenarios.iter().map(|scenario| columns(&scenario.name)).max().unwrap_or_default()
}

/// How many came out how.
pub(crate) fn sum(reports: &[Report], word: &str) -> String {
    let count = |wanted| reports.iter().filter(|report| report.conclusion == wanted).count();
    let all =
        [Conclusion::AsExpected, Conclusion::Differed, Conclusion::Inconclusive, Conclusion::Unplayable];
    let parts: Vec<String> = all
        .into_iter()
        .filter(|conclusion| count(*conclusion) > 0)
        .map(|conclusion| format!("{} {}", count(conclusion), said(conclusion, word).0))
        .collect();
    format!("{TITLE}{}{TITLE:#}\n", parts.join(", "))
}

/// A conclusion in a word; `word` is that for a good one.
pub(crate) fn said(conclusion: Conclusion, word: &str) -> (&str, Style) {
    match conclusion {
        Conclusion::AsExpected => (word, GOOD),
        Conclusion::Differed => ("differed", BAD),
        Conclusion::Inconclusive => ("inconclusive", BAD),
        Conclusion::Unplayable => ("unplayable", BAD),
    }
}
