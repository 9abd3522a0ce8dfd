//! What Istio refuses in any part of a rule.

use crate::resources::node::At;
use crate::resources::parse::Problem;

/// A part of a rule that says nothing, where Istio wants it to say something or to be absent.
pub(crate) fn empty(at: At, message: String, help: &str) -> Problem {
    Problem { at, code: "resources.empty_rule", message, help: Some(help.to_owned()) }
}

/// An identity, which the external authorizer has to look at by itself.
pub(crate) fn not_custom(at: At, what: &str) -> Problem {
    Problem {
        at,
        code: "resources.custom_identity",
        message: format!("{} is currently not supported with CUSTOM action", what.escape_debug()),
        help: Some("leave it to the external authorizer, or add a DENY policy for it".to_owned()),
    }
}
