//! How names look: Kubernetes refuses all others, and ours end up in host names, certificates, tables and logs.

use crate::resources::node::At;
use crate::resources::parse::Problem;

/// The form of a name.
pub(crate) struct Shape {
    /// What it is called in an error.
    expected: &'static str,
    holds: fn(&str) -> bool,
}

/// The name of an object: an RFC 1123 subdomain.
pub(crate) const SUBDOMAIN: Shape =
    Shape { expected: "a name of a-z, 0-9, `-` and `.`, at most 253 characters", holds: is_subdomain };
/// The name of a namespace: an RFC 1123 label.
pub(crate) const LABEL: Shape =
    Shape { expected: "a name of a-z, 0-9 and `-`, at most 63 characters", holds: is_label };
/// The name of a port: an RFC 6335 service name.
pub(crate) const PORT_NAME: Shape = Shape {
    expected: "a port name of a-z, 0-9 and `-`, with a letter, at most 15 characters",
    holds: |text| text.len() <= 15 && is_label(text) && text.bytes().any(|byte| byte.is_ascii_lowercase()),
};
/// The key of a label, with or without a domain before it.
pub(crate) const LABEL_KEY: Shape = Shape {
    expected: "a label's key, as in `app` or `example.com/app`",
    holds: |text| match text.split_once('/') {
        Some((domain, name)) => is_subdomain(domain) && is_word(name),
        None => is_word(text),
    },
};
/// The value of a label.
pub(crate) const LABEL_VALUE: Shape = Shape {
    expected: "a label's value: letters, digits, `-`, `_` and `.`, at most 63 characters",
    holds: |text| text.is_empty() || is_word(text),
};

impl Shape {
    /// Refuses a `text` of another form.
    pub(crate) fn check(&self, text: &str, at: At) -> Result<(), Problem> {
        if (self.holds)(text) {
            return Ok(());
        }
        let nearest = mended(text).filter(|mended| (self.holds)(mended));
        Err(Problem {
            at,
            code: "resources.invalid_name",
            message: format!("expected {}, found `{}`", self.expected, text.escape_debug()),
            help: nearest.map(|mended| format!("write `{mended}`")),
        })
    }
}

/// `Web_Frontend` as `web-frontend`.
fn mended(text: &str) -> Option<String> {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let mended: String = text.chars().map(letter).collect();
    let mended = mended.trim_matches('-');
    (!mended.is_empty()).then(|| mended.to_owned())
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_word(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.len() <= 63 && text.bytes().all(inner) && edge(text.bytes().next()) && edge(text.bytes().next_back())
}
