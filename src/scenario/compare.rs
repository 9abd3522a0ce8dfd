//! Expected against observed, over all runs of a client.

use crate::scenario::expected::{Aspect, Expected, Possible, Want, Wanted};
use crate::scenario::observed::Observed;
use crate::scenario::report::Row;

/// Much of what is seen is long; this is enough to recognise it.
const SHOWN: usize = 160;

/// A line for each thing that was expected, then for each way in which it may come out.
pub(crate) fn rows(expected: &Expected, runs: &[Observed]) -> Vec<Row> {
    let mut rows: Vec<Row> = expected.wanted.iter().map(|wanted| of_all(wanted, runs)).collect();
    rows.extend(expected.outcomes.iter().map(|outcome| counted(outcome, runs)));
    if !expected.outcomes.is_empty() {
        rows.push(covered(&expected.outcomes, runs));
    }
    rows
}

fn of_all(wanted: &Wanted, runs: &[Observed]) -> Row {
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for run in runs {
        let value = run.get(wanted.end, wanted.aspect);
        match seen.iter_mut().find(|(other, _)| *other == value) {
            Some((_, count)) => *count += 1,
            None => seen.push((value, 1)),
        }
    }
    let shown = |(value, count): &(&str, usize)| match seen.len() {
        1 => excerpt(value, wanted),
        _ => format!("{count}×: {}", excerpt(value, wanted)),
    };
    let observed: Vec<String> = seen.iter().map(shown).collect();
    Row {
        end: wanted.end.to_string(),
        aspect: wanted.aspect.to_string(),
        expected: wanted.want.to_string(),
        observed: if observed.is_empty() { "nothing was run".to_owned() } else { observed.join("; ") },
        ok: !runs.is_empty() && runs.iter().all(|run| holds(wanted, run)),
    }
}

/// In how many runs it came out like this.
fn counted(outcome: &Possible, runs: &[Observed]) -> Row {
    let count = runs.iter().filter(|run| is(outcome, run)).count();
    Row {
        end: "connection".to_owned(),
        aspect: "outcome".to_owned(),
        expected: format!("{}: at least {} of {}", described(outcome), outcome.at_least, runs.len()),
        observed: format!("{count} of {}", runs.len()),
        ok: count >= usize::try_from(outcome.at_least).unwrap_or(usize::MAX),
    }
}

/// Whether each run came out in one of the ways that are known.
fn covered(outcomes: &[Possible], runs: &[Observed]) -> Row {
    let stray = runs.iter().filter(|run| !outcomes.iter().any(|outcome| is(outcome, run)));
    let strays: Vec<String> = stray.map(|run| differing(outcomes, run)).collect();
    Row {
        end: "connection".to_owned(),
        aspect: "outcome".to_owned(),
        expected: "each run is one of these".to_owned(),
        observed: match strays.first() {
            None => "each is".to_owned(),
            Some(first) => format!("{} of {} are not: {first}", strays.len(), runs.len()),
        },
        ok: strays.is_empty() && !runs.is_empty(),
    }
}

fn described(outcome: &Possible) -> String {
    let parts: Vec<String> =
        outcome.wanted.iter().map(|wanted| format!("{} {}", wanted.aspect, wanted.want)).collect();
    parts.join(", ")
}

/// What a run is where the outcomes ask for something else.
fn differing(outcomes: &[Possible], run: &Observed) -> String {
    let asked = outcomes.iter().flat_map(|outcome| &outcome.wanted);
    let mut values: Vec<String> = asked
        .map(|wanted| format!("{} {}", wanted.aspect, excerpt(run.get(wanted.end, wanted.aspect), wanted)))
        .collect();
    values.sort();
    values.dedup();
    values.join(", ")
}

fn is(outcome: &Possible, run: &Observed) -> bool {
    outcome.wanted.iter().all(|wanted| holds(wanted, run))
}

/// Whether a run is what was wanted. An alert may be named without who sent it.
fn holds(wanted: &Wanted, run: &Observed) -> bool {
    let value = run.get(wanted.end, wanted.aspect);
    match &wanted.want {
        Want::Holds(parts) => parts.iter().all(|part| value.contains(part.as_str())),
        Want::Is(one) if wanted.aspect == Aspect::Alert => {
            let alerts = || value.split(", ");
            one.iter()
                .any(|name| alerts().any(|alert| alert == name || alert.split(' ').next() == Some(name)))
        }
        Want::Is(one) => one.iter().any(|name| name == value),
    }
}

/// The value, of a long one the part that matters: around the first part that was looked for, else its beginning.
fn excerpt(value: &str, wanted: &Wanted) -> String {
    // Lines and what moves a cursor are for whoever asks for all of it.
    let value: String =
        value.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let count = value.chars().count();
    if count <= SHOWN {
        return value;
    }
    let found = match &wanted.want {
        Want::Holds(parts) => parts.first().and_then(|part| value.find(part.as_str())),
        Want::Is(_) => None,
    };
    let before = found.and_then(|at| value.get(..at)).map_or(0, |before| before.chars().count());
    let from = before.saturating_sub(SHOWN / 4);
    let shown: String = value.chars().skip(from).take(SHOWN).collect();
    let (left, right) = (if from > 0 { "…" } else { "" }, if from + SHOWN < count { "…" } else { "" });
    format!("{left}{shown}{right}")
}

#[cfg(test)]
mod tests;
