//! [`Entry`]: a row of the table of failures with the scenario that reproduces it.

use crate::knowledge::{Row, by_id};
use crate::repro::files::{BASE, FILES};
use crate::resources::{Input, LoadErrors, Objects};
use crate::scenario::{Scenario, load};

/// What errors call the mesh that entries have in common.
const BASE_NAME: &str = "base.yaml";

/// One entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What is known of the failure.
    pub row: &'static Row,
    /// The file's name in `src/repro/catalogue`.
    pub file: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// All entries, in the order of their rows.
pub fn entries() -> impl Iterator<Item = Entry> {
    FILES.iter().filter_map(|(file, text)| {
        let (id, _) = file.split_once('-')?;
        Some(Entry { row: by_id(id)?, file, text })
    })
}

/// The entry of a row, by its id or its name.
pub fn entry(asked: &str) -> Option<Entry> {
    let row = by_id(&asked.to_ascii_lowercase())?;
    entries().find(|entry| entry.row.id == row.id)
}

/// The mesh that entries run in, as far as they declare no other.
pub fn base() -> Input {
    Input::text(BASE_NAME, BASE)
}

impl Entry {
    /// Its scenario.
    ///
    /// # Errors
    ///
    /// A mistake in the file, of which a test knows that there is none.
    pub fn scenario(&self) -> Result<Option<Scenario>, LoadErrors> {
        let scenarios = load(&[base()], &[Input::text(self.file, self.text)])?;
        Ok(scenarios.into_iter().next())
    }

    /// All of it as one file that `glasstunnel test` runs.
    ///
    /// # Errors
    ///
    /// As [`Entry::scenario`].
    pub fn standalone(&self) -> Result<String, LoadErrors> {
        let (shared, own) = (Objects::read(&[base()])?, Objects::read(&[Input::text(self.file, self.text)])?);
        let mut text = String::new();
        for (object, part) in shared.iter().zip(BASE.split("\n---\n")) {
            if own.get(&object.key).is_none() {
                text.push_str(part.trim_end());
                text.push_str("\n---\n");
            }
        }
        text.push_str(self.text);
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
