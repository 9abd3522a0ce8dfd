//! GT1204 to GT1206: HTTP attributes at a ztunnel (reference/policy.md 4.5). An ALLOW rule with one is dropped whole; a
//! DENY rule loses them, and then is either dead or wider than it was written.

use crate::analyze::authorization_policy::entries::{At, enforced, of_rule};
use crate::analyze::code::Code;
use crate::analyze::codes::{LAYER7_DENY_DEAD, LAYER7_DENY_WIDER, LAYER7_IN_ALLOW};
use crate::analyze::context::{Context, Rules};
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::policy::{Action, Entry, Match, Rule, Values};

pub(in crate::analyze) fn layer7(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx).filter(|rules| cx.reached_by_rules(rules.policy).may_be_ambient()) {
        for (index, rule) in rules.policy.rules.iter().enumerate().filter(|(_, rule)| rule.has_layer7()) {
            report.add_if_any(draft(rules, index, rule));
        }
    }
}

fn draft<'a>(rules: Rules<'a>, index: usize, rule: &Rule) -> Option<Draft<'a>> {
    let attributes: Vec<(At, &String)> = of_rule(index, rule)
        .flat_map(|(at, entry)| entry.layer7.iter().map(move |name| (at, name)))
        .collect();
    let (at, name) = attributes.first()?;
    let names = words::some(attributes.iter().map(|(_, name)| name));
    let (code, message, why): (&'static Code, _, _) = match rules.policy.action {
        Action::Allow if rules.policy.rules.iter().all(Rule::has_layer7) => (
            &LAYER7_IN_ALLOW,
            format!("ztunnel drops this rule because of {names}, and then the policy allows nothing at all"),
            "an ALLOW rule with HTTP attributes is omitted whole, with its other conditions; what no ALLOW matches is refused",
        ),
        Action::Allow => (
            &LAYER7_IN_ALLOW,
            format!("ztunnel drops this rule because of {names}"),
            "an ALLOW rule with HTTP attributes is omitted whole, with its other conditions; the other rules stay",
        ),
        _ if is_dead(rule) => (
            &LAYER7_DENY_DEAD,
            format!("this rule denies nothing at ztunnel: without {names} nothing of a condition is left"),
            "ztunnel skips a condition that says nothing, and a rule with such a condition never matches",
        ),
        _ => (
            &LAYER7_DENY_WIDER,
            format!("ztunnel denies more than this rule says: {names} is left out"),
            "a DENY keeps the conditions that are not about HTTP, and those alone match more",
        ),
    };
    Some(Draft {
        code,
        object: rules.object,
        at: at.attribute(name),
        message,
        why: why.to_owned(),
        fix: "deploy a waypoint and attach the policy to it with targetRefs, or use ports, principals and namespaces only".to_owned(),
        change: Change::ByHand,
    })
}

/// Whether nothing can match what is left of `rule` at a ztunnel.
fn is_dead(rule: &Rule) -> bool {
    let all_empty = |entries: &[Entry]| !entries.is_empty() && entries.iter().all(|it| is_empty(&it.matches));
    all_empty(&rule.from) || all_empty(&rule.to) || rule.when.iter().any(|entry| is_empty(&entry.matches))
}

/// Whether istiod sends nothing of it: trust domains are dropped on the way.
pub(in crate::analyze) fn is_empty(matches: &Match) -> bool {
    Match { trust_domains: Values::default(), ..matches.clone() }.is_empty()
}
