//! [`OwnDocument`]: a document of one of our own kinds, kept as it was written for the room that reads it.

use std::sync::Arc;

use crate::mesh::Source;
use crate::resources::error::LoadError;
use crate::resources::fields::Fields;
use crate::resources::input::File;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;

/// A document with its file, so that whatever is wrong with it is shown where it stands.
#[derive(Clone, Debug)]
pub struct OwnDocument {
    pub(in crate::resources) file: Arc<File>,
    node: Node,
}

impl OwnDocument {
    pub(in crate::resources) fn new(file: &Arc<File>, node: &Node) -> Self {
        Self { file: Arc::clone(file), node: node.clone() }
    }

    /// Its fields.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, Problem> {
        Fields::of_document(&self.node)
    }

    /// A mistake in it.
    pub(crate) fn error(&self, problem: Problem) -> LoadError {
        self.file.error(problem)
    }

    /// A place in it, as verdicts cite it.
    pub(crate) fn source(&self, at: At) -> Source {
        self.file.source(at)
    }
}
