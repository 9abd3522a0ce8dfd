//! [`Pattern`]: a symptom's words, ready to be found in a line.

use crate::knowledge::line::Line;

/// Runs of words that stand in a line in this order, with anything between the runs.
pub(crate) struct Pattern {
    runs: Vec<Vec<String>>,
}

impl Pattern {
    /// Reads a symptom; `…` separates runs.
    pub(crate) fn of(text: &str) -> Self {
        let run = |part: &str| Line::of(part).words().map(str::to_owned).collect::<Vec<_>>();
        Self { runs: text.split('…').map(run).filter(|run| !run.is_empty()).collect() }
    }

    /// How many words have to fit. `WRONG_VERSION_NUMBER` is three; a long number is as good as a sentence.
    pub(crate) fn len(&self) -> usize {
        self.runs.iter().flatten().map(|word| weight(word)).sum()
    }

    /// The word by which it is looked up: the longest, which is the rarest as a rule.
    pub(crate) fn anchor(&self) -> &str {
        self.runs.iter().flatten().max_by_key(|word| word.len()).map_or("", String::as_str)
    }

    /// The first word of it in a line that has it.
    pub(crate) fn found(&self, line: &Line<'_>) -> Option<usize> {
        let mut first = None;
        let mut from = 0;
        for run in &self.runs {
            let at = (from..line.len()).find(|at| line.has(run, *at))?;
            first.get_or_insert(at);
            from = at + run.len();
        }
        first
    }
}

fn weight(word: &str) -> usize {
    let is_long_number = word.len() >= LONG_NUMBER && word.bytes().all(|byte| byte.is_ascii_digit());
    if is_long_number { LONG_NUMBER / 3 } else { word.split('_').filter(|part| !part.is_empty()).count() }
}

/// BoringSSL's error numbers have nine digits.
const LONG_NUMBER: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, line: &str, expect: Option<usize>) {
        assert_eq!(Pattern::of(pattern).found(&Line::of(line)), expect, "{pattern:?} in {line:?}");
    }

    #[test]
    fn runs_are_found_in_order() {
        check("http status: 401", "error=\"http status: 401 Unauthorized\"", Some(1));
        check("a … b", "x a y b", Some(1));
        check("a … b", "b a", None);
        check("a b", "a x b", None);
        check("curl: (5)", "curl: (56)", None);
        check("", "a", None);
        assert_eq!((Pattern::of("A_B_C d").len(), Pattern::of("268435703").len()), (4, 3));
        assert_eq!((Pattern::of("a … bcd e").anchor(), Pattern::of("a … b c").len()), ("bcd", 3));
    }
}
