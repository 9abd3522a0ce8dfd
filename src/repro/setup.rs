//! [`setup`]: what an entry does to make its failure happen, as its file says it.

use std::str::FromStr as _;

use crate::ca::Bend;

/// The parts of a scenario that are not about how it is set up.
const LEFT_OUT: [&str; 3] = ["plainTools", "fix", "expect"];

/// Of a line with more than that the rest is bytes that nobody reads.
const WIDEST: usize = 120;

/// An entry's own documents, and what its scenario bends, breaks and connects: its file without what is expected and without
/// the fix. A bend says what it is in a comment.
pub fn setup(text: &str) -> String {
    let documents = text.trim_end().split("\n---\n").map(|document| match is_scenario(document) {
        true => scenario(document),
        false => document.to_owned(),
    });
    documents.collect::<Vec<_>>().join("\n---\n") + "\n"
}

fn is_scenario(document: &str) -> bool {
    document.lines().any(|line| line == "kind: Scenario")
}

fn scenario(document: &str) -> String {
    let mut lines = Vec::new();
    // How deep the part stands that is being left out.
    let mut part: Option<usize> = None;
    for line in document.lines() {
        let depth = line.len() - line.trim_start().len();
        let is_within = |part: usize| depth > part || (depth == part && line.trim_start().starts_with("- "));
        if part.is_some_and(is_within) {
            continue;
        }
        let key = line.trim_start().split(':').next().unwrap_or_default();
        part = LEFT_OUT.contains(&key).then_some(depth);
        if part.is_none() && !line.starts_with("apiVersion:") && !line.starts_with("metadata:") {
            lines.push(shown(line));
        }
    }
    lines.join("\n")
}

fn shown(line: &str) -> String {
    if line.chars().count() > WIDEST {
        return line.chars().take(WIDEST).chain("…\"".chars()).collect();
    }
    match bend(line) {
        Some(bend) => format!("{line}   # {}", bend.about()),
        None => line.to_owned(),
    }
}

/// The bend that a line names.
fn bend(line: &str) -> Option<Bend> {
    let (_, after) = line.split_once("bend: ")?;
    Bend::from_str(after.split([',', '}']).next()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_sets_it_up_is_shown() {
        let text = "kind: Pod\nmetadata: {name: a}\n---\napiVersion: x\nkind: Scenario\nmetadata: {name: B25}\nspec:\n  \
            plainTools:\n  - curl\n  certificates:\n  - {workload: a, bend: expired}\n  clients:\n  - from: a\n    to: b:1\n    \
            expect:\n      verdict: fail\n      client: {exit: 1}\n    send: x\n  - from: c\n  fix:\n    title: t\n    clients:\n    \
            - from: a\n";
        let about = Bend::from_str("expired").unwrap().about();
        assert_eq!(
            setup(text),
            format!(
                "kind: Pod\nmetadata: {{name: a}}\n---\nkind: Scenario\nspec:\n  certificates:\n  - {{workload: a, bend: \
                 expired}}   # {about}\n  clients:\n  - from: a\n    to: b:1\n    send: x\n  - from: c\n"
            )
        );
    }
}
