//! Reading a map field by field: each getter checks the type and says what it expected and what it found.

use std::collections::BTreeMap;

use crate::mesh::nearest;
use crate::resources::node::{At, Node, Value};
use crate::resources::parse::Problem;
use crate::resources::shape::{LABEL_KEY, LABEL_VALUE, Shape};

/// A map that is being read; an absent map has no fields.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    at: At,
    entries: &'a [(Node, Node)],
}

/// A found field.
pub(crate) struct Found<'a> {
    name: &'static str,
    node: &'a Node,
}

impl<'a> Fields<'a> {
    /// The fields of `node`, which `what` names in the error if it is no map.
    pub(crate) fn of(node: &'a Node, what: &str) -> Result<Self, Problem> {
        match &node.value {
            Value::Map(entries) => Ok(Self { at: node.at, entries }),
            Value::Null => Ok(Self { at: node.at, entries: &[] }),
            other => Err(wrong_type(node.at, what, "a map", other)),
        }
    }

    /// The fields of a whole document.
    pub(crate) fn of_document(node: &'a Node) -> Result<Self, Problem> {
        match &node.value {
            Value::Map(entries) => Ok(Self { at: node.at, entries }),
            other => Err(Problem {
                at: node.at,
                code: "resources.no_document",
                message: format!(
                    "expected a document with `apiVersion` and `kind`, found {}",
                    other.describe()
                ),
                help: None,
            }),
        }
    }

    /// Where the map begins.
    pub(crate) fn at(&self) -> At {
        self.at
    }

    /// The field `name`; null counts as absent, as in Kubernetes.
    pub(crate) fn get(&self, name: &'static str) -> Option<Found<'a>> {
        let (_, node) =
            self.entries.iter().find(|(key, _)| matches!(&key.value, Value::Text(text) if text == name))?;
        (node.value != Value::Null).then_some(Found { name, node })
    }

    /// The fields of the map `name`; an absent one is empty.
    pub(crate) fn map(&self, name: &'static str) -> Result<Self, Problem> {
        match self.get(name) {
            Some(found) => Self::of(found.node, name),
            None => Ok(Self { at: self.at, entries: &[] }),
        }
    }

    /// The text `name`.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&'a str>, Problem> {
        self.get(name).map(|found| found.text()).transpose()
    }

