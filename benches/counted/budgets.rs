//! `benches/budgets.toml`: a part for each compiler, and in it a line for each operation.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

/// Where it is.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/budgets.toml");

/// The key that is no operation's.
const COUNTED_ON: &str = "counted on";

const HEAD: &str =
    "# Instructions of one time of each operation, by compiler. `benches/budget --update` writes this file;
# benches/README.md says what is counted.
";

/// The budgets of one compiler.
#[derive(Default)]
pub(crate) struct Part {
    /// What else they depend on, as it was then.
    pub(crate) counted_on: String,
    /// Instructions, by operation, in the order of the file.
    pub(crate) budgets: Vec<(String, u64)>,
}

impl Part {
    pub(crate) fn of(&self, operation: &str) -> Option<u64> {
        self.budgets.iter().find(|(name, _)| name == operation).map(|(_, budget)| *budget)
    }
}

/// The parts, by compiler.
pub(crate) type Budgets = BTreeMap<String, Part>;

/// Reads the file; one that is not there has no parts.
///
/// # Errors
///
/// A line that is none of the file's four kinds.
pub(crate) fn read() -> Result<Budgets, String> {
    let text = fs::read_to_string(PATH).unwrap_or_default();
    let mut budgets = Budgets::new();
    let mut compiler = String::new();
    for (place, line) in text.lines().enumerate() {
        let wrong =
            || format!("benches/budgets.toml:{}: expected `\"OPERATION\" = NUMBER`, found {line}", place + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("[\"").and_then(|line| line.strip_suffix("\"]")) {
            compiler = name.to_owned();
            continue;
        }
        let part = budgets.entry(compiler.clone()).or_default();
        let (key, value) = line.split_once(" = ").ok_or_else(wrong)?;
        let key = key.trim_matches('"');
        if key == COUNTED_ON {
            part.counted_on = value.trim_matches('"').to_owned();
        } else {
            let value = value.replace('_', "").parse().ok().ok_or_else(wrong)?;
            part.budgets.push((key.to_owned(), value));
        }
    }
    Ok(budgets)
}

/// Writes the file.
///
/// # Errors
///
/// The file system's.
pub(crate) fn write(budgets: &Budgets) -> Result<(), String> {
    let mut text = HEAD.to_owned();
    for (compiler, part) in budgets {
        text.push_str(&format!("\n[\"{compiler}\"]\n\"{COUNTED_ON}\" = \"{}\"\n", part.counted_on));
        for (operation, budget) in &part.budgets {
            writeln!(text, "\"{operation}\" = {}", grouped(*budget, '_')).unwrap();
        }
    }
    fs::write(PATH, text).map_err(|error| format!("{PATH}: {error}"))
}

/// A number in groups of three digits.
pub(crate) fn grouped(number: u64, between: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(between);
        }
        text.push(digit);
    }
    text
}
