//! A policy as istiod sends it to a ztunnel.

use std::collections::BTreeMap;

use crate::mesh::Source;
use crate::policy::{ATTACHED, Action, AuthorizationPolicy, Scope};
use crate::resources::node::Node;
use crate::resources::parse::Problem;
use crate::resources::schema::{items, object};
use crate::resources::ztunnel::matching::Lines;
use crate::resources::ztunnel::rule::rules;
use crate::resources::ztunnel::value::{name, word};

/// Reads a policy and its scope.
pub(crate) fn policy(
    node: &Node,
    source: Source,
    lines: &Lines<'_>,
) -> Result<(AuthorizationPolicy, Scope), Problem> {
    let fields = object(node, "policies[]", &["name", "namespace", "scope", "action", "rules", "dryRun"])?;
    let name = name(fields)?;
    let scopes = [Scope::Global, Scope::Namespace, Scope::WorkloadSelector];
    let scope = word(fields, "scope", &["Global", "Namespace", "WorkloadSelector"])?;
    let scope = scopes.get(scope).copied().unwrap_or(Scope::WorkloadSelector);
    let action = match word(fields, "action", &["Allow", "Deny"])? {
        0 => Action::Allow,
        _ => Action::Deny,
    };
    let selects = (scope == Scope::WorkloadSelector).then(|| BTreeMap::from([attached(&name.to_string())]));
    let mut read = Vec::new();
    for rule in items(fields, "rules", "policies[]")? {
        read.extend(rules(rule, lines)?);
    }
    let policy = AuthorizationPolicy {
        name,
        selector: selects,
        target_refs: Vec::new(),
        action,
        dry_run: fields.boolean("dryRun")?.unwrap_or(false),
        rules: read,
        source,
    };
    Ok((policy, scope))
}

/// The label that a workload gets for a policy in its `authorizationPolicies`, by `NAMESPACE/NAME`.
pub(crate) fn attached(key: &str) -> (String, String) {
    (format!("{ATTACHED}{key}"), "attached".to_owned())
}