    /// The text `name`, which must be there.
    pub(crate) fn required_text(&self, name: &'static str) -> Result<&'a str, Problem> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| self.missing(name))
    }

    /// The field `name`, which must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<Found<'a>, Problem> {
        self.get(name).ok_or_else(|| self.missing(name))
    }

    /// What is there under nearly that name is shown as the slip that it is.
    fn missing(&self, name: &str) -> Problem {
        let keys = || self.entries.iter().filter_map(|(key, _)| Some((key.value.as_text()?, key.at)));
        let near = nearest(name, keys().map(|(text, _)| text));
        let slip = keys().find(|(text, _)| Some(*text) == near && text.len().abs_diff(name.len()) <= 2);
        let found = slip.map_or_else(|| "none".to_owned(), |(text, _)| format!("`{}`", text.escape_debug()));
        Problem {
            at: slip.map_or(self.at, |(_, at)| at),
            code: "resources.missing_field",
            message: format!("expected a field `{name}`, found {found}"),
            help: slip.map(|_| format!("did you mean `{name}`?")),
        }
    }

    /// The text `name`, which must look like `shape`; empty text counts as absent, as in Kubernetes.
    pub(crate) fn name(&self, name: &'static str, shape: &Shape) -> Result<Option<&'a str>, Problem> {
        let Some(found) = self.get(name) else { return Ok(None) };
        let text = found.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        shape.check(text, found.at())?;
        Ok(Some(text))
    }

    /// The list `name`; an absent one is empty.
    pub(crate) fn list(&self, name: &'static str) -> Result<&'a [Node], Problem> {
        match self.get(name) {
            Some(found) => match &found.node.value {
                Value::List(items) => Ok(items),
                other => Err(wrong_type(found.node.at, name, "a list", other)),
            },
            None => Ok(&[]),
        }
    }

    /// The boolean `name`.
    pub(crate) fn boolean(&self, name: &'static str) -> Result<Option<bool>, Problem> {
        self.get(name)
            .map(|found| match found.node.value {
                Value::Bool(value) => Ok(value),
                ref other => Err(wrong_type(found.node.at, name, "true or false", other)),
            })
            .transpose()
    }

    /// The map of texts `name`, as labels and selectors are; an absent one is empty.
    pub(crate) fn labels(&self, name: &'static str) -> Result<BTreeMap<String, String>, Problem> {
        let map = self.map(name)?;
        let pair = |(key, value): &(Node, Node)| match (&key.value, &value.value) {
            (Value::Text(name), Value::Text(text)) => {
                LABEL_KEY.check(name, key.at)?;
                LABEL_VALUE.check(text, value.at)?;
                Ok((name.clone(), text.clone()))
            }
            (Value::Text(key), other) => Err(not_text(value.at, key, other)),
            (other, _) => Err(wrong_type(key.at, name, "text as a key", other)),
        };
        map.entries.iter().map(pair).collect()
    }

    /// All entries.
    pub(crate) fn entries(&self) -> &'a [(Node, Node)] {
        self.entries
    }

    /// Refuses every field that is none of `known`: a typo in a policy must not switch it off.
    pub(crate) fn only(&self, known: &[&'static str]) -> Result<(), Problem> {
        for (key, _) in self.entries {
            let name = scalar(&key.value);
            if !known.contains(&name.as_str()) {
                let near = nearest(&name, known.iter().copied());
                let fields = || format!("its fields are: {}", known.join(", "));
                return Err(Problem {
                    at: key.at,
                    code: "resources.unknown_field",
                    message: format!("expected a field of this object, found `{}`", name.escape_debug()),
                    help: Some(near.map_or_else(fields, |near| format!("did you mean `{near}`?"))),
                });
            }
        }
        Ok(())
    }
}

impl<'a> Found<'a> {
    /// An item of a list, which has no name.
    pub(crate) fn of(node: &'a Node) -> Self {
        Self { name: "item", node }
    }

    /// Where its value is.
    pub(crate) fn at(&self) -> At {
        self.node.at
    }

    /// The node itself.
    pub(crate) fn node(&self) -> &'a Node {
        self.node
    }

    /// Its text.
    pub(crate) fn text(&self) -> Result<&'a str, Problem> {
        match &self.node.value {
            Value::Text(text) => Ok(text),
            other => Err(not_text(self.node.at, self.name, other)),
        }
    }

    /// Its whole number.
    pub(crate) fn number(&self) -> Result<i64, Problem> {
        match self.node.value {
            Value::Int(number) => Ok(number),
            ref other => Err(wrong_type(self.node.at, self.name, "a number", other)),
        }
    }

    /// Its port.
    pub(crate) fn port(&self) -> Result<u16, Problem> {
        port(self.node, self.name)
    }
}

/// A port from a number; Kubernetes takes no quoted one.
pub(crate) fn port(node: &Node, what: &str) -> Result<u16, Problem> {
    match node.value {
        Value::Int(number) => in_range(number, node.at),
        ref other => Err(wrong_type(node.at, what, "a port number", other)),
    }
}

/// A port number from 1 to 65535.
pub(crate) fn in_range(number: i64, at: At) -> Result<u16, Problem> {
    match u16::try_from(number) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Problem {
            at,
            code: "resources.port_range",
            message: format!("port must be between 1-65535, found {number}"),
            help: None,
        }),
    }
}

/// A value of the wrong type.
pub(crate) fn wrong_type(at: At, what: &str, expected: &str, found: &Value) -> Problem {
    Problem {
        at,
        code: "resources.wrong_type",
        message: format!("expected {expected} for `{}`, found {}", what.escape_debug(), found.describe()),
        help: None,
    }
}

/// A value that should have been text, and how to write it as text.
fn not_text(at: At, what: &str, found: &Value) -> Problem {
    let help = match found {
        Value::Int(_) | Value::Float(_) => format!("put it in quotes: \"{}\"", scalar(found)),
        Value::Bool(_) => "put it in quotes, or YAML takes it for a boolean".to_owned(),
        Value::List(_) => "brackets make a list in YAML: write the text without them".to_owned(),
        _ => return wrong_type(at, what, "text", found),
    };
    Problem { help: Some(help), ..wrong_type(at, what, "text", found) }
}

/// A port that is given twice, so that one of the two would be forgotten.
pub(crate) fn duplicate_port(at: At, number: u16) -> Problem {
    Problem {
        at,
        code: "resources.duplicate_port",
        message: format!("expected each port once, found {number} again"),
        help: Some("keep one of the two".to_owned()),
    }
}

/// A scalar as text, for keys that may be written with or without quotes.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::List(_) | Value::Map(_) => String::new(),
    }
}
