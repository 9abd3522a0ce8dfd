//! Prose and code as Markdown that GitHub renders as meant.

use crate::knowledge::{Row, by_id};
use crate::repro::entry::entry;

/// What Markdown would take for its own.
const SPECIAL: [char; 8] = ['*', '_', '<', '>', '[', ']', '|', '\\'];

/// Prose of a row: what stands between backticks stays code, ids of entries become links, all else is text.
pub(crate) fn prose(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split('`').enumerate() {
        if place % 2 == 1 {
            out.push_str(&quoted(part));
        } else {
            out.push_str(&linked(part));
        }
    }
    out
}

/// The same in a cell of a table, where a bar would end it in code, too.
pub(crate) fn cell(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split('`').enumerate() {
        out.push_str(&if place % 2 == 1 { quoted(part).replace('|', "\\|") } else { linked(part) });
    }
    out
}

/// A piece of code in a line.
pub(crate) fn quoted(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{text}{fence}")
}

/// A block of code.
pub(crate) fn block(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}

/// A link to an entry on the same page.
pub(crate) fn link(row: &Row) -> String {
    format!("[{}](#{})", row.id, anchor(row))
}

/// The anchor that GitHub makes of an entry's heading.
pub(crate) fn anchor(row: &Row) -> String {
    format!("{}-{}", row.id.to_lowercase(), row.name)
}

/// A source of a row, as a link if it is a thread or a page.
pub(crate) fn source(text: &str) -> String {
    let is_name = |name: &str| name.split('/').count() == 2 && !name.contains(' ');
    match text.split_once('#') {
        Some((name, number)) if is_name(name) && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("[{text}](https://github.com/{name}/issues/{number})")
        }
        _ if text.starts_with("istio.io/") => format!("[{text}](https://{text})"),
        _ => match text.split_once(' ') {
            Some((name, path)) if is_name(name) && path.contains('.') && !path.contains(' ') => {
                format!("[{text}](https://github.com/{name}/blob/master/{path})")
            }
            _ => linked(text),
        },
    }
}

fn linked(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        out.push_str(&reference(&std::mem::take(&mut word)));
        if SPECIAL.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push_str(&reference(&word));
    out
}

/// A word, as a link if it is the id of an entry.
fn reference(word: &str) -> String {
    let row = by_id(word).filter(|row| row.id == word && entry(row.id).is_some());
    row.map_or_else(|| word.to_owned(), link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            prose("an `a_b|c*` of *, <b> (B25)"),
            "an `a_b|c*` of \\*, \\<b\\> ([B25](#b25-unknown-ca-different-root))"
        );
        assert_eq!(cell("`a|b` | c"), "`a\\|b` \\| c");
        assert_eq!(prose("b25 AB25 B999"), "b25 AB25 B999");
        assert_eq!(source("istio/ztunnel#7"), "[istio/ztunnel#7](https://github.com/istio/ztunnel/issues/7)");
        assert_eq!(
            source("istio/ztunnel src/copy.rs"),
            "[istio/ztunnel src/copy.rs](https://github.com/istio/ztunnel/blob/master/src/copy.rs)"
        );
        assert_eq!(source("measured with x"), "measured with x");
    }
}
