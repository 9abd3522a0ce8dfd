//! Text that may come from a peer, made harmless: no peer forges a line or moves a cursor.

use std::borrow::Cow;

/// `text` with every control and invisible character escaped; quotes and backslashes stay as they are.
pub(in crate::telemetry) fn calm(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_calm) {
        return Cow::Borrowed(text);
    }
    let mut calm = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_calm(c) { calm.push(c) } else { calm.extend(c.escape_debug()) }
    }
    Cow::Owned(calm)
}

/// Whether `c` shows as itself and does nothing else.
pub(in crate::telemetry) fn is_calm(c: char) -> bool {
    match c {
        '\'' | '"' | '\\' => true,
        // What Debug escapes: controls, line separators, directional overrides, combining marks without a base.
        _ => c.is_ascii_graphic() || c == ' ' || c.escape_debug().len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_a_cursor() {
        let check = |text: &str, expect: &str| assert_eq!(calm(text), expect);
        check("plain → text, \"quoted\" C:\\x", "plain → text, \"quoted\" C:\\x");
        check("a\r\nb\tc\0", "a\\r\\nb\\tc\\0");
        check("\u{1b}[2J\u{9b}31m", "\\u{1b}[2J\\u{9b}31m");
        check("\u{202e}gpj.exe\u{2028}", "\\u{202e}gpj.exe\\u{2028}");
    }
}
