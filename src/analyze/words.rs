//! Small pieces of sentences.

use std::collections::{BTreeMap, BTreeSet};

/// `app=web,version=v1`, as istioctl writes labels.
pub(in crate::analyze) fn labels(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

/// `a`, `a and b`, `a, b and 3 others`: at most three names.
pub(in crate::analyze) fn some(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} others", rest.len()),
    }
}

/// `1 workload`, `2 workloads`.
pub(in crate::analyze) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// What to know about a port that is not among those that containers declare.
pub(in crate::analyze) fn undeclared(declared: &BTreeSet<u16>) -> String {
    let are = if declared.len() == 1 { "is" } else { "are" };
    format!(
        "{} {are} declared; an undeclared port is covered all the same, if something listens there",
        some(declared)
    )
}
