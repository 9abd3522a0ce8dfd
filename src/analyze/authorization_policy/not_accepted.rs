//! IST0171: what istiod says in the condition `ZtunnelAccepted` of policies that it does not send (reference/policy.md 4.5).

use crate::analyze::codes::NEGATIVE_CONDITION;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::policy::{Action, AuthorizationPolicy};
use crate::resources::Path;

pub(in crate::analyze) fn not_accepted(cx: &Context<'_>, report: &mut Report) {
    for rules in cx.rules.iter().filter(|rules| rules.policy.target_refs.is_empty()) {
        let Some((message, at, fix)) = refusal(rules.policy) else { continue };
        if cx.reached_by_rules(rules.policy).may_be_ambient() {
            report.add(Draft {
                code: &NEGATIVE_CONDITION,
                object: rules.object,
                at,
                message: negative("ZtunnelAccepted", "UnsupportedValue", &message),
                why: "istiod does not send it to any ztunnel, so nothing of it is enforced".to_owned(),
                fix: fix.to_owned(),
                change: Change::ByHand,
            });
        }
    }
}

/// Istio's sentence for a condition that is False.
pub(in crate::analyze) fn negative(condition: &str, reason: &str, message: &str) -> String {
    format!(
        "A condition with a negative status is present: type={condition}, reason={reason}, message={message}."
    )
}

fn refusal(policy: &AuthorizationPolicy) -> Option<(String, Path, &'static str)> {
    match policy.action {
        Action::Custom | Action::Audit => Some((
            format!("ztunnel does not support the {} action", policy.action),
            Path::new("spec.action"),
            "attach it to a waypoint with targetRefs, or write ALLOW or DENY",
        )),
        Action::Allow | Action::Deny if policy.dry_run => Some((
            format!(
                "found policy \"{}\" using dry-run annotation, but support for ambient dry-run authorizationPolicies isn't enabled",
                policy.name
            ),
            Path::new("metadata.annotations").key("istio.io/dry-run"),
            "remove the annotation when the policy is to be enforced",
        )),
        Action::Allow | Action::Deny => None,
    }
}
