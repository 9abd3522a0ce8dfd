//! `bench report`: a run that was kept, in any shape.

use std::path::Path;

use crate::admin::{Document, json};
use crate::cli::args::ReportShape;
use crate::cli::bench::hgrm::hgrm;
use crate::cli::bench::html::page;
use crate::cli::bench::text::table;
use crate::cli::exit::Exit;
use crate::cli::wrap::harmless;
use crate::load::{LoadError, Run, open, stems, write};

/// Reads a run, named or the path of its file, and shows it: as text, or in the file that is named.
///
/// # Errors
///
/// [`LoadError`] when the run cannot be read, the file cannot be written, or there are no latencies for `hgrm`.
pub fn run(
    name_or_path: &str,
    dir: &Path,
    shape: ReportShape,
    file: Option<&Path>,
) -> Result<(String, Exit), LoadError> {
    let run = open(name_or_path, dir)?;
    let text = match (shape, file) {
        (ReportShape::Hgrm, Some(file)) => return Ok((histograms(&run, file)?, Exit::Done)),
        (ReportShape::Hgrm, None) => joined(&run)?,
        (ReportShape::Table, _) => table(&run, false),
        (ReportShape::Wide, _) => table(&run, true),
        (ReportShape::Html, _) => page(&run),
        (ReportShape::Json, _) => json(&Document::one(run)),
    };
    let Some(file) = file else { return Ok((text, Exit::Done)) };
    write(file, &text)?;
    Ok((wrote(file), Exit::Done))
}

/// One file for each path: a reader of this form takes one distribution from a file.
fn histograms(run: &Run, file: &Path) -> Result<String, LoadError> {
    let base = file.file_stem().unwrap_or_default().to_string_lossy();
    let stems = stems(run, &base);
    let mut said = String::new();
    for (path, stem) in &stems {
        let name =
            if stems.len() == 1 { file.to_owned() } else { file.with_file_name(format!("{stem}.hgrm")) };
        if let Some(latency) = &path.latency {
            write(&name, &hgrm(latency))?;
            said += &wrote(&name);
        }
    }
    if said.is_empty() { Err(none(run)) } else { Ok(said) }
}

/// All of them; where there are several, each behind a line that says which, and that readers of this form pass over.
fn joined(run: &Run) -> Result<String, LoadError> {
    let all: Vec<(&str, String)> = run
        .paths
        .iter()
        .filter_map(|path| Some((path.name.as_str(), hgrm(path.latency.as_ref()?))))
        .collect();
    match all.as_slice() {
        [] => Err(none(run)),
        [(_, text)] => Ok(text.clone()),
        several => Ok(several
            .iter()
            .map(|(name, text)| format!("#[Path    = {}]\n{text}", harmless(name)))
            .collect()),
    }
}

fn none(run: &Run) -> LoadError {
    LoadError::NoLatency { run: run.name.clone() }
}

fn wrote(file: &Path) -> String {
    format!("wrote {}\n", file.display())
}
