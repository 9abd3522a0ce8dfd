//! GT1218: a condition whose values are all among those that it excludes.

use crate::analyze::authorization_policy::entries::{enforced, of_policy};
use crate::analyze::codes::NEVER_MATCHES;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::policy::{IpBlock, Match, ServiceAccount, StringMatch, Values};

pub(in crate::analyze) fn never_matches(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx) {
        for (at, entry) in of_policy(rules) {
            let Some(field) = contradiction(&entry.matches) else { continue };
            report.add(Draft {
                code: &NEVER_MATCHES,
                object: rules.object,
                at: at.field(field).itself(),
                message: format!(
                    "this {} never matches: every one of its {field} is also excluded",
                    at.noun()
                ),
                why: "what is wanted and what is excluded must both hold, and here they cannot".to_owned(),
                fix: "take the values out of one of the two lists".to_owned(),
                change: Change::ByHand,
            });
        }
    }
}

/// The field that contradicts itself.
fn contradiction(matches: &Match) -> Option<&'static str> {
    let texts = [
        ("principals", &matches.principals),
        ("namespaces", &matches.namespaces),
        ("trustDomains", &matches.trust_domains),
    ];
    let same_account = |left: &ServiceAccount, right: &ServiceAccount| left == right;
    let covers_block = |wide: &IpBlock, narrow: &IpBlock| wide == narrow;
    let text = texts.into_iter().find_map(|(field, values)| excluded(values, covers).then_some(field));
    text.or_else(|| excluded(&matches.service_accounts, same_account).then_some("serviceAccounts"))
        .or_else(|| excluded(&matches.source_ips, covers_block).then_some("ipBlocks"))
        .or_else(|| excluded(&matches.destination_ips, covers_block).then_some("values"))
        .or_else(|| excluded(&matches.ports, |left, right| left == right).then_some("ports"))
}

/// Whether something is asked for, and each of it is covered by something that is excluded.
fn excluded<T>(values: &Values<T>, covers: impl Fn(&T, &T) -> bool) -> bool {
    let is_excluded = |value: &T| values.none.iter().any(|wide| covers(wide, value));
    !values.any.is_empty() && values.any.iter().all(is_excluded)
}

/// Whether everything that fits `narrow` fits `wide`.
fn covers(wide: &StringMatch, narrow: &StringMatch) -> bool {
    match (wide, narrow) {
        (StringMatch::Presence, _) => true,
        (wide, StringMatch::Exact(text)) => wide.fits(text),
        (StringMatch::Prefix(wide), StringMatch::Prefix(narrow)) => narrow.starts_with(wide.as_str()),
        (StringMatch::Suffix(wide), StringMatch::Suffix(narrow)) => narrow.ends_with(wide.as_str()),
        _ => false,
    }
}
