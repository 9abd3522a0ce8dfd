//! Reports as people read them: expected against observed, end by end.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::wrap::{columns, wrapped};
use crate::scenario::{ClientReport, Conclusion, Report, Row};

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

/// One line for each report, and a sum.
pub(crate) fn summary(reports: &[Report], word: &str) -> String {
    let widest = reports.iter().map(|report| columns(&report.name)).max().unwrap_or_default();
    let mut text = String::new();
    for report in reports {
        let (said, style) = said(report.conclusion, word);
        let room = " ".repeat(widest - columns(&report.name));
        let _infallible = writeln!(
            text,
            "{style}{said:13}{style:#} {}{room}  {}  {QUIET}{:.2} s{QUIET:#}",
            report.name,
            report.title,
            report.took().as_secs_f64()
        );
    }
    text
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
