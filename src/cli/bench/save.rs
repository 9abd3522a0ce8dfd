//! Keeping a run: the document, the histograms, the page.

use std::path::{Path, PathBuf};

use crate::cli::bench::hgrm::hgrm;
use crate::cli::bench::html::page;
use crate::load::{LoadError, Run, keep, stems, write};

/// The files of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// All of it; what `compare` and `report` read.
    pub json: PathBuf,
    /// Each path's latencies in HdrHistogram's form.
    pub hgrm: Vec<PathBuf>,
    /// The page.
    pub html: PathBuf,
}

/// Writes `DIR/NAME.json`, then `DIR/NAME-PATH.hgrm` for each path that has latencies, and `DIR/NAME.html`.
///
/// # Errors
///
/// [`LoadError::Exists`] where a run of that name is kept already: nothing is written then. [`LoadError::BadName`],
/// [`LoadError::Write`].
pub fn save(run: &Run, dir: &Path) -> Result<Saved, LoadError> {
    let json = keep(run, dir)?;
    let mut files = Vec::new();
    for (path, stem) in stems(run, &run.name) {
        if let Some(latency) = &path.latency {
            let file = dir.join(format!("{stem}.hgrm"));
            write(&file, &hgrm(latency))?;
            files.push(file);
        }
    }
    let html = dir.join(format!("{}.html", run.name));
    write(&html, &page(run))?;
    Ok(Saved { json, hgrm: files, html })
}
