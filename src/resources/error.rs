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
pub(in crate::resources) struct Mark {
    pub(in crate::resources) source: Source,
    /// 1-based, in characters.
    pub(in crate::resources) column: usize,
    /// How many characters are underlined; at least one is.
    pub(in crate::resources) length: usize,
    pub(in crate::resources) text: Arc<str>,
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

    fn write_mark(mark: &Mark, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = mark.source.line.to_string();
        let gutter = " ".repeat(number.len());
        // A tab would be as wide as the terminal likes; four columns keep the underline where it belongs.
        let before: String = mark.text.chars().take(mark.column.saturating_sub(1)).collect();
        let indent = before.replace('\t', "    ").chars().count();
        let shown: String =
            mark.text.replace('\t', "    ").chars().filter(|letter| !letter.is_control()).collect();
        let rest = mark.text.chars().count().saturating_sub(before.chars().count());
        let underline = "^".repeat(mark.length.clamp(1, rest.max(1)));
        writeln!(f, "{gutter}--> {}:{}", mark.source, mark.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", shown.trim_end())?;
        write!(f, "{gutter} | {}{underline}", " ".repeat(indent))
    }
}

impl fmt::Display for LoadError {
    /// As rustc shows its errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        if let Some(mark) = &self.mark {
            f.write_char('\n')?;
            Self::write_mark(mark, f)?;
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

    pub(in crate::resources) fn check(mut errors: Vec<LoadError>) -> Result<(), Self> {
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
