//! [`load`]: files with meshes and scenarios in, scenarios out.

use std::sync::Arc;

use crate::resources::{Content, Input, LoadErrors, ObjectKey, Objects, OwnDocument, opened};
use crate::scenario::definition::Scenario;
use crate::scenario::read::scenario;

/// Reads the scenarios of all `inputs`. Each file is a world of its own: its scenarios run in the mesh of its other
/// documents, and of those of `common` that they do not replace. Scenarios in `common` are nobody's.
///
/// # Errors
///
/// What is wrong with a mesh or a scenario, with file, line and column.
pub fn load(common: &[Input], inputs: &[Input]) -> Result<Vec<Scenario>, LoadErrors> {
    let mut scenarios = Vec::new();
    let common = if common.is_empty() { Objects::default() } else { Objects::read(common)? };
    let common = split(&common).0;
    for file in opened(inputs)? {
        let (own, documents) = split(&Objects::read(&[file])?);
        let mesh = common.with(&own).0;
        for document in documents {
            scenarios.push(scenario(&document, &mesh)?);
        }
    }
    Ok(scenarios)
}

/// The mesh's own documents, and the scenarios among them.
fn split(objects: &Objects) -> (Objects, Vec<Arc<OwnDocument>>) {
    let mut keys: Vec<ObjectKey> = Vec::new();
    let mut documents = Vec::new();
    for object in objects.iter() {
        if let Content::Scenario(document) = &object.content {
            keys.push(object.key.clone());
            documents.push(document.clone());
        }
    }
    (objects.without(&keys), documents)
}

#[cfg(test)]
mod tests;
