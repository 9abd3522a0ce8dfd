//! What a reader has to say about a document beside its content: every mistake, not only the first, and Istio's warnings.

use crate::mesh::Source;
use crate::resources::input::File;
use crate::resources::parse::Problem;

/// What Istio accepts and warns of; it changes nothing about what the object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The stable code, `resources.…`.
    pub code: &'static str,
    /// Istio's sentence.
    pub message: String,
    /// What to write instead, or what it means here.
    pub help: Option<String>,
    /// The file and line.
    pub source: Source,
    /// 1-based, in characters.
    pub column: usize,
}

/// What was found in one document.
#[derive(Default)]
pub(crate) struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Findings {
    /// A mistake: the document is not taken.
    pub(crate) fn refuse(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// A warning: the document is taken as it is.
    pub(crate) fn warn(&mut self, warning: Problem) {
        self.warnings.push(warning);
    }

    /// The value; a mistake in its place is kept, and reading goes on.
    pub(crate) fn keep<T>(&mut self, read: Result<T, Problem>) -> Option<T> {
        read.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// The mistakes, in the order of the text, and the warnings with their places in `file`.
    pub(crate) fn finish(self, file: &File) -> (Vec<Problem>, Vec<Warning>) {
        let Self { mut problems, warnings } = self;
        problems.sort_by_key(|problem| (problem.at.line, problem.at.column));
        let warning = |Problem { at, code, message, help }| Warning {
            code,
            message,
            help,
            source: file.source(at),
            column: at.column.max(1),
        };
        (problems, warnings.into_iter().map(warning).collect())
    }
}
