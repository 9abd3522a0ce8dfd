//! Meshes from files, as every command that takes `-f` reads them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::error::CliError;
use crate::mesh::{Semantics, build};
use crate::policy::Snapshot;
use crate::resources::{DEMO, IgnoredKind, Input, Objects};

/// What the demo mesh is called where a file name would stand.
pub(crate) const DEMO_NAME: &str = "demo mesh";

/// A mesh that was read.
pub(crate) struct FromFiles {
    /// Its documents.
    pub(crate) objects: Objects,
    /// What they mean together.
    pub(crate) snapshot: Snapshot,
    /// The kinds that were skipped.
    pub(crate) ignored: Vec<IgnoredKind>,
}

/// The texts behind `-f`: the demo mesh without any, standard input for `-`.
pub(crate) fn inputs(files: &[PathBuf]) -> Result<Vec<Input>, CliError> {
    if files.is_empty() {
        return Ok(vec![Input::text(DEMO_NAME, DEMO)]);
    }
    let read = |path: &PathBuf| {
        if path != Path::new("-") {
            return Ok(Input::Path(path.clone()));
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(CliError::Read)?;
        Ok(Input::text("stdin", text))
    };
    files.iter().map(read).collect()
}

/// The mesh that `inputs` declare; `semantics` wins over what they say.
pub(crate) fn read(inputs: &[Input], semantics: Option<Semantics>) -> Result<FromFiles, CliError> {
    from_objects(Objects::read(inputs)?, semantics)
}

/// The same for a question: what a cluster may hold is answered for, even where Istio would refuse it today.
pub(crate) fn read_as_is(inputs: &[Input], semantics: Option<Semantics>) -> Result<FromFiles, CliError> {
    from_objects(Objects::read_as_is(inputs)?, semantics)
}

fn from_objects(objects: Objects, semantics: Option<Semantics>) -> Result<FromFiles, CliError> {
    let loaded = objects.assemble()?;
    let mut spec = loaded.spec;
    spec.settings.semantics = semantics.unwrap_or(spec.settings.semantics);
    let mesh = build(spec).map_err(|error| objects.located(&error))?;
    let snapshot = Snapshot::new(Arc::new(mesh), loaded.policies);
    Ok(FromFiles { objects, snapshot, ignored: loaded.ignored })
}
