//! The paths of an operation: a star at an end, or a template of whole segments `{*}` and, last of all, `{**}`.

use crate::resources::parse::Problem;
use crate::resources::schema::Word;

const ONE: &str = "{*}";
const ANY: &str = "{**}";

/// Checks a path as Istio does before it hands it to Envoy.
pub(crate) fn path(word: Word<'_>, list: &str) -> Result<(), Problem> {
    if word.text.is_empty() {
        return Err(refused(word, format!("empty value not allowed, found in {list}")));
    }
    let template = word.text.contains(ONE) || word.text.contains(ANY);
    let inner = word.text.trim_matches('/');
    let mut ended = false;
    for segment in inner.split('/') {
        let why = match segment {
            ONE | ANY if ended => "{**} is not the last operator".to_owned(),
            ONE => continue,
            ANY => {
                ended = true;
                continue;
            }
            _ if segment.contains(['{', '}']) => {
                "Contains '{' or '}' beyond a supported path template".to_owned()
            }
            _ if template && !is_literal(segment) => {
                format!("Contains segment {} with invalid string literal", segment.escape_debug())
            }
            _ => continue,
        };
        let inner = inner.escape_debug();
        return Err(refused(word, format!("invalid or unsupported path {inner}, found in {list}. {why}")));
    }
    Ok(())
}

/// RFC 3986 appendix A, `pchar`, without its star.
fn is_literal(segment: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte);
    !segment.is_empty() && segment.bytes().all(letter)
}

fn refused(word: Word<'_>, message: String) -> Problem {
    Problem {
        at: word.at,
        code: "resources.policy_path",
        message,
        help: Some(
            "write `/exact`, `/prefix*`, `*/suffix`, or a template such as `/{*}/items/{**}`".to_owned(),
        ),
    }
}
