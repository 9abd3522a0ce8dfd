//! The envelope of every top document: `apiVersion`, `kind`, then the fields of the view itself.

use serde::{Deserialize, Serialize};

/// The version of everything that this crate prints as JSON or YAML.
pub const API_VERSION: &str = "glasstunnel.dev/v1";

/// A view that can stand alone as a document.
pub trait Kind {
    /// Its `kind`; a list of them is called `KINDList`.
    const KIND: &'static str;
}

/// A top document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<T> {
    /// [`API_VERSION`].
    pub api_version: String,
    /// What the other fields are.
    pub kind: String,
    /// The view; its fields stand beside the two above.
    #[serde(flatten)]
    pub body: T,
}

/// The body of a list document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List<T> {
    /// The items, in the order of the answer.
    pub items: Vec<T>,
}

impl<T: Kind> Document<T> {
    /// One view as a document.
    pub fn one(body: T) -> Self {
        Self { api_version: API_VERSION.to_owned(), kind: T::KIND.to_owned(), body }
    }
}

impl<T: Kind> Document<List<T>> {
    /// Several views of one kind as a document.
    pub fn list(items: Vec<T>) -> Self {
        Self { api_version: API_VERSION.to_owned(), kind: format!("{}List", T::KIND), body: List { items } }
    }
}
