//! The door of the room: inputs in, everything that was read out, or everything that is wrong.

use crate::resources::error::LoadErrors;
use crate::resources::input::Input;
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
#[cfg(test)]
mod tests;
