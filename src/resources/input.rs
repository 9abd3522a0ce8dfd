//! Where text comes from: files, folders, standard input, or a program.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::mesh::nearest;
use crate::resources::error::{LoadError, LoadErrors};

/// No mesh that one machine runs is larger; 10 000 workloads and as many policies are about 10 MB.
const LARGEST: u64 = 64 << 20;
/// What a folder is searched for.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, or a folder of `.yaml`, `.yml` and `.json` files, read in the order of their names, not recursively.
    Path(PathBuf),
    /// Text that is already here, and the name that errors call it.
    Text {
        /// The name.
        name: String,
        /// The text.
        text: String,
    },
}

impl Input {
    /// Text with a name.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text { name: name.into(), text: text.into() }
    }
}

/// A text and what errors call it.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: Arc<str>,
    pub(crate) text: String,
}

/// What the files of some inputs look like from outside: equal as long as nobody has written to any of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    files: Vec<(PathBuf, Option<(SystemTime, u64)>)>,
}

/// The stamp of `inputs` now; text that is not in a file never changes.
pub fn stamp(inputs: &[Input]) -> Stamp {
    let paths = inputs.iter().flat_map(|input| match input {
        Input::Path(path) if path.is_dir() => in_folder(path).unwrap_or_default(),
        Input::Path(path) => vec![path.clone()],
        Input::Text { .. } => Vec::new(),
    });
    let look = |path: PathBuf| {
        let found = fs::metadata(&path).ok();
        let found = found.and_then(|found| Some((found.modified().ok()?, found.len())));
        (path, found)
    };
    Stamp { files: paths.map(look).collect() }
}

/// The names and texts of all `inputs`, in order.
///
/// # Errors
///
/// The first file that cannot be read.
pub fn texts(inputs: &[Input]) -> Result<Vec<(String, String)>, LoadErrors> {
    let mut texts = Vec::new();
    for input in inputs {
        texts.extend(read(input)?.into_iter().map(|file| (file.name.to_string(), file.text)));
    }
    Ok(texts)
}

/// All `inputs` as texts: each file under the name that errors call it, a folder as its files.
///
/// # Errors
///
/// The first file that cannot be read.
pub fn opened(inputs: &[Input]) -> Result<Vec<Input>, LoadErrors> {
    let mut files = Vec::new();
    for input in inputs {
        files.extend(read(input)?.into_iter().map(|file| Input::text(&*file.name, file.text)));
    }
    Ok(files)
}

/// Reads `input`; a folder gives several files.
pub(crate) fn read(input: &Input) -> Result<Vec<File>, LoadError> {
    match input {
        Input::Text { name, text } => Ok(vec![File { name: name.as_str().into(), text: text.clone() }]),
        Input::Path(path) if path.is_dir() => read_folder(path),
        Input::Path(path) => Ok(vec![read_file(path)?]),
    }
}

/// The files of a folder that may hold documents, by name.
fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)));
    paths.sort();
    Ok(paths)
}

fn read_folder(folder: &Path) -> Result<Vec<File>, LoadError> {
    let paths = in_folder(folder).map_err(|error| unreadable(folder, &error))?;
    if paths.is_empty() {
        return Err(LoadError {
            code: "resources.empty_folder",
            message: format!("expected .yaml, .yml or .json files in {}, found none", folder.display()),
            help: Some("name the files one by one, or run without -f for the demo mesh".to_owned()),
            mark: None,
        });
    }
    paths.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> Result<File, LoadError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    // A pipe or a device does not say its size beforehand.
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(LoadError {
            code: "resources.too_large",
            message: format!("expected at most {} MiB in {}, found more", LARGEST >> 20, path.display()),
            help: Some("name the files of one mesh, or split it".to_owned()),
            mark: None,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(File { name: path.display().to_string().into(), text }),
        Err(error) => Err(LoadError {
            code: "resources.not_utf8",
            message: format!(
                "expected UTF-8 text in {}, found other bytes at offset {}",
                path.display(),
                error.utf8_error().valid_up_to(),
            ),
            help: Some("save the file as UTF-8".to_owned()),
            mark: None,
        }),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> LoadError {
    let help = match error.kind() {
        io::ErrorKind::NotFound => similar(path).map(|near| format!("did you mean {near}?")),
        _ => None,
    };
    LoadError {
        code: "resources.unreadable",
        message: format!("cannot read {}: {error}", path.display()),
        help: help.or_else(|| Some("glasstunnel up --print-mesh > mesh.yaml writes an example".to_owned())),
        mark: None,
    }
}

/// The file beside the missing one that is most like it.
fn similar(path: &Path) -> Option<String> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let entries = fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    let near = nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}
