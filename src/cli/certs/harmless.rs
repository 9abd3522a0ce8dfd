//! A stranger's text on our terminal.

/// The text without control characters, which could move the cursor or ring a bell.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(harmless("a\u{1b}[2Jü\n"), "a\\u{1b}[2Jü\\n");
    }
}
