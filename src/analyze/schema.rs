//! IST0106: documents that cannot be read are findings too.

use crate::analyze::codes::SCHEMA;
use crate::analyze::finding::Finding;
use crate::resources::{LoadError, LoadErrors};

/// Each mistake as a finding; `None` if one of them is about no place in a file, such as a file that is not there.
///
/// `text` gives a file's text by its name, for numbers that only lack their quotes.
pub(in crate::analyze) fn findings<'t>(
    errors: &LoadErrors,
    text: impl Fn(&str) -> Option<&'t str>,
) -> Option<Vec<Finding>> {
    errors.iter().map(|error| finding(error, &text)).collect()
}

fn finding<'t>(error: &LoadError, text: impl Fn(&str) -> Option<&'t str>) -> Option<Finding> {
    let mark = error.mark()?.clone();
    let help = error.help().unwrap_or_default();
    // Of all mistakes only this one has a single remedy: a number where Kubernetes takes text alone.
    let lacks_quotes = help.starts_with("put it in quotes: ");
    let quoted = text(&mark.source.file).filter(|_| lacks_quotes).and_then(|text| mark.quoted(text));
    Some(Finding {
        code: &SCHEMA,
        object: None,
        message: format!("Schema validation error: {}", error.message()),
        why: String::new(),
        fix: help.to_owned(),
        patch: quoted.into_iter().collect(),
        mark,
    })
}
