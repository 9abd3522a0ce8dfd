//! What holds for each file by itself.

use crate::source::{File, Tree, words};

/// The hard stop of DESIGN section 3.
const CODE_LINES: usize = 300;

/// No file has more code than can be read in one go. Tests inside `src` do not count.
pub(crate) fn short(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for file in &tree.files {
        let code = if file.path.starts_with("src/") { file.production() } else { &file.code };
        let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > CODE_LINES {
            violations.push(format!(
                "{}: length: {lines} lines of code, the stop is {CODE_LINES}; split it along what it does",
                file.path
            ));
        }
    }
    violations
}

/// Every file begins by saying what it is.
pub(crate) fn introduced(tree: &Tree) -> Vec<String> {
    let silent = tree.files.iter().filter(|file| !file.text.starts_with("//! "));
    silent
        .map(|file| format!("{}: introduction: begin the file with `//! ` and what it is", file.path))
        .collect()
}

/// `#[cfg(test)]` stands once, at the end, over `mod tests`: the other rules take everything behind it for tests.
pub(crate) fn test_code_is_a_tail(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| file.room().is_some() && !file.all_tests) {
        let fork = words(file.production())
            .find(|(at, word)| word.starts_with("cfg") && names_test(&file.code[*at..]));
        let tail_is_bad = !file.tests().is_empty() && !is_test_module(file.tests());
        if let Some(at) = fork.map(|(at, _)| at).or_else(|| tail_is_bad.then_some(file.tests_at)) {
            violations.push(format!(
                "{}: test code: `#[cfg(test)]` belongs over `mod tests` at the end of the file, once; production code has no test forks",
                file.place(at)
            ));
        }
    }
    violations
}

/// Whether a condition (`cfg(…)`, `cfg!(…)`, `cfg_attr(…)`) that begins here asks for tests.
fn names_test(code: &str) -> bool {
    let end = code.find([']', '{', ';']).unwrap_or(code.len());
    words(&code[..end]).any(|(_, word)| word == "test")
}

/// Whether this is `#[cfg(test)]`, then `mod tests` with a `;` or one block, then nothing.
fn is_test_module(tail: &str) -> bool {
    let Some(rest) = tail.strip_prefix("#[cfg(test)]") else { return false };
    let Some(body) = rest.trim_start().strip_prefix("mod tests").map(str::trim_start) else { return false };
    let mut depth = 0_usize;
    for (at, c) in body.char_indices() {
        depth = match c {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        if depth == 0 && matches!(c, '}' | ';') {
            return body[at + 1..].trim().is_empty();
        }
    }
    false
}

/// `allow` and `expect` say why.
pub(crate) fn exceptions_have_reasons(tree: &Tree) -> Vec<String> {
    each(tree, "lint exception: add `reason = \"…\"`, or do what the lint says", |file| {
        let exceptions = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
        let found = exceptions.iter().flat_map(|open| file.code.match_indices(open));
        found
            .filter(|(at, _)| {
                let end = file.code[*at..].find(']').map_or(file.code.len(), |length| at + length);
                !file.code[*at..end].contains("reason")
            })
            .map(|(at, _)| at)
            .collect()
    })
}

/// A test that does not run is not a test.
pub(crate) fn nothing_ignored(tree: &Tree) -> Vec<String> {
    each(tree, "ignored test: make it run, or delete it and say so", |file| {
        file.code.match_indices("#[ignore").map(|(at, _)| at).collect()
    })
}

/// Tests wait for what they wait for; only under paused time is a sleep an event like any other.
pub(crate) fn no_sleep(tree: &Tree) -> Vec<String> {
    each(tree, "sleep in a test: wait for the event itself, or pause time and say `// paused time`", |file| {
        let calls = words(file.tests()).filter(|(at, word)| {
            *word == "sleep" && file.tests()[at + word.len()..].trim_start().starts_with('(')
        });
        calls.map(|(at, _)| file.tests_at + at).filter(|at| !says_paused(file, *at)).collect()
    })
}

/// Whether the line of this byte, or the one above it, has the comment.
fn says_paused(file: &File, at: usize) -> bool {
    let line = file.code[..at].matches('\n').count();
    let mut near = file.text.lines().skip(line.saturating_sub(1)).take(if line == 0 { 1 } else { 2 });
    near.any(|line| line.contains("// paused time"))
}

fn each(tree: &Tree, message: &str, find: impl Fn(&File) -> Vec<usize>) -> Vec<String> {
    let places = tree.files.iter().flat_map(|file| find(file).into_iter().map(|at| file.place(at)));
    places.map(|place| format!("{place}: {message}")).collect()
}
