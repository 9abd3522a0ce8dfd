//! GT1213: `trustDomains` is dropped on its way to a ztunnel, without a word (reference/policy.md 4.4).

use crate::analyze::authorization_policy::entries::{Clause, enforced, of_policy};
use crate::analyze::authorization_policy::layer7::is_empty;
use crate::analyze::codes::TRUST_DOMAINS_DROPPED;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};

pub(in crate::analyze) fn trust_domains(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx).filter(|rules| cx.reached_by_rules(rules.policy).may_be_ambient()) {
        // As a condition, `source.trustDomain` is an HTTP attribute and told as such.
        for (at, entry) in of_policy(rules).filter(|(at, _)| at.clause == Clause::From) {
            let values = &entry.matches.trust_domains;
            if values.is_empty() {
                continue;
            }
            let field = if values.any.is_empty() { "notTrustDomains" } else { "trustDomains" };
            let why = match is_empty(&entry.matches) {
                true => "without it this source says nothing, and what says nothing never matches",
                false => "what stands beside it is enforced alone, and matches more",
            };
            report.add(Draft {
                code: &TRUST_DOMAINS_DROPPED,
                object: rules.object,
                at: at.field(field).itself(),
                message: format!("{field} never reaches a ztunnel"),
                why: why.to_owned(),
                fix: "write the trust domain at the front of principals: TRUST-DOMAIN/*".to_owned(),
                change: Change::ByHand,
            });
        }
    }
}
