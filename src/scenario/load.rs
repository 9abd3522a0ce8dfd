//! [`load`]: files with meshes and scenarios in, scenarios out.

use crate::resources::{Content, Input, LoadErrors, ObjectKey, Objects, opened};
use crate::scenario::definition::Scenario;
use crate::scenario::read::scenario;

/// Reads the scenarios of all `inputs`. Each file is a world of its own: its scenarios run in the mesh of its other
/// documents, and of those
/// of `common` that they do not replace.
///
/// # Errors
///
/// What is wrong with a mesh or a scenario, with file, line and column.
pub fn load(common: &[Input], inputs: &[Input]) -> Result<Vec<Scenario>, LoadErrors> {
    let mut scenarios = Vec::new();
    let common = if common.is_empty() { Objects::default() } else { Objects::read(common)? };
    for file in opened(inputs)? {
        let objects = common.with(&Objects::read(&[file])?).0;
        let own: Vec<_> = objects
            .iter()
            .filter_map(|object| match &object.content {
                Content::Scenario(document) => Some((object.key.clone(), document.clone())),
                _ => None,
            })
            .collect();
        let keys: Vec<ObjectKey> = own.iter().map(|(key, _)| key.clone()).collect();
        let mesh = objects.without(&keys);
        for (_, document) in own {
            scenarios.push(scenario(&document, &mesh)?);
        }
    }
    Ok(scenarios)
}

#[cfg(test)]
mod tests;
