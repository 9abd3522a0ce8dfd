//! Runs in files: `DIR/NAME.json`, written whole or not at all, and never over another.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

use crate::admin::{API_VERSION, Document, Kind, json};
use crate::load::error::LoadError;
use crate::load::names::checked;
use crate::load::run::Run;

/// What every document begins with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
}

/// Reads a run by its name in `dir`, or by the path of its file: what has a `/` in it or ends in `.json` is a path.
///
/// # Errors
///
/// [`LoadError`] when there is none, or it cannot be read, or it is something else.
pub fn open(name_or_path: &str, dir: &Path) -> Result<Run, LoadError> {
    let has_extension = Path::new(name_or_path).extension().is_some_and(|extension| extension == "json");
    if has_extension || name_or_path.contains('/') {
        return read(Path::new(name_or_path));
    }
    let path = dir.join(format!("{}.json", checked(name_or_path)?));
    match path.exists() {
        true => read(&path),
        false => {
            Err(LoadError::Unknown { name: name_or_path.to_owned(), dir: dir.to_owned(), names: names(dir) })
        }
    }
}

fn read(path: &Path) -> Result<Run, LoadError> {
    let text =
        fs::read_to_string(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    let malformed = |source| LoadError::Malformed { path: path.to_owned(), source };
    let Head { api_version, kind } = serde_json::from_str(&text).map_err(malformed)?;
    if (api_version.as_str(), kind.as_str()) != (API_VERSION, Run::KIND) {
        let found = match kind.is_empty() {
            true => "a document without a kind".to_owned(),
            false => format!("{kind} of {api_version}"),
        };
        let expected = format!("{} of {API_VERSION}", Run::KIND);
        return Err(LoadError::Foreign { path: path.to_owned(), expected, found });
    }
    Ok(serde_json::from_str::<Document<Run>>(&text).map_err(malformed)?.body)
}

/// The names of all runs in a folder, the newest first.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<(SystemTime, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.strip_suffix(".json")?.to_owned();
            Some((entry.metadata().ok()?.modified().ok()?, name))
        })
        .filter(|(_, name)| checked(name).is_ok())
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, name)| name).collect()
}

/// Whether a run of that name can be kept there: what [`keep`] would say, before there is anything to keep.
///
/// # Errors
///
/// As [`keep`].
pub fn has_room(name: &str, dir: &Path) -> Result<(), LoadError> {
    let path = dir.join(format!("{}.json", checked(name)?));
    if path.exists() {
        return Err(LoadError::Exists { path });
    }
    let unwritable = |source| LoadError::Write { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(unwritable)?;
    let trial = dir.join(format!(".{:016x}.new", rand::random::<u64>()));
    File::create_new(&trial).and_then(|_file| fs::remove_file(&trial)).map_err(unwritable)
}

/// Keeps a run as `DIR/NAME.json`; makes the folder. Says where.
///
/// # Errors
///
/// [`LoadError::Exists`] where a run of that name is kept already, [`LoadError::BadName`], [`LoadError::Write`].
pub fn keep(run: &Run, dir: &Path) -> Result<PathBuf, LoadError> {
    let path = dir.join(format!("{}.json", checked(&run.name)?));
    fs::create_dir_all(dir).map_err(|source| LoadError::Write { path: dir.to_owned(), source })?;
    let text = json(&Document::one(run.clone()));
    // A link, other than a renamed file, does not replace what is there.
    whole(&path, &text, |temporary, path| fs::hard_link(temporary, path)).map_err(|source| {
        match source.kind() {
            io::ErrorKind::AlreadyExists => LoadError::Exists { path: path.clone() },
            _ => LoadError::Write { path: path.clone(), source },
        }
    })?;
    Ok(path)
}

/// Writes a file that can be made again from a run, over what is there.
///
/// # Errors
///
/// [`LoadError::Write`].
pub fn write(path: &Path, text: &str) -> Result<(), LoadError> {
    let renamed = |temporary: &Path, path: &Path| fs::rename(temporary, path);
    whole(path, text, renamed).map_err(|source| LoadError::Write { path: path.to_owned(), source })
}

/// Writes a file beside its place, then puts it there: whoever reads finds all of it or nothing.
fn whole(path: &Path, text: &str, put: impl Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:016x}.new", rand::random::<u64>()));
    let temporary = path.with_file_name(name);
    let mut file = File::create_new(&temporary)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let done = written.and_then(|()| put(&temporary, path));
    // Gone already after a rename.
    let _either_way = fs::remove_file(&temporary);
    done
}

#[cfg(test)]
mod tests;
