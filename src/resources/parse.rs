//! Text to trees, within limits that no honest file meets.

use std::thread;

use serde_saphyr::{Budget, Options};

use crate::mesh::Source;
use crate::resources::error::{LoadError, Mark};
use crate::resources::input::File;
use crate::resources::node::{At, Node};

/// Deeper than any Kubernetes object.
const DEEPEST: usize = 100;
/// The parser recurses, and a debug build takes 30 KiB a level: more than the 2 MiB of a test's or a runtime's thread.
const STACK: usize = 16 << 20;
/// 40 000 pods as a cluster prints them, or 100 000 short workloads with a policy each; each node costs about 60 bytes.
const MOST_NODES: usize = 16_000_000;

impl File {
    /// An error at a place of this file.
    pub(crate) fn error(&self, problem: Problem) -> LoadError {
        let Problem { at, code, message, help } = problem;
        let text = self.text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
        let mark =
            Mark { source: self.source(at), column: at.column.max(1), length: at.length, text: text.into() };
        LoadError { code, message, help, mark: Some(mark) }
    }

    /// A place of this file as verdicts cite it.
    pub(crate) fn source(&self, at: At) -> Source {
        Source::new(std::sync::Arc::clone(&self.name), u32::try_from(at.line).unwrap_or(u32::MAX))
    }
}

/// Something wrong at a place, before it is known which file the place is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) at: At,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// Hands over the documents of `file` one by one, so that there is one tree at a time; empty ones are left out.
///
/// # Errors
///
/// The first mistake that ends the reading, behind the documents before it; or that there was none.
pub(crate) fn each_document(file: &File, take: impl FnMut(Node) + Send) -> Result<(), LoadError> {
    match on_a_deep_stack(file, take)?.map_err(|stop| file.error(stop.problem()))? {
        0 => Err(file.error(Problem {
            at: At { line: 1, column: 1, length: 1 },
            code: "resources.empty",
            message: format!("expected Istio or Kubernetes documents in {}, found none", file.name),
            help: Some("glasstunnel up --print-mesh > mesh.yaml writes an example".to_owned()),
        })),
        _ => Ok(()),
    }
}

/// All documents of `file`.
///
/// # Errors
///
/// As [`each_document`].
pub(crate) fn documents(file: &File) -> Result<Vec<Node>, LoadError> {
    let mut documents = Vec::new();
    each_document(file, |document| documents.push(document))?;
    Ok(documents)
}

/// How many documents there were.
type Parsed = Result<usize, Stop>;

/// Why reading ends before the text does.
enum Stop {
    /// The parser's words.
    Syntax(serde_saphyr::Error),
    /// The documents up to the one that begins here are together more than the text can be.
    Bomb(At),
}

impl Stop {
    fn problem(&self) -> Problem {
        match self {
            Self::Syntax(error) => syntax(error),
            Self::Bomb(at) => mistake(*at, BUDGET),
        }
    }
}

/// How the parser's words begin when its budget was not enough.
const BUDGET: &str = "budget breached";

fn on_a_deep_stack(file: &File, take: impl FnMut(Node) + Send) -> Result<Parsed, LoadError> {
    let failed = |found: &str| LoadError {
        code: "resources.parser",
        message: format!("expected a parser for {}, found {found}", file.name),
        help: Some("this is a bug or a machine out of threads, not a mistake in the file".to_owned()),
        mark: None,
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("resources".to_owned()).stack_size(STACK);
        let parse = move || parse(&file.text, take);
        let handle = builder.spawn_scoped(scope, parse).map_err(|error| failed(&error.to_string()))?;
        // A panic inside the parser is a refused file, not the end of a running mesh.
        handle.join().map_err(|_panic| failed("that it panicked"))
    })
}

fn parse(text: &str, mut take: impl FnMut(Node)) -> Parsed {
    let (mut documents, mut nodes) = (0, 0);
    for document in serde_saphyr::read_with_options::<_, Node>(&mut text.as_bytes(), options(text.len())) {
        let document = document.map_err(Stop::Syntax)?;
        // The parser's own budget is for each document, and a file may have very many.
        nodes += document.nodes();
        if nodes > most_nodes(text.len()) {
            return Err(Stop::Bomb(document.at));
        }
        take(document);
        documents += 1;
    }
    Ok(documents)
}

/// What is longer after its aliases are replayed than any text of that size can be is a bomb (reference/reliability.md
/// case 82).
fn most_nodes(size: usize) -> usize {
    MOST_NODES.min(size + 1024)
}

/// Limits by the size of the text.
fn options(size: usize) -> Options {
    // Both types are non-exhaustive: their fields can only be set one by one.
    let mut budget = Budget::default();
    budget.max_depth = DEEPEST;
    budget.max_nodes = most_nodes(size);
    budget.max_events = 2 * budget.max_nodes;
    budget.max_documents = size + 1;
    budget.max_total_scalar_bytes = 2 * size + 1024;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    options
}

fn syntax(error: &serde_saphyr::Error) -> Problem {
    let at = error.location().map(At::from).unwrap_or(At { line: 1, column: 1, length: 1 });
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    let found = first.split(" at line ").next().unwrap_or(first).trim_end_matches([',', ':', ' ']);
    mistake(at, found)
}

fn mistake(at: At, found: &str) -> Problem {
    let (found, help) = plainly(found);
    let found: String = found.chars().filter(|letter| !letter.is_control()).collect();
    let message = format!("expected YAML or JSON, found a mistake: {found}");
    Problem { at, code: "resources.syntax", message, help: help.map(str::to_owned) }
}

/// The parser's words without those that speak to a programmer, and what to do.
fn plainly(found: &str) -> (&str, Option<&'static str>) {
    match found {
        _ if found.starts_with("tabs ") => (found, Some("indent with spaces, never with tabs")),
        _ if found.starts_with("duplicate mapping key") => {
            (found.split(", set ").next().unwrap_or(found), Some("keep one of the two"))
        }
        _ if found.starts_with("unexpected character") => {
            ("a control character, such as NUL", Some("delete it; the file may not be text at all"))
        }
        _ if found.starts_with("recursive references") => {
            ("an alias inside of what it stands for", Some("write it out without aliases"))
        }
        _ if found.starts_with("recursion limit") || found.contains("depth") => {
            ("nested too deep", Some("no Kubernetes object nests that deep"))
        }
        _ if found.starts_with(BUDGET) => (
            "aliases that unfold into more than a file of this size may mean",
            Some("write it out without aliases; a file of more than 16 million values has to be split"),
        ),
        _ => (found, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_documents_unfold_into_no_more_than_one_may() {
        let (items, aliases) = (vec!["0"; 50].join(","), vec!["*a"; 50].join(","));
        let document = format!("---\na: &a [{items}]\nb: [{aliases}]\n");
        let read = |times: usize| documents(&File { name: "x.yaml".into(), text: document.repeat(times) });
        assert_eq!(read(9).unwrap_err().message, read(90).unwrap_err().message);
        let refused = read(90).unwrap_err().to_string();
        assert!(
            refused.contains("aliases that unfold into more than a file of this size may mean"),
            "{refused}"
        );
        let plain = "---\na: [0, 0]\nb: {c: d}\n".repeat(5_000);
        assert_eq!(documents(&File { name: "x.yaml".into(), text: plain }).unwrap().len(), 5_000);
    }
}
