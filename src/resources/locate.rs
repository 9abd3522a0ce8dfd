//! Where a field of an object stands in its file: for snippets that underline the exact word, and for edits of it.
//!
//! The objects themselves do not keep their trees; a file is parsed again when something in it is first looked for.

use std::collections::HashMap;
use std::sync::Arc;

use crate::resources::error::Mark;
use crate::resources::fields::scalar;
use crate::resources::input::File;
use crate::resources::node::{At, Node, Value};
use crate::resources::object::Object;
use crate::resources::parse::documents;

/// One step down from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The entry of a map.
    Key(String),
    /// The item of a list, counted from 0.
    Item(usize),
    /// The item of a list that is this text or number.
    Text(String),
}

/// A field of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
    of_key: bool,
}

impl Path {
    /// The value under `keys`, a path with dots such as `spec.mtls.mode`; empty is the whole document.
    pub fn new(keys: &str) -> Self {
        let steps = keys.split('.').filter(|key| !key.is_empty()).map(|key| Step::Key(key.to_owned()));
        Self { steps: steps.collect(), of_key: false }
    }

    /// The entry `key` below; a key may have dots.
    #[must_use]
    pub fn key(self, key: impl ToString) -> Self {
        self.step(Step::Key(key.to_string()))
    }

    /// The item `index` below.
    #[must_use]
    pub fn item(self, index: usize) -> Self {
        self.step(Step::Item(index))
    }

    /// The item below that is `text`.
    #[must_use]
    pub fn text(self, text: impl ToString) -> Self {
        self.step(Step::Text(text.to_string()))
    }

    /// The last key itself in place of its value.
    #[must_use]
    pub fn itself(self) -> Self {
        Self { of_key: true, ..self }
    }

    /// Whether it means a key.
    pub(in crate::resources) fn is_key(&self) -> bool {
        self.of_key
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// What was found at the end of a path, or as far down as there was anything.
pub(in crate::resources) struct Found<'a> {
    /// The key of `value`, unless it is an item or a whole document.
    pub(in crate::resources) key: Option<&'a Node>,
    pub(in crate::resources) value: &'a Node,
    /// How many entries the map or list around it has, itself included.
    pub(in crate::resources) siblings: usize,
    /// Whether every step was there.
    pub(in crate::resources) whole: bool,
}

/// The trees of files, kept for the next question.
#[derive(Debug, Default)]
pub struct Places {
    /// By the file's address in memory: standard input has one name however often it was read.
    files: HashMap<usize, Parsed>,
}

/// One file: every object by where it begins, and where each line begins.
#[derive(Debug)]
struct Parsed {
    /// Held, so that its address stays its own.
    _file: Arc<File>,
    objects: HashMap<(usize, usize), Node>,
    lines: Vec<usize>,
}

impl Parsed {
    fn of(file: &Arc<File>) -> Self {
        let ends = file.text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            _file: Arc::clone(file),
            objects: objects_of(documents(file).unwrap_or_default()),
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }
}

impl Places {
    /// The place of `path` in `object`, or of the deepest part of it that is there; a map or a list is shown by its key.
    pub fn mark(&mut self, object: &Object, path: &Path) -> Mark {
        let at = self.find(object, path).map_or(object.at, |found| match (found.key, &found.value.value) {
            (Some(key), _) if path.of_key => key.at,
            (Some(key), Value::Map(_) | Value::List(_) | Value::Null) => key.at,
            _ => found.value.at,
        });
        let line = self.line(object, at).and_then(|start| object.file.text.get(start..)?.lines().next());
        Mark {
            source: object.file.source(at),
            column: at.column.max(1),
            length: at.length,
            text: line.unwrap_or_default().into(),
        }
    }

    /// The byte at which the line of `at` begins.
    pub(in crate::resources) fn line(&mut self, object: &Object, at: At) -> Option<usize> {
        self.parsed(object).lines.get(at.line.checked_sub(1)?).copied()
    }

    fn parsed(&mut self, object: &Object) -> &Parsed {
        let address = Arc::as_ptr(&object.file).addr();
        self.files.entry(address).or_insert_with(|| Parsed::of(&object.file))
    }

    /// Whether there is anything at `path`; null counts as nothing, as in Kubernetes.
    pub fn is_there(&mut self, object: &Object, path: &Path) -> bool {
        self.find(object, path).is_some_and(|found| found.whole && found.value.value != Value::Null)
    }

    /// The text or number at `path`, if there is one.
    pub fn scalar(&mut self, object: &Object, path: &Path) -> Option<String> {
        let found = self.find(object, path).filter(|found| found.whole)?;
        match found.value.value {
            Value::Map(_) | Value::List(_) | Value::Null => None,
            ref value => Some(scalar(value)),
        }
    }

    /// The keys of the map at `path`, in the order of the text; none if there is no map.
    pub fn keys(&mut self, object: &Object, path: &Path) -> Vec<String> {
        match self.find(object, path).filter(|found| found.whole).map(|found| &found.value.value) {
            Some(Value::Map(entries)) => entries.iter().map(|(key, _)| scalar(&key.value)).collect(),
            _ => Vec::new(),
        }
    }

    /// How many items the list at `path` has; 0 if there is none.
    pub fn items(&mut self, object: &Object, path: &Path) -> usize {
        match self.find(object, path).filter(|found| found.whole).map(|found| &found.value.value) {
            Some(Value::List(items)) => items.len(),
            _ => 0,
        }
    }

    /// Walks down `path`.
    pub(in crate::resources) fn find(&mut self, object: &Object, path: &Path) -> Option<Found<'_>> {
        let value = self.parsed(object).objects.get(&place(object.at))?;
        let mut found = Found { key: None, value, siblings: 0, whole: true };
        for step in &path.steps {
            let Some((key, value, siblings)) = down(found.value, step) else {
                return Some(Found { whole: false, ..found });
            };
            let key = key.or_else(|| found.key.filter(|_| !matches!(value.value, Value::Map(_))));
            found = Found { key, value, siblings, whole: true };
        }
        Some(found)
    }
}

/// Every object of a file by where it begins, those inside of lists too.
fn objects_of(documents: Vec<Node>) -> HashMap<(usize, usize), Node> {
    let mut objects = HashMap::new();
    let mut left = documents;
    while let Some(mut node) = left.pop() {
        if let Value::Map(entries) = &mut node.value {
            let is = |key: &Node, name: &str| key.value.as_text() == Some(name);
            let is_list = entries.iter().any(|(key, value)| is(key, "kind") && is(value, "List"));
            let items = entries.iter_mut().find(|(key, _)| is_list && is(key, "items"));
            if let Some((_, Node { value: Value::List(items), .. })) = items {
                left.append(items);
            }
        }
        objects.insert(place(node.at), node);
    }
    objects
}

fn place(at: At) -> (usize, usize) {
    (at.line, at.column)
}

/// The key, the value and the number of its siblings.
fn down<'a>(node: &'a Node, step: &Step) -> Option<(Option<&'a Node>, &'a Node, usize)> {
    match (&node.value, step) {
        (Value::Map(entries), Step::Key(name)) => {
            let (key, value) = entries.iter().find(|(key, _)| scalar(&key.value) == *name)?;
            Some((Some(key), value, entries.len()))
        }
        (Value::List(items), Step::Item(index)) => Some((None, items.get(*index)?, items.len())),
        (Value::List(items), Step::Text(text)) => {
            Some((None, items.iter().find(|item| scalar(&item.value) == *text)?, items.len()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
