//! `bench compare`: two runs side by side, in a terminal and in a pull request.

use std::path::Path;

use crate::admin::{Document, json};
use crate::cli::args::ComparisonShape;
use crate::cli::bench::figures::{Unit, count, number, signed};
use crate::cli::bench::words::{plural, unit, work};
use crate::cli::exit::Exit;
use crate::cli::table::Table;
use crate::cli::wrap::harmless;
use crate::load::{
    Change, Compared, Comparison, FailIf, Judged, LoadError, Outcome, Verdict, Work, compare, open,
};

/// Compares two runs, each named or the path of its file; gives the text, and how the process ends.
///
/// # Errors
///
/// [`LoadError`] when a run cannot be read, the two were not made alike (unless it is forced), or a condition is about nothing.
pub fn run(
    (a, b): (&str, &str),
    dir: &Path,
    conditions: &[FailIf],
    force: bool,
    shape: ComparisonShape,
) -> Result<(String, Exit), LoadError> {
    let comparison = compare(&open(a, dir)?, &open(b, dir)?, force)?.judge(conditions)?;
    let exit = match comparison.outcome() {
        Outcome::Holds => Exit::Done,
        Outcome::Fails => Exit::No,
        Outcome::Undecided => Exit::Inconclusive,
    };
    let text = match shape {
        ComparisonShape::Table => text(&comparison),
        ComparisonShape::Json => json(&Document::one(comparison)),
        ComparisonShape::Markdown => markdown(&comparison),
    };
    Ok((text, exit))
}

/// The comparison for a terminal.
pub fn text(comparison: &Comparison) -> String {
    let mut table = Table::new(["PATH", "METRIC", "A", "B", "CHANGE", "95 % INTERVAL", "VERDICT"]);
    for row in &comparison.rows {
        table.row(cells(comparison, row));
    }
    let mut text = format!(
        "{} · A {} · B {} · {}\n\n",
        work(comparison.work),
        harmless(&comparison.a),
        harmless(&comparison.b),
        ground(comparison)
    );
    text += &table.render(true);
    if !comparison.judged.is_empty() {
        let mut table = Table::new(["FAIL IF", "PATH", "CHANGE", "95 % INTERVAL", "OUTCOME"]);
        for judged in &comparison.judged {
            table.row([
                harmless(&judged.condition).into_owned(),
                harmless(&judged.path).into_owned(),
                judged.change.map(|change| percent(change.percent)).unwrap_or_default(),
                judged.change.map(interval).unwrap_or_default(),
                outcome(judged),
            ]);
        }
        text += &format!("\n{}", table.render(true));
    }
    text + "\n" + &remarks(comparison).iter().map(|line| format!("{}\n", harmless(line))).collect::<String>()
}

/// The comparison in Markdown, as GitHub has it.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = format!(
        "### {}: `{}` against `{}`\n\n{}\n\n| path | metric | {} | {} | change | 95 % interval | verdict |\n\
         |---|---|--:|--:|--:|---|---|\n",
        work(comparison.work),
        in_backticks(&comparison.b),
        in_backticks(&comparison.a),
        ground(comparison),
        in_markdown(&comparison.a),
        in_markdown(&comparison.b),
    );
    for row in &comparison.rows {
        let mut cells = cells(comparison, row).map(|cell| in_markdown(&cell));
        if let (Verdict::Better | Verdict::Worse, Some(last)) = (row.verdict, cells.last_mut()) {
            *last = format!("**{last}**");
        }
        text += &format!("| {} |\n", cells.join(" | "));
    }
    for judged in &comparison.judged {
        let sign = match judged.outcome {
            Outcome::Holds => "✅",
            Outcome::Fails => "❌",
            Outcome::Undecided => "❔",
        };
        let changed =
            judged.change.map(|change| format!("{} {}, ", percent(change.percent), interval(change)));
        text += &format!(
            "\n{sign} `{}` on {}: {}**{}**\n",
            in_backticks(&judged.condition),
            in_markdown(&judged.path),
            changed.unwrap_or_default(),
            in_markdown(&outcome(judged))
        );
    }
    text + "\n"
        + &remarks(comparison).iter().map(|line| format!("* {}\n", in_markdown(line))).collect::<String>()
}

fn ground(comparison: &Comparison) -> String {
    let [a, b] = comparison.rounds;
    let rounds = match a == b {
        true => plural(a.into(), "round"),
        false => format!("{a} against {b} rounds"),
    };
    match comparison.rate.filter(|_| comparison.work != Work::Bulk) {
        Some(rate) => format!("{} {}s/s offered · {rounds}", number(rate, 0), unit(comparison.work)),
        None => format!("as fast as it goes · {rounds}"),
    }
}

fn cells(comparison: &Comparison, row: &Compared) -> [String; 7] {
    let unit = Unit::of(row.metric, comparison.work);
    [
        harmless(&row.path).into_owned(),
        row.metric.to_string(),
        unit.text(row.a),
        unit.text(row.b),
        percent(row.change.percent),
        interval(row.change),
        verdict(row.verdict).to_owned(),
    ]
}

/// A change in per cent, with as many digits as anybody reads.
fn percent(percent: f64) -> String {
    format!("{} %", signed(percent, if percent.abs() < 99.95 { 1 } else { 0 }))
}

fn interval(change: Change) -> String {
    let ends = change.interval.map(|interval| {
        let end = |percent: f64| signed(percent, if percent.abs() < 99.95 { 1 } else { 0 });
        format!("[{}, {}]", end(interval.low), end(interval.high))
    });
    ends.unwrap_or_default()
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::NoDifference => "no difference",
        Verdict::CannotTell => "one value each: cannot tell",
    }
}

fn outcome(judged: &Judged) -> String {
    match judged.outcome {
        Outcome::Holds => "holds".to_owned(),
        Outcome::Fails => "FAILS".to_owned(),
        Outcome::Undecided => format!("undecided: {}", judged.because.as_deref().unwrap_or_default()),
    }
}

/// What to know before believing it.
fn remarks(comparison: &Comparison) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let only = |run: &str, path: &String| format!("{path} is in {run} only");
    lines.extend(comparison.only_a.iter().map(|path| only(&comparison.a, path)));
    lines.extend(comparison.only_b.iter().map(|path| only(&comparison.b, path)));
    for differs in &comparison.differs {
        lines.push(format!("not alike: {} is {} in A and {} in B", differs.what, differs.a, differs.b));
    }
    for failed in &comparison.failed {
        let (a, b) = (count(failed.a), count(failed.b));
        lines.push(format!("{}: {a} failed units in A and {b} in B are in none of its figures", failed.path));
    }
    for doubt in &comparison.doubts {
        lines.push(format!("{} doubts its figures: {} [{}]", doubt.run, doubt.note.says, doubt.note.code));
    }
    if comparison.differs.is_empty() {
        lines.push("same machine, kernel, profile and settings".to_owned());
    }
    lines.push(format!(
        "intervals are Welch's t on the logarithms of the rounds' values; of {} at 95 %, chance alone sets 1 in 20 apart",
        plural(comparison.rows.len().try_into().unwrap_or(u64::MAX), "figure")
    ));
    lines.push(
        "what the machine did differently between the two runs is in no interval: does `direct` differ too?"
            .to_owned(),
    );
    lines
}

/// Text between backticks, where nothing but a backtick has a meaning.
fn in_backticks(text: &str) -> String {
    harmless(text).replace('`', "'")
}

/// A cell of Markdown that a name does not break.
fn in_markdown(text: &str) -> String {
    harmless(text).replace('|', "\\|").replace('`', "'").replace('<', "&lt;")
}
