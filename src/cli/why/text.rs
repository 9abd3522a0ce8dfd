//! How causes are laid out: the best in full, the others in short, a log's symptoms as a table first.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::table::Table;
use crate::cli::wrap::wrapped;
use crate::knowledge::{Causes, Evidence, KnownAlert, Match, Row};
use crate::repro::next;

/// The width of a line, and of the column of labels.
const WIDTH: usize = 100;
const LABEL: usize = 13;

const ID: Style = AnsiColor::Cyan.on_default().bold();
const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// How much of a line stands in the table of a log.
const IN_TABLE: usize = 72;

/// The answer; `limit` is the number of causes that are told.
pub(super) fn of(causes: &Causes, limit: usize) -> String {
    let ranked = causes.ranked();
    let mut text = String::new();
    if causes.lines > 1 {
        text.push_str(&symptoms(causes));
    }
    let Some((best, found)) = ranked.first() else {
        causes.alerts.iter().for_each(|alert| field(&mut text, "alert", &told(alert)));
        return text;
    };
    full(&mut text, best, found, causes);
    let others = ranked.get(1..limit.min(ranked.len())).unwrap_or_default();
    if !others.is_empty() {
        let _infallible = writeln!(text, "\n{}", also(causes, found));
    }
    for (row, _) in others {
        short(&mut text, row);
    }
    let left = ranked.len().saturating_sub(limit);
    if left > 0 {
        let _infallible = writeln!(text, "\n{QUIET}{left} more: --all{QUIET:#}");
    }
    text
}

/// What to say of a text that nothing is known about.
pub(super) fn nothing(causes: &Causes) -> String {
    let lines = if causes.lines == 1 { "1 line".to_owned() } else { format!("{} lines", causes.lines) };
    format!(
        "nothing is known about that: looked at {lines} for {} failures' messages, alerts, flags and codes\n\
         help: of a connection here: glasstunnel explain '#ID', or glasstunnel trace --from A --to B:PORT\n\
         help: of a server: glasstunnel probe HOST:PORT, or openssl s_client -connect HOST:PORT -alpn h2\n\
         help: of a log: paste the other end's too; in TLS 1.3 the side that refused has the reason\n",
        crate::knowledge::rows().count()
    )
}

/// The symptoms of a log, one a line.
fn symptoms(causes: &Causes) -> String {
    let mut text = format!("{} lines, {} of them known\n", causes.lines, causes.known);
    if causes.matches.is_empty() {
        return text;
    }
    let mut table = Table::new(["COUNT", "LINE", "CAUSE", "SEEN"]);
    for found in &causes.matches {
        let ids: Vec<&str> = found.rows.iter().take(3).map(|row| row.id).collect();
        let more = if found.rows.len() > 3 { " …" } else { "" };
        let seen = cut(&found.excerpt);
        table.row(vec![format!("{}×", found.count), found.line.to_string(), ids.join(" ") + more, seen]);
    }
    let _infallible = writeln!(text, "\n{}", table.render(true));
    text
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(IN_TABLE).collect();
    if short.len() < text.len() { format!("{}…", short.trim_end_matches('…')) } else { short }
}

fn full(text: &mut String, row: &Row, found: &Match, causes: &Causes) {
    let _infallible = writeln!(
        text,
        "{ID}{}{ID:#}  {TITLE}{}{TITLE:#}  {QUIET}({}){QUIET:#}\n",
        row.id, row.title, row.name
    );
    // An alert says what it is by itself.
    if !matches!(found.evidence, Evidence::Alert(_)) {
        field(text, "recognised", &found.evidence.to_string());
    }
    let alerts = causes.alerts.iter().filter(|alert| row.alerts.contains(&alert.number));
    alerts.for_each(|alert| field(text, "alert", &told(alert)));
    field(text, "happened", row.story);
    field(text, "confusing", row.confusing);
    field(text, "tells apart", row.tells_apart);
    field(text, "fix", row.fix);
    commands(text, "next", row);
    field(text, "sources", &row.sources.join(", "));
}

fn short(text: &mut String, row: &Row) {
    let indent = " ".repeat(row.id.len() + 4);
    let _infallible = writeln!(text, "  {ID}{}{ID:#}  {}", row.id, row.title);
    for line in wrapped(row.tells_apart, WIDTH - indent.len()) {
        let _infallible = writeln!(text, "{indent}{QUIET}{line}{QUIET:#}");
    }
}

/// What stands over the other causes.
fn also(causes: &Causes, best: &Match) -> &'static str {
    match (causes.matches.len(), best.is_ambiguous()) {
        (1, true) => "That text alone does not decide. It may also be:",
        (1, false) => "Less likely:",
        (_, true) => "That text alone does not decide. It may also be, or other lines say:",
        (_, false) => "Other lines say:",
    }
}

fn told(alert: &KnownAlert) -> String {
    format!("{} ({}): {} Sent by {}.", alert.name, alert.number, alert.meaning, alert.sent_by)
}

fn field(text: &mut String, label: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    for (place, line) in wrapped(value, WIDTH - LABEL - 2).into_iter().enumerate() {
        let label = if place == 0 { label } else { "" };
        let _infallible = writeln!(text, "  {QUIET}{label:<LABEL$}{QUIET:#}{line}");
    }
}

/// One a line and never wrapped, so that they can be copied.
fn commands(text: &mut String, label: &str, row: &Row) {
    for (place, command) in next(row).into_iter().enumerate() {
        let label = if place == 0 { label } else { "" };
        let _infallible = writeln!(text, "  {QUIET}{label:<LABEL$}{QUIET:#}{command}");
    }
}
