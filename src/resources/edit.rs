//! Small changes of a text at exact places, which leave everything else as it is.
//!
//! Whatever does not stand in the text as expected (an alias, a block scalar, a value over several lines) is not edited.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::resources::error::Mark;
use crate::resources::locate::{Path, Places};
use crate::resources::node::{At, Value};
use crate::resources::object::Object;

/// One change: these bytes of a file become that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file as errors call it.
    pub file: Arc<str>,
    /// The 1-based line of the change.
    pub line: u32,
    /// Which bytes of it.
    pub range: Range<usize>,
    /// What stands there now.
    pub before: String,
    /// What shall stand there.
    pub after: String,
}

/// Changes by file.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    by_file: BTreeMap<Arc<str>, Vec<Edit>>,
}

impl Places {
    /// `old` at `path` as `new`, in the quotes in which it stands; `None` unless exactly `old` stands there.
    pub fn replace(&mut self, object: &Object, path: &Path, old: &str, new: &str) -> Option<Edit> {
        let at = self.scalar_at(object, path)?;
        let start = self.byte(object, at)?;
        let text = &object.file.text;
        let spellings = [("\"", "\""), ("'", "'"), ("", "")];
        spellings.into_iter().find_map(|(open, close)| {
            let range = start..start + open.len() + old.len() + close.len();
            let found = text.get(range.clone())?;
            let is_whole = found.len() == open.len() + old.len() + close.len()
                && found.strip_prefix(open)?.strip_suffix(close)? == old
                && ends_here(text.get(range.end..)?);
            is_whole.then(|| edit(object, at, range, format!("{open}{new}{close}")))
        })
    }

    /// The entry at `path` with its key removed; `None` unless it stands on one line and is not the only one of its map.
    pub fn remove(&mut self, object: &Object, path: &Path) -> Option<Edit> {
        let found = self.find(object, path).filter(|found| found.whole && found.siblings > 1)?;
        let (key, value) = (found.key?.at, found.value.at);
        if key.line != value.line || !matches!(found.value.value, Value::Map(_)) {
            return None;
        }
        let text = &object.file.text;
        let (line, start, from) =
            (self.line(object, key)?, self.byte(object, key)?, self.byte(object, value)?);
        let end = from + bracketed(text.get(from..)?)?;
        let before = text.get(line..start)?;
        let after = text.get(end..)?;
        let rest = after.lines().next().unwrap_or_default();
        let range = match (before.trim().is_empty(), rest.trim()) {
            // A line of its own goes as a whole.
            (true, "") => line..(end + rest.len() + 1).min(text.len()),
            (true, comment) if comment.starts_with('#') => start..end,
            _ => among_others(text, start, end)?,
        };
        Some(edit(object, key, range, String::new()))
    }

    fn scalar_at(&mut self, object: &Object, path: &Path) -> Option<At> {
        let found = self.find(object, path).filter(|found| found.whole)?;
        match (path.is_key(), &found.value.value) {
            (true, _) => Some(found.key?.at),
            (false, Value::Map(_) | Value::List(_)) => None,
            (false, _) => Some(found.value.at),
        }
    }

    /// The byte at which `at` begins.
    fn byte(&mut self, object: &Object, at: At) -> Option<usize> {
        let line = self.line(object, at)?;
        byte_of_column(&object.file.text, line, at.column)
    }
}

fn edit(object: &Object, at: At, range: Range<usize>, after: String) -> Edit {
    let before = object.file.text.get(range.clone()).unwrap_or_default().to_owned();
    Edit { file: Arc::clone(&object.file.name), line: object.file.source(at).line, range, before, after }
}

fn byte_of_column(text: &str, line: usize, column: usize) -> Option<usize> {
    let rest = text.get(line..)?;
    let (offset, _) = rest.char_indices().nth(column.checked_sub(1)?)?;
    Some(line + offset)
}

/// Whether a scalar that was just read ends before `rest`, so that it was not the beginning of a longer one.
fn ends_here(rest: &str) -> bool {
    let rest = rest.trim_start_matches(' ');
    rest.is_empty() || rest.starts_with(['\n', '\r', ',', ']', '}', ':', '#'])
}

/// The length of the bracketed text that begins here; `None` when it has quotes, or does not end on its line.
fn bracketed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.checked_sub(1)?,
            '\n' | '"' | '\'' | '#' => return None,
            _ => {}
        }
        if depth == 0 {
            return (at > 0).then_some(at + letter.len_utf8());
        }
    }
    None
}

/// An entry between braces goes with one of its commas.
fn among_others(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let after = text.get(end..)?;
    if let Some(rest) = after.trim_start_matches(' ').strip_prefix(',') {
        return Some(start..text.len() - rest.trim_start_matches(' ').len());
    }
    let before = text.get(..start)?.trim_end_matches(' ').strip_suffix(',')?;
    Some(before.len()..end)
}

impl Mark {
    /// The marked characters in `text`, the whole file, in double quotes; `None` unless they are a plain number.
    pub fn quoted(&self, text: &str) -> Option<Edit> {
        let index = usize::try_from(self.source.line).ok()?.checked_sub(1)?;
        let line = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).nth(index)?;
        let start = byte_of_column(text, line, self.column)?;
        let rest = text.get(start..)?;
        let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
        let before = &rest[..rest.find(|letter| !is_number(letter)).unwrap_or(rest.len())];
        let number = before.starts_with(|letter: char| letter.is_ascii_digit()) && !before.ends_with('.');
        (number && ends_here(&rest[before.len()..])).then(|| Edit {
            file: Arc::clone(&self.source.file),
            line: self.source.line,
            range: start..start + before.len(),
            before: before.to_owned(),
            after: format!("\"{before}\""),
        })
    }
}

impl Edits {
    /// Adds `edits` if none of them touches what an earlier one changes.
    pub fn add(&mut self, edits: &[Edit]) -> bool {
        let clash = |edit: &Edit| {
            let others = self.by_file.get(&edit.file).map(Vec::as_slice).unwrap_or_default();
            others
                .iter()
                .any(|other| other.range.start < edit.range.end && edit.range.start < other.range.end)
        };
        if edits.iter().any(clash) {
            return false;
        }
        for edit in edits {
            self.by_file.entry(Arc::clone(&edit.file)).or_default().push(edit.clone());
        }
        true
    }

    /// `text` of `file` with its changes.
    pub fn apply(&self, file: &str, text: &str) -> String {
        let mut edits: Vec<&Edit> = self.by_file.get(file).into_iter().flatten().collect();
        edits.sort_by_key(|edit| edit.range.start);
        let mut changed = String::with_capacity(text.len());
        let mut done = 0;
        for edit in edits {
            changed.push_str(text.get(done..edit.range.start).unwrap_or_default());
            changed.push_str(&edit.after);
            done = edit.range.end;
        }
        changed.push_str(text.get(done..).unwrap_or_default());
        changed
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.by_file.is_empty()
    }
}

#[cfg(test)]
mod tests;
