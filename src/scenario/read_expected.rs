//! `expect`, read.

use crate::resources::{Fields, Found, Node, Problem, Value, scalar};
use crate::scenario::expected::{Aspect, End, Expected, Possible, Want, Wanted};
use crate::scenario::value::{choice, parsed, texts, wrong};
use crate::telemetry::Stage;

/// What may be said of the connection as a whole.
const CONNECTION: [(&str, Aspect); 8] = [
    ("verdict", Aspect::Verdict),
    ("stage", Aspect::Stage),
    ("code", Aspect::Code),
    ("flag", Aspect::Flag),
    ("wire", Aspect::Wire),
    ("policy", Aspect::Policy),
    ("alert", Aspect::Alert),
    ("why", Aspect::Why),
];
const CLIENT: [(&str, Aspect); 3] =
    [("sees", Aspect::Sees), ("exit", Aspect::Exit), ("status", Aspect::Status)];
const PROXY: [(&str, Aspect); 5] = [
    ("stage", Aspect::Stage),
    ("code", Aspect::Code),
    ("flag", Aspect::Flag),
    ("error", Aspect::Error),
    ("why", Aspect::Why),
];

/// What may be said of one end.
type OfEnd = (&'static str, End, &'static [(&'static str, Aspect)]);

const ENDS: [OfEnd; 3] = [
    ("client", End::Client, &CLIENT),
    ("source", End::Source, &PROXY),
    ("destination", End::Destination, &PROXY),
];

const VERDICTS: [&str; 3] = ["allow", "deny", "fail"];
const WIRES: [&str; 5] = ["hbone", "mtls", "tls", "raw", "none"];
const FLAGS: [&str; 8] = [
    "-",
    "DENY",
    "CONNECT",
    "TLS_FAILURE",
    "H2_HANDSHAKE_FAILURE",
    "NETWORK_POLICY",
    "IDENTITY_ERROR",
    "CERT_REVOKED",
];

/// Reads what is expected of one client.
pub(crate) fn expected(fields: Fields<'_>) -> Result<Expected, Problem> {
    fields.only(&names(&["outcomes"]))?;
    let mut outcomes = Vec::new();
    for node in fields.list("outcomes")? {
        let fields = Fields::of(node, "an outcome")?;
        fields.only(&names(&["atLeast"]))?;
        let at_least = fields.get("atLeast").map(|found| parsed(&found)).transpose()?.unwrap_or_default();
        outcomes.push(Possible { wanted: wanted(fields)?, at_least });
    }
    Ok(Expected { wanted: wanted(fields)?, outcomes })
}

fn names(more: &[&'static str]) -> Vec<&'static str> {
    let ends = ENDS.iter().map(|(name, ..)| *name);
    CONNECTION.iter().map(|(name, _)| *name).chain(ends).chain(more.iter().copied()).collect()
}

fn wanted(fields: Fields<'_>) -> Result<Vec<Wanted>, Problem> {
    let mut wanted = Vec::new();
    for (key, value) in fields.entries() {
        let name = scalar(&key.value);
        if let Some((_, aspect)) = CONNECTION.iter().find(|(known, _)| *known == name) {
            wanted.push(one(End::Connection, *aspect, value)?);
        } else if let Some((known, end, aspects)) = ENDS.iter().find(|(known, ..)| *known == name) {
            wanted.extend(of_end((known, *end), aspects, value)?);
        }
    }
    Ok(wanted)
}

/// What one end must see. `none` says that it must see nothing at all of the connection.
fn of_end(
    (name, end): (&'static str, End),
    aspects: &[(&'static str, Aspect)],
    node: &Node,
) -> Result<Vec<Wanted>, Problem> {
    if node.value.as_text() == Some("none") && end != End::Client {
        let want = Want::Is(vec!["not recorded".to_owned()]);
        return Ok(vec![Wanted { end, aspect: Aspect::Code, want }]);
    }
    let fields = Fields::of(node, name)?;
    let known: Vec<&'static str> = aspects.iter().map(|(name, _)| *name).collect();
    fields.only(&known)?;
    let mut wanted = Vec::new();
    for (key, value) in fields.entries() {
        let name = scalar(&key.value);
        if let Some((_, aspect)) = aspects.iter().find(|(known, _)| *known == name) {
            wanted.push(one(end, *aspect, value)?);
        }
    }
    Ok(wanted)
}

fn one(end: End, aspect: Aspect, node: &Node) -> Result<Wanted, Problem> {
    let values = texts(node)?;
    if values.is_empty() || values.iter().any(String::is_empty) {
        return Err(wrong(node.at, "expected a text, found an empty one".to_owned(), None));
    }
    if let Some(possible) = possible(aspect) {
        check(node, &possible)?;
    }
    let want = match aspect {
        Aspect::Sees | Aspect::Error | Aspect::Why => Want::Holds(values),
        _ => Want::Is(values),
    };
    Ok(Wanted { end, aspect, want })
}

/// The values of which it must be one, where they are few.
fn possible(aspect: Aspect) -> Option<Vec<&'static str>> {
    Some(match aspect {
        Aspect::Verdict => VERDICTS.to_vec(),
        Aspect::Wire => WIRES.to_vec(),
        Aspect::Flag => FLAGS.to_vec(),
        Aspect::Stage => Stage::ALL.map(Stage::name).to_vec(),
        _ => return None,
    })
}

fn check(node: &Node, possible: &[&'static str]) -> Result<(), Problem> {
    let choices: Vec<(&'static str, ())> = possible.iter().map(|name| (*name, ())).collect();
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    items.iter().try_for_each(|item| choice(&Found::of(item), &choices))
}
