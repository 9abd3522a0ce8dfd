//! [`wrapped`]: text in lines that fit.

/// `text` in lines of at most `width` characters, broken at spaces; a word that is longer is broken after a comma, or else
/// where it must be.
/// Never empty: no text is one empty line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for (number, word) in text.split(' ').enumerate() {
        let mut word = word.to_owned();
        let line = lines.last().map_or(0, |line| line.chars().count());
        let space = usize::from(number > 0);
        if number > 0 && line + space + word.chars().count() > width {
            lines.push(String::new());
        } else if let Some(line) = lines.last_mut().filter(|_| number > 0) {
            line.push(' ');
        }
        while word.chars().count() > width {
            let end = word.char_indices().nth(width).map_or(word.len(), |(end, _)| end);
            let end = word.get(..end).and_then(|head| head.rfind([',', ';'])).map_or(end, |comma| comma + 1);
            let rest = word.split_off(end);
            put(&mut lines, &word);
            lines.push(String::new());
            word = rest;
        }
        put(&mut lines, &word);
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn put(lines: &mut [String], word: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit() {
        let check = |text: &str, width, expect: &[&str]| assert_eq!(wrapped(text, width), expect, "{text:?}");
        check("", 10, &[""]);
        check("one two three", 7, &["one two", "three"]);
        check("one  two", 20, &["one  two"]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
        check("x abcdefghij", 4, &["x", "abcd", "efgh", "ij"]);
        check("a b", 0, &["a", "b"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-zäß→ ]{0,80}", width in 1_usize..30) {
            let lines = wrapped(&text, width);
            proptest::prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            proptest::prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
