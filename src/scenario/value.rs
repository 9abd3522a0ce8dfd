//! Values that several parts of a scenario have: choices, durations, lists of texts.

use std::time::Duration;

use crate::mesh::nearest;
use crate::resources::{At, Fields, Found, Node, Problem, Value, scalar};

/// The longest that anything in a scenario may last: it is to be run again and again.
const LONGEST: Duration = Duration::from_secs(3_600 * 24 * 366);

/// A value that is none of those that are possible.
pub(crate) fn wrong(at: At, message: String, help: Option<String>) -> Problem {
    Problem { at, code: "scenario.value", message, help }
}

/// One of `choices`, by its name.
pub(crate) fn choice<T: Clone>(found: &Found<'_>, choices: &[(&'static str, T)]) -> Result<T, Problem> {
    let text = scalar(&found.node().value);
    let chosen = choices.iter().find(|(name, _)| *name == text);
    chosen.map(|(_, value)| value.clone()).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let near = nearest(&text, names.iter().copied());
        let message = format!("expected {}, found `{}`", names.join(" or "), text.escape_debug());
        wrong(found.at(), message, near.map(|near| format!("did you mean `{near}`?")))
    })
}

/// What can be parsed.
pub(crate) fn parsed<T: std::str::FromStr<Err: ToString>>(found: &Found<'_>) -> Result<T, Problem> {
    let text = scalar(&found.node().value);
    text.parse().map_err(|error: T::Err| wrong(found.at(), error.to_string(), None))
}

/// `50ms`, `2s`, `5m`, `24h`.
pub(crate) fn duration(found: &Found<'_>) -> Result<Duration, Problem> {
    let text = scalar(&found.node().value);
    let split = text.find(|c: char| !c.is_ascii_digit()).map(|at| text.split_at(at));
    let scale = |unit| match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let milliseconds = split.and_then(|(number, unit)| number.parse::<u64>().ok()?.checked_mul(scale(unit)?));
    let read = milliseconds.map(Duration::from_millis).filter(|duration| *duration <= LONGEST);
    read.ok_or_else(|| {
        let message =
            format!("expected a duration such as 50ms, 2s, 5m or 24h, found `{}`", text.escape_debug());
        wrong(found.at(), message, None)
    })
}

/// A scalar, or a list of them, as texts.
pub(crate) fn texts(node: &Node) -> Result<Vec<String>, Problem> {
    match &node.value {
        Value::List(items) => {
            let texts: Vec<Vec<String>> = items.iter().map(texts).collect::<Result<_, _>>()?;
            Ok(texts.concat())
        }
        Value::Map(_) => {
            Err(wrong(node.at, "expected a text or a list of texts, found a map".to_owned(), None))
        }
        value => Ok(vec![scalar(value)]),
    }
}

/// The scalars of the list `name`.
pub(crate) fn list(fields: Fields<'_>, name: &'static str) -> Result<Vec<String>, Problem> {
    fields.get(name).map_or_else(|| Ok(Vec::new()), |found| texts(found.node()))
}
