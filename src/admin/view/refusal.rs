//! An answer that is no: the error of an API call as a document.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::reason::Reason;

/// Why a call was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalView {
    /// The stable code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl RefusalView {
    /// The view of an error.
    pub fn of(error: &dyn Reason) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: error.hint() }
    }
}

impl Kind for RefusalView {
    const KIND: &'static str = "Error";
}
