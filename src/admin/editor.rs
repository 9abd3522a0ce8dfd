//! Live edits, as the API asks for them; `app` carries them out.

use std::sync::Arc;
use std::time::Duration;

use crate::reason::{Reason, Side};
use crate::resources::{Change, LoadErrors, ObjectKey, Objects};

/// A change of a running mesh's documents.
#[derive(Clone, Debug)]
pub enum Edit {
    /// These in place of their namesakes, or beside the others.
    Apply(Objects),
    /// Without these.
    Delete(Vec<ObjectKey>),
}

/// How an edit is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Only find out what it would do.
    pub dry_run: bool,
    /// Take it back after that long, unless somebody changed the same objects meanwhile.
    pub revert_after: Option<Duration>,
}

/// What became of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Which.
    pub key: ObjectKey,
    /// What was done to it.
    pub done: Done,
}

/// What was done to an object, in kubectl's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// `created`, `configured` or `unchanged`.
    Applied(Change),
    /// `deleted`.
    Deleted,
}

/// Why an edit was refused. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The documents are wrong, or do not go together with those that are there.
    #[error("{0}")]
    Load(#[from] LoadErrors),
    /// There is no such object.
    #[error("{key} not found{}", nearest.as_deref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
    NotFound {
        /// What was asked for.
        key: ObjectKey,
        /// The nearest name of that kind.
        nearest: Option<String>,
    },
    /// Identities are made of the trust domain, and a running mesh has one.
    #[error("expected the trust domain {running}, found {asked}: a running mesh keeps its own")]
    TrustDomain {
        /// Of the running mesh.
        running: String,
        /// Of the documents.
        asked: String,
    },
    /// The machine refuses what the new mesh needs.
    #[error("{message}")]
    System {
        /// The code of what it says.
        code: &'static str,
        /// What it says.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Reason for EditError {
    fn code(&self) -> &'static str {
        match self {
            Self::Load(errors) => errors.code(),
            Self::NotFound { .. } => "admin.not_found",
            Self::TrustDomain { .. } => "admin.trust_domain",
            Self::System { code, .. } => code,
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Load(_) => None,
            Self::NotFound { key, .. } => {
                Some(format!("glasstunnel get {} -A", key.kind.to_ascii_lowercase()))
            }
            Self::TrustDomain { .. } => Some("stop the mesh and start it with the new documents".to_owned()),
            Self::System { hint, .. } => hint.clone(),
        }
    }
}

/// Who holds the documents of a running mesh.
pub trait Editor: Send + Sync {
    /// The documents as they are now.
    fn objects(&self) -> Arc<Objects>;

    /// Carries out `edit`, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`EditError`], and nothing has changed.
    fn edit(&self, edit: Edit, manner: Manner) -> Result<Vec<Edited>, EditError>;
}
