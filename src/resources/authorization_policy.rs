//! AuthorizationPolicy, with Istio's own validation (reference/policy.md 4.10): everything that it says is read, also what
//! no ztunnel enforces; the evaluator names that.

mod condition;
mod operation;
mod path;
mod refusal;
mod rule;
mod source;
mod values;
mod words;

use crate::mesh::Source;
use crate::policy::{Action, AuthorizationPolicy, Rule};
use crate::resources::authorization_policy::rule::{exactly, rule};
use crate::resources::authorization_policy::words::Context;
use crate::resources::dry_run::dry_run;
use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::{items, too_many, unsupported};
use crate::resources::selector::selector;
use crate::resources::target_ref::target_refs;

/// The code of a policy that can never be triggered: its meaning is clear all the same.
pub(crate) const WITHOUT_RULES: &str = "resources.without_rules";
/// The schema's limit.
const MOST_RULES: usize = 512;

/// Reads an AuthorizationPolicy.
pub(crate) fn authorization_policy(
    document: Fields<'_>,
    source: Source,
    findings: &mut Findings,
) -> Result<AuthorizationPolicy, Problem> {
    document.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let metadata = Metadata::read(document)?;
    let spec = document.map("spec")?;
    spec.only(&["selector", "targetRefs", "targetRef", "action", "provider", "rules"])?;
    let action = action(spec)?;
    let dry_run = findings.keep(dry_run(&metadata, action));
    let selector = selector(spec, findings);
    let target_refs = target_refs(spec, findings);
    let written = findings.keep(items(spec, "rules", "spec")).unwrap_or_default();
    if let Some((at, verb)) = never_triggered(spec, action, written) {
        findings.refuse(without_rules(at, verb));
    }
    findings.keep(provider(spec, action, written));
    let namespace = metadata.name.namespace.to_string();
    let rules = rules(spec, written, (&namespace, action), findings);
    Ok(AuthorizationPolicy {
        name: metadata.name,
        selector,
        target_refs,
        action,
        dry_run: dry_run.unwrap_or_default(),
        rules,
        source,
    })
}

fn action(spec: Fields<'_>) -> Result<Action, Problem> {
    let Some(found) = spec.get("action") else { return Ok(Action::Allow) };
    let read = found.node().value.as_text().and_then(Action::read);
    read.ok_or_else(|| {
        unsupported(found.node(), "spec.action", &Action::SPELLINGS, "resources.unknown_action")
    })
}

fn rules(
    spec: Fields<'_>,
    written: &[Node],
    (namespace, action): (&str, Action),
    findings: &mut Findings,
) -> Vec<Rule> {
    if let (Some(found), true) = (spec.get("rules"), written.len() > MOST_RULES) {
        findings.refuse(too_many(found.node(), "spec.rules", written.len(), MOST_RULES));
    }
    let numbered = written.iter().enumerate();
    exactly(numbered.filter_map(|(number, node)| rule(node, Context { namespace, action, number }, findings)))
}

/// Without rules, DENY and CUSTOM do nothing, and Istio refuses them.
fn never_triggered(spec: Fields<'_>, action: Action, rules: &[Node]) -> Option<(At, Action)> {
    let at = spec.get("action").map_or_else(|| spec.at(), |found| found.at());
    (rules.is_empty() && matches!(action, Action::Deny | Action::Custom)).then_some((at, action))
}

fn without_rules(at: At, action: Action) -> Problem {
    Problem {
        at,
        code: WITHOUT_RULES,
        message: format!(
            "{action} action without `rules` is meaningless as it will never be triggered, add an empty rule `{{}}` if you want it be triggered for every request"
        ),
        help: Some("write `rules: [{}]` for every connection, or the rules that you mean".to_owned()),
    }
}

/// CUSTOM needs the name of its authorizer, and no other action may have one.
fn provider(spec: Fields<'_>, action: Action, rules: &[Node]) -> Result<(), Problem> {
    let found = spec.get("provider");
    let fields = spec.map("provider")?;
    fields.only(&["name"])?;
    let named = fields.text("name")?.is_some_and(|name| !name.is_empty());
    let (at, message, help) = match (action, found) {
        (Action::Custom, found) if !named && !rules.is_empty() => (
            found.or_else(|| spec.get("action")).map_or_else(|| spec.at(), |found| found.at()),
            "`provider.name` must not be empty".to_owned(),
            "name an extension provider of the MeshConfig: `provider: {name: NAME}`",
        ),
        (Action::Allow | Action::Deny | Action::Audit, Some(found)) => (
            found.at(),
            format!("`provider` must not be with non CUSTOM action, found {action}"),
            "remove `provider`, or write `action: CUSTOM`",
        ),
        _ => return Ok(()),
    };
    Err(Problem { at, code: "resources.provider", message, help: Some(help.to_owned()) })
}

#[cfg(test)]
mod tests;
