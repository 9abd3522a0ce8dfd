//! GT1212: who shows no identity meets every condition that only excludes identities (reference/policy.md 4.6).

use crate::analyze::authorization_policy::entries::{At, Clause, enforced};
use crate::analyze::codes::NEGATIVE_ALLOW;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::policy::{Action, Match, Rule};

pub(in crate::analyze) fn negative_allow(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx).filter(|rules| rules.policy.action == Action::Allow) {
        let reached = cx.reached_by_rules(rules.policy);
        let Some((open, port)) = reached.open else { continue };
        for (index, rule) in rules.policy.rules.iter().enumerate().filter(|(_, rule)| !rule.has_layer7()) {
            let Some((at, field)) = lets_anybody_in(index, rule) else { continue };
            let port = port.map_or_else(String::new, |port| format!(" at port {port}"));
            report.add(Draft {
                code: &NEGATIVE_ALLOW,
                object: rules.object,
                at: at.field(field).itself(),
                message: "this rule lets every client in that shows no identity".to_owned(),
                why: format!("a plaintext client is in none of the excluded {}, and {open} takes plaintext{port}", noun(field)),
                fix: "add principals: [\"*\"] beside it, which asks for an identity, or make the workloads STRICT".to_owned(),
                change: Change::ByHand,
            });
        }
    }
}

/// A source that excludes identities and asks for nothing that a plaintext client lacks.
fn lets_anybody_in(index: usize, rule: &Rule) -> Option<(At, &'static str)> {
    if rule.when.iter().any(|entry| asks_for_identity(&entry.matches)) {
        return None;
    }
    rule.from.iter().enumerate().find_map(|(entry, source)| {
        let open = !asks_for_identity(&source.matches) && source.matches.source_ips.any.is_empty();
        let field = excluded(&source.matches).filter(|_| open)?;
        Some((At { rule: index, clause: Clause::From, entry }, field))
    })
}

fn asks_for_identity(matches: &Match) -> bool {
    !(matches.principals.any.is_empty()
        && matches.namespaces.any.is_empty()
        && matches.service_accounts.any.is_empty()
        && matches.trust_domains.any.is_empty())
}

fn excluded(matches: &Match) -> Option<&'static str> {
    let fields = [
        ("notPrincipals", matches.principals.none.is_empty()),
        ("notNamespaces", matches.namespaces.none.is_empty()),
        ("notServiceAccounts", matches.service_accounts.none.is_empty()),
    ];
    fields.into_iter().find_map(|(field, is_empty)| (!is_empty).then_some(field))
}

fn noun(field: &str) -> &'static str {
    match field {
        "notPrincipals" => "principals",
        "notNamespaces" => "namespaces",
        _ => "service accounts",
    }
}
