//! A list of views in each form that `-o` knows.

use serde::Serialize;

use crate::admin::{Document, Kind, List, json, json_lines, yaml};
use crate::cli::args::Format;
use crate::cli::table::Table;

/// A view that is listed by `config`.
pub trait Listed: Kind + Serialize + Clone {
    /// What to say instead of an empty table.
    const NOTHING: &'static str;

    /// What to say beside the table, if anything needs saying.
    const NOTE: Option<&'static str> = None;

    /// The namespace that `-n` looks at; none for something that belongs to no single one.
    fn namespace(&self) -> Option<&str>;

    /// The name that other commands take.
    fn name(&self) -> String;

    /// The table; `wide` only adds columns at the end.
    fn table(items: &[Self], wide: bool) -> Table;
}

/// The items as text in the form that was asked for.
pub fn listing<T: Listed>(items: &[T], format: Format, headers: bool) -> String {
    match format {
        Format::Table => T::table(items, false).render(headers),
        Format::Wide => T::table(items, true).render(headers),
        Format::Json => json(&Document::<List<T>>::list(items.to_vec())),
        Format::Jsonl => json_lines(items),
        Format::Yaml => yaml(&Document::<List<T>>::list(items.to_vec())),
        Format::Name => items.iter().map(|item| format!("{}\n", item.name())).collect(),
    }
}
