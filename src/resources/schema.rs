//! The rules that the schemas of Istio's kinds have in common, in the API server's words.

use crate::mesh::nearest;
use crate::resources::fields::{Fields, scalar, wrong_type};
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node, Value};
use crate::resources::parse::Problem;

/// One text of a list, and its place.
#[derive(Clone, Copy)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: At,
}

/// The items of the list `name` of the map at `path`. An empty list is an absent one: protobuf's JSON does not tell the two
/// apart (reference/policy.md 4.2).
pub(crate) fn items<'a>(fields: Fields<'a>, name: &'static str, path: &str) -> Result<&'a [Node], Problem> {
    match fields.get(name).map(|found| found.node()) {
        None => Ok(&[]),
        Some(Node { value: Value::List(items), .. }) => Ok(items),
        Some(other) => {
            let problem = mistyped(other, &format!("{path}.{name}"), "array");
            let list = format!("write a list: `{name}: [{}]`", scalar(&other.value).escape_debug());
            Err(Problem { help: other.value.as_text().map(|_| list), ..problem })
        }
    }
}

/// The texts of the list `name`; what is no text is refused one by one.
pub(crate) fn words<'a>(
    fields: Fields<'a>,
    name: &'static str,
    path: &str,
    findings: &mut Findings,
) -> Vec<Word<'a>> {
    let items = findings.keep(items(fields, name, path)).unwrap_or_default();
    let word = |(index, node): (usize, &'a Node)| {
        let word = node.value.as_text().map(|text| Word { text, at: node.at });
        word.ok_or_else(|| mistyped(node, &format!("{path}.{name}[{index}]"), "string"))
    };
    items.iter().enumerate().filter_map(|item| findings.keep(word(item))).collect()
}

/// The map at `path`, which may hold `known` fields only; null is refused, as the schema does.
pub(crate) fn object<'a>(node: &'a Node, path: &str, known: &[&'static str]) -> Result<Fields<'a>, Problem> {
    match node.value {
        Value::Map(_) => {
            let fields = Fields::of(node, path)?;
            fields.only(known)?;
            Ok(fields)
        }
        _ => Err(mistyped(node, path, "object")),
    }
}

/// A value of another type than `expected`, which is the schema's word for it.
pub(crate) fn mistyped(node: &Node, path: &str, expected: &str) -> Problem {
    let (found, help) = match &node.value {
        Value::Null => ("null", None),
        // What was written is gone: `no`, `n` and `off` are false to YAML, too.
        Value::Bool(_) => ("boolean", Some("put it in quotes, or YAML takes it for a boolean".to_owned())),
        Value::Int(value) => ("integer", Some(format!("put it in quotes: \"{value}\""))),
        Value::Float(value) => ("number", Some(format!("put it in quotes: \"{value}\""))),
        Value::Text(_) => ("string", None),
        Value::List(_) => ("array", None),
        Value::Map(_) => ("object", None),
    };
    Problem {
        message: format!("{path} in body must be of type {expected}: \"{found}\""),
        help: help.filter(|_| expected == "string"),
        ..wrong_type(node.at, path, expected, &node.value)
    }
}

/// A word that is none of `spellings`; case matters there.
pub(crate) fn unsupported(
    node: &Node,
    path: &str,
    spellings: &[&'static str],
    code: &'static str,
) -> Problem {
    let found = scalar(&node.value);
    let quoted: Vec<String> = spellings.iter().map(|spelling| format!("\"{spelling}\"")).collect();
    let near = nearest(&found, spellings.iter().copied());
    Problem {
        at: node.at,
        code,
        message: format!("{path}: Unsupported value: {found:?}: supported values: {}", quoted.join(", ")),
        help: near.map(|near| format!("did you mean `{near}`?")),
    }
}

/// A list that is longer than the schema allows.
pub(crate) fn too_many(node: &Node, path: &str, found: usize, most: usize) -> Problem {
    Problem {
        at: node.at,
        code: "resources.too_many",
        message: format!("{path}: Too many: {found}: must have at most {most} items"),
        help: Some("split it into several objects".to_owned()),
    }
}
