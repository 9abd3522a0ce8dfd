//! What is wrong with a document: where, what was expected, what was found, and what to write instead.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::mesh::Source;
use crate::reason::{Reason, Side};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The stable code, `resources.…`.
    pub(in crate::resources) code: &'static str,
    /// What was expected, and what was found.
    pub(in crate::resources) message: String,
    /// What to write or do instead.
    pub(in crate::resources) help: Option<String>,
    /// Where; `None` when it is about a file as a whole.
    pub(in crate::resources) mark: Option<Mark>,
}

/// A place in a file, with the line that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The file and the line.
    pub source: Source,
    /// The first marked character, 1-based.
    pub column: usize,
    /// How many characters are underlined; at least one is.
    pub length: usize,
    /// The whole line.
    pub text: Arc<str>,
}

impl LoadError {
    /// The file and line, if it is about a place in a file.
    pub fn source(&self) -> Option<&Source> {
        self.mark.as_ref().map(|mark| &mark.source)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What was expected, and what was found.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write or do instead.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The place in a file, if it is about one.
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }
}

impl fmt::Display for Mark {
    /// The line under its place, the marked characters underlined; four lines without a final newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.source.line.to_string();
        let gutter = " ".repeat(number.len());
        // Of a long line, as JSON may have, only the part around the mark is shown.
        let before = self.column.saturating_sub(1);
        let start = before.saturating_sub(SHOWN / 2);
        let shown: Vec<char> = self.text.trim_end().chars().skip(start).take(SHOWN).collect();
        let (left, right) = shown.split_at(before.saturating_sub(start).min(shown.len()));
        let (left, right) = (widen(left), widen(right));
        let underline = "^".repeat(self.length.clamp(1, right.chars().count().max(1)));
        writeln!(f, "{gutter}--> {}:{}", self.source, self.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {left}{right}")?;
        write!(f, "{gutter} | {}{underline}", " ".repeat(left.chars().count()))
    }
}

/// How much of a line is shown at most.
const SHOWN: usize = 100;

/// A tab would be as wide as the terminal likes, and the underline would miss; other control characters are dropped.
fn widen(letters: &[char]) -> String {
    let text: String = letters.iter().filter(|letter| **letter == '\t' || !letter.is_control()).collect();
    text.replace('\t', "    ")
}

impl fmt::Display for LoadError {
    /// As rustc shows its errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        if let Some(mark) = &self.mark {
            f.write_char('\n')?;
            mark.fmt(f)?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  = help: {help}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with an input, up to [`LoadErrors::MOST`] errors; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadErrors {
    errors: Vec<LoadError>,
}

impl LoadErrors {
    /// More would scroll the first out of sight.
    pub const MOST: usize = 10;

    pub(crate) fn check(mut errors: Vec<LoadError>) -> Result<(), Self> {
        errors.truncate(Self::MOST);
        if errors.is_empty() { Ok(()) } else { Err(Self { errors }) }
    }

    /// The errors, in the order of the input.
    pub fn iter(&self) -> impl Iterator<Item = &LoadError> {
        self.errors.iter()
    }
}

impl From<LoadError> for LoadErrors {
    fn from(error: LoadError) -> Self {
        Self { errors: vec![error] }
    }
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

impl Reason for LoadErrors {
    fn code(&self) -> &'static str {
        self.errors.first().map_or("resources.none", LoadError::code)
    }

    fn side(&self) -> Side {
        Side::Us
    }
}
