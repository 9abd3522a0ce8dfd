//! The index finds what walking finds.

use proptest::prelude::*;

use super::*;
use crate::identity::SpiffeId;
use crate::policy::matching::{ServiceAccount, Values};

fn walk(rules: &[EnforcedRule], seen: &Seen<'_>) -> Option<(u32, u32)> {
    let matching = rules.iter().filter(|rule| rule.matches(seen));
    matching.map(|rule| (rule.policy, rule.rule)).min()
}

/// Few letters, so that values meet.
fn text() -> impl Strategy<Value = StringMatch> {
    let values: &[&str] = &["*", "a", "b", "a*", "*b", "td/ns/a/sa/b", "td/*", "*/sa/a", "td/ns/a*"];
    prop::sample::select(values).prop_map(StringMatch::read)
}

fn block() -> impl Strategy<Value = IpBlock> {
    let values: &[&str] = &["10.0.0.1", "10.0.0.0/8", "10.0.0.2", "0.0.0.0/0", "fd00::/8", "::/0"];
    prop::sample::select(values).prop_map(|text| text.parse().unwrap())
}

fn values<T: std::fmt::Debug + Clone>(
    one: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Values<T>> {
    let some = |most| prop::collection::vec(one.clone(), 0..most);
    (some(3), some(2)).prop_map(|(any, none)| Values { any, none })
}

fn account() -> impl Strategy<Value = ServiceAccount> + Clone {
    let name = || prop::sample::select(&["a", "b"][..]).prop_map(str::to_owned);
    (name(), name()).prop_map(|(namespace, name)| ServiceAccount { namespace, name }).boxed()
}

fn entry() -> impl Strategy<Value = Match> {
    let text = || values(text().boxed());
    let block = || values(block().boxed());
    let ports = values(prop::sample::select(&[80_u16, 81, 82][..]));
    (text(), text(), values(account()), block(), block(), ports, 0..6_u8).prop_map(
        |(principals, namespaces, service_accounts, source_ips, destination_ips, ports, keep)| {
            let all = Match {
                principals,
                namespaces,
                service_accounts,
                source_ips,
                destination_ips,
                ports,
                ..Match::default()
            };
            // A match with every group full hardly ever matches; most documents use one.
            match keep {
                0 => Match { principals: all.principals, ..Match::default() },
                1 => Match { namespaces: all.namespaces, ..Match::default() },
                2 => Match { service_accounts: all.service_accounts, ports: all.ports, ..Match::default() },
                3 => Match { source_ips: all.source_ips, ..Match::default() },
                4 => Match { ports: all.ports, destination_ips: all.destination_ips, ..Match::default() },
                _ => all,
            }
        },
    )
}

fn rules() -> impl Strategy<Value = Vec<EnforcedRule>> {
    let clause = prop::collection::vec(entry().prop_filter("empty", |entry| !entry.is_empty()), 1..3);
    let clauses = prop::collection::vec(clause.prop_map(Vec::into_boxed_slice), 0..3);
    let clauses = clauses.prop_map(Vec::into_boxed_slice);
    prop::collection::vec((clauses, 0..40_u32), 0..40).prop_map(|rules| {
        let rule = |(number, (clauses, policy))| EnforcedRule { policy, rule: number, clauses };
        (0..).zip(rules).map(rule).collect()
    })
}

proptest! {
    #[test]
    fn the_index_finds_what_walking_finds(
        rules in rules(),
        source in prop::option::of(prop::sample::select(&["td/ns/a/sa/a", "td/ns/a/sa/b", "x/ns/b/sa/a"][..])),
        last in 0..4_u8,
        port in 80..84_u16,
        ipv6: bool,
    ) {
        let source: Option<SpiffeId> = source.map(|text| format!("spiffe://{text}").parse().unwrap());
        let ip: IpAddr = if ipv6 { "fd00::1".parse().unwrap() } else { [10, 0, 0, last].into() };
        let seen = Seen { source: source.as_ref(), source_ip: ip, destination_ip: ip, port };
        let index = RuleIndex::new(rules.clone());
        let found = index.first_match(&seen).map(|rule| (rule.policy, rule.rule));
        prop_assert_eq!(found, walk(&rules, &seen));
    }
}

#[test]
fn only_rules_that_may_match_are_looked_at() {
    let rule = |number: u32| EnforcedRule {
        policy: number,
        rule: 0,
        clauses: Box::new([Box::new([Match {
            principals: Values {
                any: vec![StringMatch::Exact(format!("td/ns/a/sa/{number}"))],
                none: Vec::new(),
            },
            // Shared by all, so nobody is found by it.
            ports: Values { any: vec![80], none: Vec::new() },
            ..Match::default()
        }])]),
    };
    let index = RuleIndex::new((0..1_000).map(rule).collect());
    let source: SpiffeId = "spiffe://td/ns/a/sa/7".parse().unwrap();
    let ip = [10, 0, 0, 1].into();
    let seen = Seen { source: Some(&source), source_ip: ip, destination_ip: ip, port: 80 };
    assert_eq!(index.candidates(&seen).flatten().count() + index.always.len(), 1);
    assert_eq!(index.first_match(&seen).map(|rule| rule.policy), Some(7));
}
