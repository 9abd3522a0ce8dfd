//! What `benches/budget` does, and what it tells people.

use std::time::Instant;

use crate::budgets::{self, Part, grouped};
use crate::operations::{ALL, Operation};
use crate::valgrind::{circumstances, compiler, count};

/// How far a count may be from its budget, either way, in percent.
const ALLOWED: f64 = 3.0;

/// How often each is counted where the spread is asked for.
const ROUNDS: usize = 5;

const UPDATE: &str =
    "benches/budget --update, and commit benches/budgets.toml with the change that explains it";

fn wanted<'a>(names: &'a [&str]) -> impl Iterator<Item = &'static Operation> + 'a {
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part));
    ALL.iter().filter(move |operation| is_wanted(operation.name))
}

fn percent(now: u64, budget: u64) -> f64 {
    (now as f64 / budget as f64 - 1.0) * 100.0
}

fn row(operation: &str, cells: [&str; 3], verdict: &str) {
    let [first, second, third] = cells;
    println!("{operation:<44} {first:>14} {second:>14} {third:>9}  {verdict}");
}

/// Counts what is wanted and holds it against the file.
///
/// # Errors
///
/// What to do, when a count is not as written or cannot be held against anything.
pub(crate) fn check(names: &[&str]) -> Result<(), String> {
    let (compiler, began) = (compiler()?, Instant::now());
    let mut budgets = budgets::read()?;
    let known: Vec<String> = budgets.keys().cloned().collect();
    let Some(part) = budgets.remove(&compiler) else {
        return Err(format!(
            "benches/budgets.toml: expected a part for {compiler}, found {}.\nTo do: use that compiler, or, on a \
             commit whose costs are known to be good, {UPDATE}.",
            known.join(" and ")
        ));
    };
    if wanted(names).next().is_none() {
        return Err(format!("no operation's name contains {}", names.join(" or ")));
    }
    row("OPERATION", ["BUDGET", "NOW", "CHANGE"], "");
    let mut wrong = 0;
    for operation in wanted(names) {
        wrong += usize::from(!is_held(operation, &part)?);
    }
    wrong += gone(&part);
    println!("instructions of one time each; {compiler}; counted in {} s", began.elapsed().as_secs());
    if wrong == 0 {
        return Ok(());
    }
    Err(format!(
        "{wrong} more than {ALLOWED} % from benches/budgets.toml, which is committed with the change that explains \
         it.{}",
        other_circumstances(&part)
    ))
}

/// Shows one row, and says whether its count is as written.
fn is_held(operation: &Operation, part: &Part) -> Result<bool, String> {
    let Some(budget) = part.of(operation.name) else {
        let now = grouped(count(operation)?, ' ');
        row(operation.name, ["none", &now, ""], &format!("new: write it down: {UPDATE}"));
        return Ok(false);
    };
    let now = typical(operation, budget)?;
    let change = percent(now, budget);
    let verdict = match change {
        change if change > ALLOWED => {
            format!("dearer: make it cheaper, or say why it is worth that: {UPDATE}")
        }
        change if change < -ALLOWED => format!("cheaper: write it down: {UPDATE}"),
        _ => "ok".to_owned(),
    };
    row(operation.name, [&grouped(budget, ' '), &grouped(now, ' '), &format!("{change:+.2} %")], &verdict);
    Ok(verdict == "ok")
}

/// One count where it is near `budget`, else the middle of three: each process seeds its hashes by chance, and now and then keys
/// look alike until they are compared, which costs a small operation several percent.
fn typical(operation: &Operation, budget: u64) -> Result<u64, String> {
    let first = count(operation)?;
    if percent(first, budget).abs() <= ALLOWED {
        return Ok(first);
    }
    let mut counts = [first, count(operation)?, count(operation)?];
    counts.sort_unstable();
    Ok(counts[1])
}

/// Shows the budgets of what is no longer there.
fn gone(part: &Part) -> usize {
    let is_gone = |name: &str| ALL.iter().all(|operation| operation.name != name);
    let gone: Vec<_> = part.budgets.iter().filter(|(name, _)| is_gone(name)).collect();
    for (name, budget) in &gone {
        row(name, [&grouped(*budget, ' '), "none", ""], &format!("no operation is called so: {UPDATE}"));
    }
    gone.len()
}

fn other_circumstances(part: &Part) -> String {
    let here = circumstances();
    if part.counted_on == here {
        return String::new();
    }
    format!(
        "\nBefore all else: they were counted on {}; this is {here}, which may be all there is to it.",
        part.counted_on
    )
}

/// Counts everything and writes it down for this compiler; others' parts stay as they are.
///
/// # Errors
///
/// Something could not be counted, or the file not be written.
pub(crate) fn update() -> Result<(), String> {
    let compiler = compiler()?;
    let mut budgets = budgets::read()?;
    let before = budgets.remove(&compiler).unwrap_or_default();
    let mut part = Part { counted_on: circumstances(), ..Part::default() };
    row("OPERATION", ["BEFORE", "NOW", "CHANGE"], "");
    for operation in ALL {
        let now = count(operation)?;
        let cells = before.of(operation.name).map_or_else(Default::default, |before| {
            [grouped(before, ' '), format!("{:+.2} %", percent(now, before))]
        });
        row(operation.name, [&cells[0], &grouped(now, ' '), &cells[1]], "");
        part.budgets.push((operation.name.to_owned(), now));
    }
    budgets.insert(compiler, part);
    budgets::write(&budgets)
}

/// Counts each several times: only what hardly differs can have a budget.
///
/// # Errors
///
/// Something could not be counted.
pub(crate) fn spread(names: &[&str]) -> Result<(), String> {
    row("OPERATION", ["LEAST", "MOST", "SPREAD"], "");
    for operation in wanted(names) {
        let counts = (0..ROUNDS).map(|_| count(operation)).collect::<Result<Vec<_>, _>>()?;
        let (least, most) =
            (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
        let apart = format!("{:.3} %", percent(most, least));
        row(operation.name, [&grouped(least, ' '), &grouped(most, ' '), &apart], "");
    }
    Ok(())
}
