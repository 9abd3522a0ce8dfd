//! What an object is called, and where its text stands.

use std::fmt;
use std::sync::Arc;

/// A namespaced name; written `namespace/name`, ordered by namespace first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The Kubernetes namespace.
    pub namespace: Arc<str>,
    /// The object's name inside it.
    pub name: Arc<str>,
}

impl Name {
    /// The name of `name` in `namespace`.
    pub fn new(namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// `name.namespace`, the order that a host name or `kubectl exec` habit uses.
    pub fn dotted(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Where an object's text stands: what every verdict cites as `file:line`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The file as the user named it, or `demo mesh`.
    pub file: Arc<str>,
    /// The 1-based line of the object's first line; 0 for what stands in no file.
    pub line: u32,
}

impl Source {
    /// Line `line` (1-based) of `file`.
    pub fn new(file: impl Into<Arc<str>>, line: u32) -> Self {
        Self { file: file.into(), line }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}
