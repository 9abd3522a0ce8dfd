//! RequestAuthentication, with Istio's own validation (reference/policy.md 5). It is kept, and nobody enforces it: tokens are
//! HTTP's, and only a waypoint looks at them.

mod jwks;
mod jwt_rule;
mod uri;

pub use jwt_rule::PRIVATE_KEY;

use std::collections::BTreeMap;

use crate::mesh::{Name, Source};
use crate::resources::dry_run::no_dry_run;
use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::metadata::Metadata;
use crate::resources::parse::Problem;
use crate::resources::request_authentication::jwt_rule::jwt_rule;
use crate::resources::schema::items;
use crate::resources::selector::selector;
use crate::resources::target_ref::target_refs;

/// One RequestAuthentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestAuthentication {
    /// Namespace and name.
    pub name: Name,
    /// `spec.selector.matchLabels`; neither a ztunnel nor a waypoint honours it.
    pub selector: Option<BTreeMap<String, String>>,
    /// `spec.targetRefs` as `Kind/name`.
    pub target_refs: Vec<String>,
    /// The issuers of its rules; empty where a rule names none.
    pub issuers: Vec<String>,
    /// Where it is declared.
    pub source: Source,
}

/// Reads a RequestAuthentication.
pub(crate) fn request_authentication(
    document: Fields<'_>,
    source: Source,
    findings: &mut Findings,
) -> Result<RequestAuthentication, Problem> {
    document.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let metadata = Metadata::read(document)?;
    findings.keep(no_dry_run(&metadata));
    let spec = document.map("spec")?;
    spec.only(&["selector", "targetRefs", "targetRef", "jwtRules"])?;
    let rules = findings.keep(items(spec, "jwtRules", "spec")).unwrap_or_default();
    let issuers = rules.iter().enumerate().filter_map(|(number, node)| jwt_rule(node, number, findings));
    let issuers = issuers.collect();
    Ok(RequestAuthentication {
        name: metadata.name,
        selector: selector(spec, findings),
        target_refs: target_refs(spec, findings),
        issuers,
        source,
    })
}

#[cfg(test)]
mod tests;
