//! Text that peers chose, made harmless, in lines that fit.

use std::borrow::Cow;

/// The text with everything escaped that breaks a line, moves a cursor, turns the direction of writing or cannot be seen:
/// much of it was chosen by a peer.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmless = |c: char| matches!(c, '\'' | '"' | '\\') || c.escape_debug().len() == 1;
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut calm = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_harmless(c) { calm.push(c) } else { calm.extend(c.escape_debug()) }
    }
    Cow::Owned(calm)
}

/// How many columns of a font of one width `text` takes. Where fonts disagree (anything beyond Latin, Greek, Cyrillic and
/// symbols), two: text may turn out shorter than it was given room for, never longer.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

fn column(c: char) -> usize {
    if c < '\u{590}' || ('\u{2000}'..='\u{27bf}').contains(&c) { 1 } else { 2 }
}

/// The text made harmless, in lines of at most `width` columns (at least 8). It breaks between words, and a word that is
/// longer than a line behind its punctuation, or where it must.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let text = harmless(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        place(word, width, &mut line, &mut lines);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Puts a word behind `line`, or on lines of its own.
fn place(mut word: &str, width: usize, line: &mut String, lines: &mut Vec<String>) {
    loop {
        let gap = usize::from(!line.is_empty());
        let room = width.saturating_sub(columns(line) + gap);
        let fits = columns(word) <= room;
        let head = match fits {
            true => word,
            false if columns(word) <= width => "",
            false => head(word, room, line.is_empty()),
        };
        if !head.is_empty() {
            line.push_str(if gap == 1 { " " } else { "" });
            line.push_str(head);
        }
        if fits {
            return;
        }
        lines.push(std::mem::take(line));
        word = word.get(head.len()..).unwrap_or_default();
    }
}

/// The beginning of a long word that goes into `room` and ends behind punctuation; if it `must` begin here, at any place.
fn head(word: &str, room: usize, must: bool) -> &str {
    let (mut taken, mut soft, mut hard) = (0, 0, 0);
    let mut signs = word.char_indices().peekable();
    while let Some((at, c)) = signs.next() {
        taken += column(c);
        if taken > room {
            break;
        }
        hard = at + c.len_utf8();
        // Numbers and addresses stay whole.
        let is_inner = matches!(c, '.' | ':') && signs.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if matches!(c, ',' | ';' | '/' | '=' | '&' | ':' | '.' | '-' | '_') && !is_inner {
            soft = hard;
        }
    }
    // Punctuation near the beginning would leave nearly all of the line empty.
    let end = if must && soft * 3 < hard { hard } else { soft };
    word.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_where_a_reader_would() {
        let check = |text: &str, width, expect: &[&str]| assert_eq!(wrapped(text, width), expect);
        check("", 10, &[]);
        check("to be or not to be", 10, &["to be or", "not to be"]);
        check("id spiffe://cluster.local/ns", 16, &["id spiffe://", "cluster.local/ns"]);
        check("abcdefghijklmnopqrst", 8, &["abcdefgh", "ijklmnop", "qrst"]);
        check("for=10.244.1.7;host=x", 12, &["for=", "10.244.1.7;", "host=x"]);
        check("x abcdefghijkl", 8, &["x", "abcdefgh", "ijkl"]);
        check("a\nb\u{202e}c", 20, &["a\\nb\\u{202e}c"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_too_long(text in any::<String>(), width in 8_usize..60) {
            let lines = wrapped(&text, width);
            prop_assert!(lines.iter().all(|line| columns(line) <= width && !line.is_empty()));
            let bare = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(bare(&lines.concat()), bare(&harmless(&text)));
        }
    }
}
