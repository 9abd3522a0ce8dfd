//! [`Field`]: one part of a message, where it stands and what it says.

use std::borrow::Cow;
use std::ops::Range;

use crate::sniff::Escaped;

/// The most fields of one message. A ClientHello of ours has 14; ten thousand empty extensions must not cost much.
const MAX_FIELDS: usize = 512;

/// How many bytes of a value are written out.
const SHOWN_BYTES: usize = 64;

/// How many items of a list are written out.
const SHOWN_ITEMS: usize = 64;

/// One part of a message, as one row of an illustrated TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in its RFC (`legacy_version`).
    pub name: Cow<'static, str>,
    /// Where it stands in the bytes of its message; a part of another field stands within that field.
    pub range: Range<usize>,
    /// How deep it is nested: 0 for a part of the message itself.
    pub depth: u8,
    /// What it says, safe for a terminal.
    pub value: String,
    /// What that is for, in a plain sentence.
    pub meaning: &'static str,
}

/// The fields of one message while they are found.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    list: Vec<Field>,
    depth: u8,
}

impl Fields {
    pub(crate) fn add(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        range: Range<usize>,
        value: impl Into<String>,
        meaning: &'static str,
    ) {
        if self.list.len() < MAX_FIELDS {
            let (name, value) = (name.into(), value.into());
            self.list.push(Field { name, range, depth: self.depth, value, meaning });
        }
    }

    /// Adds parts of the field before.
    pub(crate) fn within<T>(&mut self, parts: impl FnOnce(&mut Self) -> T) -> T {
        self.depth = self.depth.saturating_add(1);
        let result = parts(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// Where the last field ended.
    pub(crate) fn end(&self) -> usize {
        self.list.iter().map(|field| field.range.end).max().unwrap_or(0)
    }

    pub(crate) fn into_list(self) -> Vec<Field> {
        self.list
    }
}

/// Bytes in hexadecimal, the first of many.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text: String = bytes.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > SHOWN_BYTES {
        text.push_str(&format!("… ({} bytes)", bytes.len()));
    }
    if bytes.is_empty() { "empty".to_owned() } else { text }
}

/// Items with commas, the first of many.
pub(crate) fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    let mut words: Vec<String> = items.iter().take(SHOWN_ITEMS).map(text).collect();
    if items.len() > SHOWN_ITEMS {
        words.push(format!("and {} more", items.len() - SHOWN_ITEMS));
    }
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Text that a peer chose, the beginning of much.
pub(crate) fn text(bytes: &[u8]) -> String {
    /// Longer than any name or header that a mesh has.
    const SHOWN_TEXT: usize = 512;
    match bytes.get(..SHOWN_TEXT) {
        Some(shown) if bytes.len() > SHOWN_TEXT => format!("{}… ({} bytes)", Escaped(shown), bytes.len()),
        _ => Escaped(bytes).to_string(),
    }
}
