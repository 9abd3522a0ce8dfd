//! GT1217: a DENY with the same rule as an ALLOW, for the same workloads or more: the ALLOW never has its way.

use std::collections::HashMap;

use crate::analyze::authorization_policy::entries::enforced;
use crate::analyze::codes::ALLOW_AND_DENY;
use crate::analyze::context::{Context, Rules};
use crate::analyze::report::{Change, Draft, Report};
use crate::policy::{Action, Rule, Scope};
use crate::resources::Path;

pub(in crate::analyze) fn allow_and_deny(cx: &Context<'_>, report: &mut Report) {
    let mut denies: HashMap<String, Vec<Rules<'_>>> = HashMap::new();
    for rules in enforced(cx).filter(|rules| rules.policy.action == Action::Deny) {
        for rule in rules.policy.rules.iter().filter(|rule| !rule.has_layer7()) {
            let same = denies.entry(meaning(rule)).or_default();
            // One DENY for each scope is enough to tell.
            if !same.iter().any(|other| covers(cx, *other, rules)) {
                same.push(rules);
            }
        }
    }
    for rules in enforced(cx).filter(|rules| rules.policy.action == Action::Allow) {
        for (index, rule) in rules.policy.rules.iter().enumerate() {
            let same = denies.get(&meaning(rule)).into_iter().flatten();
            if let Some(deny) = same.copied().find(|deny| covers(cx, *deny, rules)) {
                report.add(draft(rules, index, deny));
            }
        }
    }
}

/// Equal for two rules that say the same.
fn meaning(rule: &Rule) -> String {
    format!("{rule:?}")
}

/// Whether `wide` is for every workload that `narrow` is for.
fn covers(cx: &Context<'_>, wide: Rules<'_>, narrow: Rules<'_>) -> bool {
    let same_namespace = wide.policy.name.namespace == narrow.policy.name.namespace;
    match wide.policy.scope(cx.root()) {
        Scope::Global => true,
        Scope::Namespace => same_namespace,
        Scope::WorkloadSelector => same_namespace && wide.policy.selector == narrow.policy.selector,
    }
}

fn draft<'a>(allow: Rules<'a>, index: usize, deny: Rules<'a>) -> Draft<'a> {
    Draft {
        code: &ALLOW_AND_DENY,
        object: allow.object,
        at: Path::new("spec.rules").item(index),
        message: format!("{} at {} denies whatever this rule allows", deny.policy.name, deny.policy.source),
        why: "a DENY that matches decides, whatever any ALLOW says, and its rule is the same".to_owned(),
        fix: "delete one of the two rules".to_owned(),
        change: Change::ByHand,
    }
}
