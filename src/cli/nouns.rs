//! What `get` and `delete` are asked for: kinds and names as kubectl takes them.

use crate::cli::error::CliError;
use crate::resources::{KindNames, UnknownKind, kind_named};

/// A kind, and the names that are wanted of it; none means all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noun {
    pub(crate) kind: &'static KindNames,
    pub(crate) names: Vec<String>,
}

/// What kubectl calls all, with the policies that this is about.
const ALL: [&str; 6] =
    ["pod", "service", "deployment", "peerauthentication", "authorizationpolicy", "destinationrule"];

/// Reads `pa`, `pa,ap`, `all`, `pa NAME…` or `pa/NAME svc/NAME…`.
///
/// # Errors
///
/// An unknown kind, with the nearest.
pub(crate) fn nouns(words: &[String]) -> Result<Vec<Noun>, CliError> {
    let Some((first, rest)) = words.split_first() else { return Ok(Vec::new()) };
    if first.contains('/') {
        return Ok(words.iter().map(|word| slashed(word)).collect::<Result<_, _>>()?);
    }
    let noun = |kind: &str| Ok(Noun { kind: kind_named(kind)?, names: rest.to_vec() });
    let kinds = first.split(',').flat_map(|kind| if kind == "all" { ALL.to_vec() } else { vec![kind] });
    Ok(kinds.map(noun).collect::<Result<_, UnknownKind>>()?)
}

fn slashed(word: &str) -> Result<Noun, UnknownKind> {
    let (kind, name) = word.split_once('/').unwrap_or((word, ""));
    Ok(Noun { kind: kind_named(kind)?, names: vec![name.to_owned()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_forms_are_read() {
        let check = |words: &str, expect: &[(&str, &[&str])]| {
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            let found = nouns(&words).unwrap();
            let found: Vec<_> = found.iter().map(|noun| (noun.kind.kind, noun.names.clone())).collect();
            let expect: Vec<_> = expect
                .iter()
                .map(|(kind, names)| (*kind, names.iter().map(|it| (*it).to_owned()).collect()))
                .collect();
            assert_eq!(found, expect, "{words:?}");
        };
        check("pa", &[("PeerAuthentication", &[])]);
        check("pa a b", &[("PeerAuthentication", &["a", "b"])]);
        check("pa,ap", &[("PeerAuthentication", &[]), ("AuthorizationPolicy", &[])]);
        check("pa/a svc/b", &[("PeerAuthentication", &["a"]), ("Service", &["b"])]);
        assert!(nouns(&["peerauthn".to_owned()]).is_err());
    }
}
