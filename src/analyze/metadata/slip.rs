//! Whether one word is another with a slip of the hand.

/// How many letters may be wrong: one, or two that changed places.
const MOST: usize = 2;

/// The one of `known` that `typed` is a slip of; none if it is itself known.
pub(in crate::analyze) fn slip<'a>(
    typed: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    if known.clone().any(|word| word == typed) {
        return None;
    }
    let near = known.map(|word| (distance(typed, word), word)).filter(|(distance, _)| *distance <= MOST);
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Levenshtein's distance, for words whose lengths are near enough; letters of another case count as one.
fn distance(left: &str, right: &str) -> usize {
    if left.eq_ignore_ascii_case(right) {
        return 1;
    }
    if left.len().abs_diff(right.len()) > MOST {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let mut line = vec![row + 1];
        for (other, pair) in right.iter().zip(above.windows(2)) {
            let &[diagonal, over] = pair else { continue };
            let before = line.last().copied().unwrap_or_default();
            line.push((diagonal + usize::from(letter != *other)).min(over + 1).min(before + 1));
        }
        above = line;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_slips() {
        let known = ["istio.io/dataplane-mode", "istio.io/rev", "istio-injection"];
        let check = |typed: &str, expect: Option<&str>| {
            assert_eq!(slip(typed, known.into_iter()), expect, "{typed}");
        };
        check("istio.io/dataplane-mod", Some("istio.io/dataplane-mode"));
        check("istio.io/dataplnae-mode", Some("istio.io/dataplane-mode"));
        check("istio.io/Dataplane-Mode", Some("istio.io/dataplane-mode"));
        check("istio-injecton", Some("istio-injection"));
        check("istio.io/dataplane-mode", None);
        check("istio.io/dataplane", None);
        check("istio.io/review", None);
        check("", None);
    }
}
