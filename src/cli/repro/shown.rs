//! What one entry and several have in common: how they are drawn and kept in a file.

use crate::cli::args::PlayArguments;
use crate::cli::capture;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::trace::trace_text;
use crate::glass;
use crate::repro::Entry;
use crate::scenario::{Report, Scenario};

/// An entry with its scenario.
pub(super) type Chosen = (Entry, Scenario);

/// All connections of a report, drawn.
pub(super) fn traces(report: &Report, width: usize) -> String {
    report.records().map(|record| format!("\n{}", trace_text(&glass::trace(record, false), width))).collect()
}

/// Writes the connections of all reports, if a file was named.
///
/// # Errors
///
/// [`CliError`] when it cannot be written.
pub(super) fn captured(
    reports: &[Report],
    arguments: &PlayArguments,
    output: &mut Output,
) -> Result<(), CliError> {
    let Some(path) = &arguments.capture else { return Ok(()) };
    let records = reports.iter().flat_map(Report::records).map(|record| &**record);
    let file = glass::capture(records).file;
    capture::write(path, &file, true)?;
    output.talk(&format!(
        "wrote {} ({} bytes)\nwarning: it holds the keys of its connections: whoever has the file can read what was said\n",
        path.display(),
        file.len()
    ));
    Ok(())
}
