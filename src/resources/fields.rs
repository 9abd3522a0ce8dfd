//! Reading a map field by field: each getter checks the type and says what it expected and what it found.

use std::collections::BTreeMap;

use crate::mesh::nearest;
use crate::resources::node::{At, Node, Value};
use crate::resources::parse::Problem;

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
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| Problem {
            at: self.at,
            code: "resources.missing_field",
            message: format!("expected a field `{name}`, found none"),
            help: None,
        })
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
            (Value::Text(key), Value::Text(value)) => Ok((key.clone(), value.clone())),
            (Value::Text(key), other) => {
                let mut problem = wrong_type(value.at, key, "text", other);
                problem.help = Some(format!("put it in quotes: \"{}\"", scalar(other)));
                Err(problem)
            }
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
            other => Err(wrong_type(self.node.at, self.name, "text", other)),
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
