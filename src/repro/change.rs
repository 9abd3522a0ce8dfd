//! [`change`]: what a fix changes, as a person would see it in a diff of the files.

use crate::repro::files::BASE;

/// A line that goes or comes, or one that says where that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The document or the part of the scenario.
    Of(String),
    /// A line that is there before, and not after.
    Gone(String),
    /// A line that is there after, and not before.
    New(String),
}

/// A document, or a part of the scenario, with its lines.
type Part<'a> = (String, Vec<&'a str>);

/// What the fix of an entry's file changes; empty where it changes only who connects.
pub fn change(text: &str) -> Vec<Changed> {
    let (documents, spec) = parts(text);
    let fix: Vec<&str> =
        spec.iter().find(|(key, _)| key == "fix").map(|(_, lines)| lines.clone()).unwrap_or_default();
    let base = parts(BASE).0;
    let mut changed = Vec::new();
    for (key, new) in blocks(fix.get(1..).unwrap_or_default()) {
        match key.as_str() {
            "title" | "expect" | "clients" => {}
            "documents" => {
                for (name, lines) in listed(new.get(1..).unwrap_or_default()) {
                    let before = documents.iter().chain(&base).find(|(other, _)| *other == name);
                    let before = before.map(|(_, lines)| lines.as_slice()).unwrap_or_default();
                    of(&mut changed, &name, before, &lines);
                }
            }
            "delete" => {
                let text = new.join(" ");
                let gone = |(name, _): &&Part<'_>| text.contains(name.as_str());
                for (name, lines) in documents.iter().chain(&base).filter(gone) {
                    of(&mut changed, name, lines, &[]);
                }
            }
            _ => {
                let before = spec.iter().find(|(other, _)| *other == key);
                of(
                    &mut changed,
                    "Scenario",
                    before.map(|(_, lines)| lines.as_slice()).unwrap_or_default(),
                    &new,
                );
            }
        }
    }
    changed
}

fn of(changed: &mut Vec<Changed>, name: &str, before: &[&str], after: &[&str]) {
    let differing = differing(before, after);
    if !differing.is_empty() {
        changed.push(Changed::Of(name.to_owned()));
        changed.extend(differing);
    }
}

/// The documents of a file by kind and name, and the parts of its scenario by their keys.
fn parts(text: &str) -> (Vec<Part<'_>>, Vec<Part<'_>>) {
    let (mut documents, mut spec) = (Vec::new(), Vec::new());
    for document in text.trim_end().split("\n---\n") {
        let lines: Vec<&str> = document.lines().filter(|line| !line.starts_with('#')).collect();
        match lines.iter().position(|line| *line == "spec:").filter(|_| lines.contains(&"kind: Scenario")) {
            Some(at) => spec = blocks(&dedented(lines.get(at + 1..).unwrap_or_default())),
            None => documents.push((name(&lines), lines)),
        }
    }
    (documents, spec)
}

/// Keys with their lines, the key's own first; all dedented to the depth of the first.
fn blocks<'a>(lines: &[&'a str]) -> Vec<Part<'a>> {
    let mut blocks: Vec<Part<'a>> = Vec::new();
    for line in dedented(lines) {
        let is_key = line.starts_with(|c: char| c.is_ascii_alphabetic());
        match (is_key, blocks.last_mut()) {
            (false, Some((_, lines))) => lines.push(line),
            _ => blocks.push((line.split(':').next().unwrap_or_default().to_owned(), vec![line])),
        }
    }
    blocks
}

/// The documents of a list, by kind and name.
fn listed<'a>(lines: &[&'a str]) -> Vec<Part<'a>> {
    let mut items: Vec<Vec<&'a str>> = Vec::new();
    for line in dedented(lines) {
        match (line.strip_prefix("- "), items.last_mut()) {
            (Some(first), _) => items.push(vec![first]),
            (None, Some(item)) => item.push(line.get(2..).unwrap_or_default()),
            (None, None) => {}
        }
    }
    items.into_iter().map(|lines| (name(&lines), lines)).collect()
}

fn dedented<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let depth = lines.first().map_or(0, |line| line.len() - line.trim_start().len());
    lines.iter().map(|line| line.get(depth..).unwrap_or_default()).collect()
}

/// `PeerAuthentication default/strict`, as `delete` says it.
fn name(lines: &[&str]) -> String {
    let text = lines.join("\n");
    let value = |text: &str, key: &str| {
        let (_, after) = text.split_once(key)?;
        Some(after.split([',', '}', '\n']).next()?.trim().to_owned())
    };
    let metadata = text.split_once("metadata:").map_or("", |(_, after)| after);
    let metadata = metadata.split("\nspec").next().unwrap_or_default();
    let namespace = value(metadata, "namespace:").unwrap_or_else(|| "default".to_owned());
    format!(
        "{} {namespace}/{}",
        value(&text, "kind:").unwrap_or_default(),
        value(metadata, "name:").unwrap_or_default()
    )
}

/// The lines outside of the longest common subsequence; documents of a fix are short.
fn differing(before: &[&str], after: &[&str]) -> Vec<Changed> {
    let mut longest = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    let at = |table: &Vec<Vec<usize>>, b: usize, a: usize| {
        table.get(b).and_then(|row| row.get(a)).copied().unwrap_or(0)
    };
    for b in (0..before.len()).rev() {
        for a in (0..after.len()).rev() {
            let length = match before.get(b) == after.get(a) {
                true => at(&longest, b + 1, a + 1) + 1,
                false => at(&longest, b + 1, a).max(at(&longest, b, a + 1)),
            };
            if let Some(cell) = longest.get_mut(b).and_then(|row| row.get_mut(a)) {
                *cell = length;
            }
        }
    }
    let (mut b, mut a, mut changed) = (0, 0, Vec::new());
    while b < before.len() || a < after.len() {
        match (before.get(b), after.get(a)) {
            (Some(old), Some(new)) if old == new => (b, a) = (b + 1, a + 1),
            (Some(old), new) if new.is_none() || at(&longest, b + 1, a) >= at(&longest, b, a + 1) => {
                changed.push(Changed::Gone((*old).to_owned()));
                b += 1;
            }
            (_, Some(new)) => {
                changed.push(Changed::New((*new).to_owned()));
                a += 1;
            }
            (_, None) => break,
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repro::entry::{entries, entry};

    fn told(id: &str) -> Vec<String> {
        let line = |changed| match changed {
            Changed::Of(name) => name,
            Changed::Gone(line) => format!("- {line}"),
            Changed::New(line) => format!("+ {line}"),
        };
        change(entry(id).unwrap().text).into_iter().map(line).collect()
    }

    #[test]
    fn fixes_are_diffs() {
        assert_eq!(
            told("A07"),
            [
                "DestinationRule default/no-tls",
                "- spec: {host: \"server\", trafficPolicy: {tls: {mode: DISABLE}}}",
                "+ spec: {host: server, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"
            ]
        );
        assert_eq!(
            told("B25"),
            ["Scenario", "- certificates:", "- - {workload: client, bend: other-root}", "+ certificates: []"]
        );
        assert_eq!(told("D64").first().map(String::as_str), Some("AuthorizationPolicy default/nobody"));
    }

    /// Each fix changes something that is shown, or who connects.
    #[test]
    fn every_fix_changes_something() {
        for entry in entries() {
            let fix = entry.scenario().unwrap().unwrap().fix;
            let says_who = entry.text.split_once("\n  fix:").is_some_and(|(_, fix)| fix.contains("clients:"));
            assert!(fix.is_none() || says_who || !change(entry.text).is_empty(), "{}", entry.file);
        }
    }
}
