//! GT1201: `selector: {}` makes a policy that a workload would have to list, and none does (reference/policy.md 4.2).

use crate::analyze::authorization_policy::entries::enforced;
use crate::analyze::codes::EMPTY_SELECTOR;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::resources::Path;

pub(in crate::analyze) fn empty_selector(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx) {
        let is_empty = rules.policy.selector.as_ref().is_some_and(|labels| labels.is_empty());
        if !is_empty || !cx.reached_by_rules(rules.policy).may_be_ambient() {
            continue;
        }
        report.add(Draft {
            code: &EMPTY_SELECTOR,
            object: rules.object,
            at: Path::new("spec.selector").itself(),
            message: "this policy is attached to nothing: `selector: {}` is not the same as none".to_owned(),
            why: "a ztunnel gets it as a policy for chosen workloads, and nothing chooses them; a sidecar takes it for the whole namespace".to_owned(),
            fix: "remove the selector".to_owned(),
            change: Change::Remove { at: Path::new("spec.selector") },
        });
    }
}
