//! One finding as people read it, and all of them.

use std::fmt;

use crate::analyze::code::Code;
use crate::analyze::level::Level;
use crate::resources::{Edit, Mark, ObjectKey};

/// One thing that does not do what it seems to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of finding it is.
    pub code: &'static Code,
    /// The object that it is about; `None` for a document that could not be read.
    pub object: Option<ObjectKey>,
    /// The very word.
    pub mark: Mark,
    /// What is so. In Istio's words where it has them.
    pub message: String,
    /// Why that is so, and what follows from it.
    pub why: String,
    /// What to do; empty where only the author can know.
    pub fix: String,
    /// The changes that `--fix` makes: all of them or none. Empty where the fix takes a decision.
    pub patch: Vec<Edit>,
}

impl fmt::Display for Finding {
    /// istioctl's line, the place as rustc shows one, then why and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] (", self.code.level, self.code.id)?;
        if let Some(object) = &self.object {
            write!(f, "{object} ")?;
        }
        write!(f, "{}) {}\n{}", self.mark.source, self.message, self.mark)?;
        if !self.why.is_empty() {
            write!(f, "\n  = why: {}", self.why)?;
        }
        match (self.fix.is_empty(), self.patch.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => write!(f, "\n  = fix: {}", self.fix),
            (false, false) => write!(f, "\n  = fix: {} (--fix does it)", self.fix),
        }
    }
}

/// All findings about an input, in the order of its files and lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The findings.
    pub findings: Vec<Finding>,
    /// What could not be looked at, for want of documents.
    pub unchecked: Option<&'static str>,
    /// Whether the documents could be read at all: else there is nothing but what is wrong with them.
    pub readable: bool,
}

impl Findings {
    /// How many are of `level`.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.code.level == level).count()
    }
}

impl fmt::Display for Findings {
    /// One after the other with an empty line between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            write!(f, "{finding}\n\n")?;
        }
        Ok(())
    }
}
