//! A document as it was written, as JSON: what `get -o yaml` gives back.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use crate::resources::error::LoadError;
use crate::resources::fields::scalar;
use crate::resources::input::File;
use crate::resources::node::{At, Node, Value};
use crate::resources::object::Object;
use crate::resources::objects::Objects;
use crate::resources::parse::{documents, each_document};

/// Any YAML or JSON text as JSON: for data that is no document of a mesh.
///
/// # Errors
///
/// What is wrong with the text.
pub fn plain(text: &str) -> Result<Json, LoadError> {
    let file = File { name: "text".into(), text: text.to_owned() };
    Ok(documents(&file)?.first().map(json).unwrap_or_default())
}

impl Objects {
    /// The documents of the objects that are `wanted`, in their order, read again from their texts; each file once.
    pub fn documents(&self, wanted: impl Fn(&Object) -> bool) -> Vec<(&Object, Json)> {
        let wanted: Vec<&Object> = self.iter().filter(|object| wanted(object)).collect();
        let mut files: HashMap<*const File, (&File, Places)> = HashMap::new();
        for object in &wanted {
            let (_, places) =
                files.entry(Arc::as_ptr(&object.file)).or_insert_with(|| (&*object.file, HashMap::new()));
            places.insert(place(object.at), None);
        }
        for (file, places) in files.values_mut() {
            fill(file, places);
        }
        let mut found = Vec::new();
        for object in wanted {
            let there = files.get_mut(&Arc::as_ptr(&object.file));
            // A part of a ztunnel's configuration is no document by itself.
            let document = there.and_then(|(_, places)| places.remove(&place(object.at))?);
            found.extend(document.map(|document| (object, document)));
        }
        found
    }
}

/// Line and column.
type Place = (usize, usize);

/// The documents that are looked for, by where they begin.
type Places = HashMap<Place, Option<Json>>;

fn place(at: At) -> Place {
    (at.line, at.column)
}

/// Finds the documents of a file, those in Lists too.
fn fill(file: &File, places: &mut Places) {
    let mut put = |node: &Node| {
        if let Some(there) = places.get_mut(&place(node.at)) {
            *there = Some(json(node));
        }
    };
    let read = each_document(file, |node| {
        let items = match &node.value {
            Value::Map(entries) => entries.iter().find(|(key, _)| key.value.as_text() == Some("items")),
            _ => None,
        };
        match items.map(|(_, items)| &items.value) {
            Some(Value::List(items)) => items.iter().for_each(&mut put),
            _ => put(&node),
        }
    });
    // It was read without a mistake before, or there were no objects.
    drop(read);
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::Number((*value).into()),
        Value::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => Json::Object(
            entries.iter().map(|(key, value)| (scalar(&key.value), json(value))).collect::<Map<_, _>>(),
        ),
    }
}
