//! Where the report comes in.

use std::path::Path;

use crate::admin::{Document, json};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::load::Run;

pub(crate) fn table(run: &Run, _wide: bool) -> String {
    json(&Document::one(run.clone()))
}

#[expect(clippy::unnecessary_wraps, reason = "the report's own can fail")]
pub(crate) fn save(_run: &Run, _folder: &Path, _output: &mut Output) -> Result<(), CliError> {
    Ok(())
}
