//! A line of a log as words: lower-case, without punctuation, quotes, escapes or colours.

use std::ops::Range;

/// How many words of a line are looked at: more than any log line has, and a bound on the work.
const MAX_WORDS: usize = 1024;

/// A line and its words.
pub(crate) struct Line<'a> {
    raw: &'a str,
    lower: String,
    spans: Vec<Range<usize>>,
}

impl<'a> Line<'a> {
    /// Reads a line. Words are runs of ASCII letters, digits and `_`; a dot between digits belongs to the number, so
    /// that versions and addresses are words of their own.
    pub(crate) fn of(raw: &'a str) -> Self {
        let mut spans = Vec::new();
        let mut start = None;
        let mut escape = false;
        for (at, byte) in raw.bytes().enumerate() {
            if escape {
                // ECMA-48 §5.4: a colour ends with a letter.
                escape = !byte.is_ascii_alphabetic();
            } else if byte.is_ascii_alphanumeric() || byte == b'_' || is_decimal_point(raw, at) {
                start.get_or_insert(at);
            } else {
                spans.extend(start.take().map(|start| start..at));
                escape = byte == 0x1b;
            }
            if spans.len() == MAX_WORDS {
                break;
            }
        }
        spans.extend(start.map(|start| start..raw.len()).filter(|_| spans.len() < MAX_WORDS));
        Self { raw, lower: raw.to_ascii_lowercase(), spans }
    }

    /// How many words it has.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// A word in lower case; empty beyond the end.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.of_span(&self.lower, at)
    }

    /// A word as written; empty beyond the end.
    pub(crate) fn written(&self, at: usize) -> &str {
        self.of_span(self.raw, at)
    }

    /// All words in lower case.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.word(at))
    }

    /// Whether `words` stand at `at`, one after the other.
    pub(crate) fn has(&self, words: &[String], at: usize) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.word(at + offset) == word)
    }

    /// The part of the line around the word at `at`, without control characters, at most `width` characters.
    pub(crate) fn excerpt(&self, at: usize, width: usize) -> String {
        let clean = |text: &str| text.replace(char::is_control, " ");
        let whole = self.raw.trim();
        if whole.chars().count() <= width {
            return clean(whole);
        }
        let before = self.raw.get(..self.spans.get(at).map_or(0, |span| span.start)).unwrap_or_default();
        // A little of what stands before it: `error="`.
        let lead: Vec<char> = before.chars().rev().take(LEAD).collect();
        let from = before.len() - lead.iter().map(|c| c.len_utf8()).sum::<usize>();
        let rest = self.raw.get(from..).unwrap_or_default().trim();
        let cut: String = rest.chars().take(width).collect();
        let (head, tail) = (if from > 0 { "…" } else { "" }, if cut.len() < rest.len() { "…" } else { "" });
        format!("{head}{}{tail}", clean(cut.trim()))
    }

    fn of_span<'t>(&self, text: &'t str, at: usize) -> &'t str {
        self.spans.get(at).and_then(|span| text.get(span.clone())).unwrap_or_default()
    }
}

fn is_decimal_point(raw: &str, at: usize) -> bool {
    let byte = |at: Option<usize>| at.and_then(|at| raw.as_bytes().get(at)).copied();
    let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    byte(Some(at)) == Some(b'.') && is_digit(byte(at.checked_sub(1))) && is_digit(byte(Some(at + 1)))
}

/// How much of a long line is shown before what was recognised.
const LEAD: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expect: &[&str]) {
        assert_eq!(Line::of(raw).words().collect::<Vec<_>>(), expect, "{raw:?}");
    }

    #[test]
    fn words_have_no_punctuation_case_or_colour() {
        check("", &[]);
        check("curl: (56) Recv failure", &["curl", "56", "recv", "failure"]);
        check(r#"{"error":"io error: \"x\""}"#, &["error", "io", "error", "x"]);
        check("\u{1b}[31merror\u{1b}[0m: TLS_error", &["error", "tls_error"]);
        check("curl/7.88.1 to 10.0.0.1:80.", &["curl", "7.88.1", "to", "10.0.0.1", "80"]);
        check("naïve\u{1b}", &["na", "ve"]);
    }

    #[test]
    fn excerpts_show_what_matched() {
        let long = format!("{} the end is here {}", "x ".repeat(100), "é".repeat(100));
        let line = Line::of(&long);
        assert_eq!(line.excerpt(102, 40), "…x x x x x x x  the end is here ééééééééé…");
        assert_eq!(Line::of(" a\tb ").excerpt(0, 40), "a b");
        assert_eq!(line.excerpt(9999, 3), "x x…");
    }
}
