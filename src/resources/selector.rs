//! `spec.selector` of Istio's security kinds.

use std::collections::BTreeMap;

use crate::resources::fields::{Fields, scalar};
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::mistyped;

/// Longest value of a label, in the schema of the selector.
const LONGEST_VALUE: usize = 63;

/// Reads `selector.matchLabels`; `selector: {}` is `Some` without labels, which is not the same as none.
pub(crate) fn selector(spec: Fields<'_>, findings: &mut Findings) -> Option<BTreeMap<String, String>> {
    let found = spec.get("selector")?;
    let fields = findings.keep(Fields::of(found.node(), "selector"))?;
    findings.keep(fields.only(&["matchLabels"]))?;
    let map = findings.keep(fields.map("matchLabels"))?;
    if map.entries().is_empty() {
        findings.warn(without_labels(found.at()));
    }
    let labels = map.entries().iter().filter_map(|entry| findings.keep(label(entry)));
    Some(labels.collect())
}

fn label((key, value): &(Node, Node)) -> Result<(String, String), Problem> {
    let name = scalar(&key.value);
    let path = format!("spec.selector.matchLabels.{}", name.escape_debug());
    let Some(text) = value.value.as_text() else { return Err(mistyped(value, &path, "string")) };
    let pair = format!("{name}={text}");
    if name.is_empty() {
        let message = format!("key must not be empty: empty key is not supported in selector: {pair:?}");
        return Err(Problem { at: key.at, code: "resources.selector_key", message, help: named() });
    }
    for (at, part, word) in [(key.at, "key", name.as_str()), (value.at, "value", text)] {
        if word.contains('*') {
            return Err(wildcard(at, part, &pair));
        }
    }
    let length = text.chars().count();
    if length > LONGEST_VALUE {
        let message = format!("{path}: Too long: may not be more than {LONGEST_VALUE} bytes, found {length}");
        return Err(Problem { at: value.at, code: "resources.selector_value", message, help: named() });
    }
    Ok((name, text.to_owned()))
}

fn named() -> Option<String> {
    Some("write a label as the pods have it, as in `app: web`".to_owned())
}

fn wildcard(at: At, part: &str, pair: &str) -> Problem {
    Problem {
        at,
        code: "resources.selector_wildcard",
        message: format!(
            "wildcard not allowed in label {part} match: wildcard is not supported in selector: {pair:?}"
        ),
        help: Some("labels are compared whole; name the exact value".to_owned()),
    }
}

fn without_labels(at: At) -> Problem {
    Problem {
        at,
        code: "resources.empty_selector",
        message: "workload selector specified without labels".to_owned(),
        help: Some("leave `selector` out for the whole namespace, or name a label".to_owned()),
    }
}
