//! The key set inside of a rule, as far as a reader can tell that it is one.

use crate::resources::input::File;
use crate::resources::node::{Node, Value};
use crate::resources::parse::documents;

/// The keys of a JSON Web Key Set, or the one key that stands there instead (RFC 7517).
///
/// # Errors
///
/// Why it is none, after Istio's `jwks parse error: `.
pub(crate) fn well_formed(text: &str) -> Result<Vec<Node>, String> {
    if !text.trim_start().starts_with('{') {
        let start: String = text.chars().take(20).collect();
        return Err(format!("expected a JSON object, found {start:?}"));
    }
    // The room's own parser, which bounds what a bomb can do.
    let file = File { name: "jwks".into(), text: text.to_owned() };
    let node = documents(&file).map_err(|error| error.message)?.into_iter().next();
    let node = node.ok_or_else(|| "expected a JSON object, found none".to_owned())?;
    let keys = match member(&node, "keys").map(|keys| &keys.value) {
        Some(Value::List(keys)) => keys.clone(),
        Some(_) => return Err("expected a list for \"keys\"".to_owned()),
        None => vec![node],
    };
    keys.iter().enumerate().try_for_each(|(index, key)| complete(index, key))?;
    Ok(keys)
}

/// A key has the members that its type needs (RFC 7518 section 6).
fn complete(index: usize, key: &Node) -> Result<(), String> {
    let needed: &[&str] = match member(key, "kty").and_then(|kind| kind.value.as_text()) {
        Some("RSA") => &["n", "e"],
        Some("EC") => &["crv", "x", "y"],
        Some("OKP") => &["crv", "x"],
        Some("oct") => &["k"],
        Some(other) => {
            return Err(format!("key {index}: expected \"kty\" RSA, EC, OKP or oct, found {other:?}"));
        }
        None => return Err(format!("key {index}: expected \"kty\", found none")),
    };
    match needed.iter().find(|name| member(key, name).is_none()) {
        Some(name) => Err(format!("key {index}: expected {name:?}, found none")),
        None => Ok(()),
    }
}

/// The places of keys that can sign: with a private part, or shared.
pub(crate) fn private_keys(keys: &[Node]) -> impl Iterator<Item = usize> {
    let private = |key: &Node| member(key, "d").is_some() || member(key, "k").is_some();
    keys.iter().enumerate().filter(move |(_, key)| private(key)).map(|(index, _)| index)
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.value.as_text() == Some(name)).map(|(_, value)| value)
}
