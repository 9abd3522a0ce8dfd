//! Istio's own cases: what its schemas and its webhook accept, warn of and refuse (tests/data/vectors).

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::resources::input::{Input, read};
use crate::resources::node::Value;
use crate::resources::objects::Objects;
use crate::resources::parse::documents;

fn vectors(name: &str) -> Node {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors").join(name);
    let file = read(&Input::Path(path)).unwrap().remove(0);
    documents(&file).unwrap().remove(0)
}

/// `node` as YAML on one line; keys keep their types.
fn write(node: &Node) -> String {
    let each = |items: Vec<String>| items.join(", ");
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => {
            let mut quoted = String::from("\"");
            for letter in text.chars() {
                match letter {
                    '"' | '\\' => quoted.extend(['\\', letter]),
                    letter if letter.is_control() => write!(quoted, "\\u{:04x}", u32::from(letter)).unwrap(),
                    letter => quoted.push(letter),
                }
            }
            quoted + "\""
        }
        Value::List(items) => format!("[{}]", each(items.iter().map(write).collect())),
        Value::Map(entries) => {
            let pair = |(key, value): &(Node, Node)| format!("{}: {}", write(key), write(value));
            format!("{{{}}}", each(entries.iter().map(pair).collect()))
        }
    }
}

fn list<'a>(row: Fields<'a>, name: &'static str) -> Vec<&'a str> {
    row.list(name).unwrap().iter().map(|node| node.value.as_text().unwrap()).collect()
}

/// Every row of the section `validation`.
#[test]
fn objects_are_taken_and_refused_as_istio_does_and_in_its_words() {
    let vectors = vectors("policy-vectors-extra.yaml");
    let rows = Fields::of_document(&vectors).unwrap().list("validation").unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        let row = Fields::of(row, "row").unwrap();
        let name = row.required_text("name").unwrap();
        let text = write(row.required("object").unwrap().node());
        let (valid, said) = match Objects::read(&[Input::text(format!("{name}.yaml"), text)]) {
            Err(errors) => (false, errors.to_string()),
            Ok(objects) => {
                let warnings = objects.iter().flat_map(|object| &object.warnings);
                (true, warnings.map(|warning| warning.message.clone() + "\n").collect())
            }
        };
        let mut expected = list(row, "error_contains");
        expected.extend(list(row, "warning_contains"));
        let silent = expected.is_empty() && valid && !said.is_empty();
        if row.boolean("valid").unwrap() != Some(valid) || silent {
            wrong.push(format!("{name}: valid: {valid}\n{said}"));
        }
        let missing = expected.iter().filter(|sentence| !said.contains(**sentence));
        wrong.extend(missing.map(|sentence| format!("{name}: expected {sentence}\n{said}")));
    }
    assert!(rows.len() > 40 && wrong.is_empty(), "{} rows\n{}", rows.len(), wrong.join("\n"));
}

/// Rows whose policies Istio refuses: they show what a ztunnel does with an object that slipped past the webhook.
const REFUSED: &[&str] = &["az-deny-without-rules-never-matches"];

#[test]
fn the_policies_of_every_decision_load() {
    let vectors = vectors("policy-vectors.yaml");
    let Value::List(rows) = &vectors.value else { panic!("a list") };
    let mut refused = Vec::new();
    for row in rows {
        let row = Fields::of(row, "row").unwrap();
        let text = format!(
            "{{apiVersion: v1, kind: List, items: {}}}",
            write(row.required("policies").unwrap().node())
        );
        let name = row.required_text("name").unwrap();
        if let Err(errors) = Objects::read(&[Input::text(format!("{name}.yaml"), text)]) {
            refused.push((name, errors.to_string()));
        }
    }
    let names: Vec<&str> = refused.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, REFUSED, "{refused:#?}");
}
