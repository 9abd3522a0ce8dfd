//! The door of the room: inputs in, everything that was read out, or everything that is wrong.

use std::sync::Arc;

use crate::mesh::MeshError;
use crate::reason::Reason;
use crate::resources::error::{LoadError, LoadErrors, Mark};
use crate::resources::input::{Input, read};
use crate::resources::objects::{Loaded, Objects};

/// Loads all `inputs` as one mesh.
///
/// # Errors
///
/// Up to [`LoadErrors::MOST`] mistakes: files that cannot be read, then documents in the order of the input, then
/// references between them. Nothing is half-loaded.
pub fn load(inputs: &[Input]) -> Result<Loaded, LoadErrors> {
    // With documents missing, a reference that finds nothing says nothing.
    Objects::read(inputs)?.assemble()
}
/// A disagreement between documents, shown where the second of them begins.
pub fn located(error: &MeshError, inputs: &[Input]) -> LoadErrors {
    let source = error.at().clone();
    let files = inputs.iter().filter_map(|input| read(input).ok()).flatten();
    let text = files.filter(|file| file.name == source.file).find_map(|file| {
        let line = usize::try_from(source.line.saturating_sub(1)).unwrap_or(usize::MAX);
        file.text.lines().nth(line).map(Arc::from)
    });
    let mark =
        text.map(|text: Arc<str>| Mark { length: text.trim_end().chars().count(), source, column: 1, text });
    LoadError { code: error.code(), message: error.to_string(), help: error.hint(), mark }.into()
}

#[cfg(test)]
mod tests;
