//! Answers of the API before they become HTTP.

use bytes::Bytes;
use serde::Serialize;

use crate::admin::error::RequestError;
use crate::admin::view::{Document, Kind, List, RefusalView, json};
use crate::reason::Reason;

/// A status, a type and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// The `allow` header of a 405 (RFC 9110 §15.5.6).
    pub(crate) allow: Option<&'static str>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A text with a status.
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            allow: None,
            body: Bytes::from(body.into()),
        }
    }

    /// One view.
    pub(crate) fn one<T: Kind + Serialize>(view: T) -> Self {
        Self::json(200, &Document::one(view))
    }

    /// Several views of one kind.
    pub(crate) fn list<T: Kind + Serialize>(views: impl Iterator<Item = T>) -> Self {
        Self::json(200, &Document::<List<T>>::list(views.collect()))
    }

    /// A file of a type.
    pub(crate) fn file(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, content_type, allow: None, body: Bytes::from(body) }
    }

    /// A refusal, with the error's own words.
    pub(crate) fn refusal(status: u16, error: &dyn Reason) -> Self {
        Self::json(status, &Document::one(RefusalView::of(error)))
    }

    fn json<T: Serialize>(status: u16, document: &T) -> Self {
        Self { status, content_type: "application/json", allow: None, body: Bytes::from(json(document)) }
    }
}

impl From<RequestError> for Answer {
    fn from(error: RequestError) -> Self {
        let allow = match &error {
            RequestError::WrongMethod { expected, .. } => Some(*expected),
            _ => None,
        };
        Self { allow, ..Self::refusal(error.status(), &error) }
    }
}
