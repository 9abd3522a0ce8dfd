//! A document as it was written, as JSON: what `get -o yaml` gives back.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use crate::resources::error::LoadError;
use crate::resources::fields::scalar;
use crate::resources::input::File;
use crate::resources::node::{Node, Value};
use crate::resources::object::Object;
use crate::resources::objects::Objects;
use crate::resources::parse::documents;

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
        let mut files: HashMap<*const File, HashMap<Place, Json>> = HashMap::new();
        let mut found = Vec::new();
        for object in self.iter().filter(|object| wanted(object)) {
            let file = files.entry(Arc::as_ptr(&object.file)).or_insert_with(|| places(&object.file));
            // Every object was found at its place when the file was read first.
            found.extend(file.remove(&(object.at.line, object.at.column)).map(|document| (object, document)));
        }
        found
    }
}

/// Line and column.
type Place = (usize, usize);

/// The documents of a file by where they begin, those in Lists too.
fn places(file: &File) -> HashMap<Place, Json> {
    let mut places = HashMap::new();
    for node in documents(file).unwrap_or_default() {
        let items = match &node.value {
            Value::Map(entries) => entries.iter().find(|(key, _)| key.value.as_text() == Some("items")),
            _ => None,
        };
        match items.map(|(_, items)| &items.value) {
            Some(Value::List(items)) => places.extend(items.iter().map(placed)),
            _ => places.extend([placed(&node)]),
        }
    }
    places
}

fn placed(node: &Node) -> (Place, Json) {
    ((node.at.line, node.at.column), json(node))
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
