//! Every policy that might have had a say, and why it decided or did not: for `explain`, never on the hot path.
//!
//! Whoever wonders why a policy "does nothing" finds it here. Policies of other namespaces are left out unless they pick
//! the workload by its labels, which is how a policy in the wrong namespace looks.

use std::collections::BTreeMap;

use crate::mesh::{Service, Workload};
use crate::policy::authorization::{Verdict, clauses, effective_scope};
use crate::policy::authorization_policy::{Action, AuthorizationPolicy, Rule, Scope};
use crate::policy::authz::reference as authorization_reference;
use crate::policy::destination_rules::DestinationRules;
use crate::policy::effective::{Level, PolicyKind, PolicyRef};
use crate::policy::matching::{Match, Seen};
use crate::policy::passed_over::PassedOver;
use crate::policy::peer_authentication::PeerAuthentication;
use crate::policy::request::CheckRequest;
use crate::policy::set::{PolicySet, Scopes, reference};
use crate::policy::unreached::{elsewhere, not_selected};

/// A policy that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Which.
    pub policy: PolicyRef,
    /// Whether it is what decided.
    pub decided: bool,
    /// Whether its selector picks other workloads: of many policies, most are.
    pub is_for_others: bool,
    /// Why it did, or did not.
    pub why: String,
}

/// The PeerAuthentications that have to do with `port` of `workload`, widest first.
pub fn considered_modes(policies: &PolicySet, workload: &Workload, port: u16) -> Vec<Considered> {
    let all = policies.peer_authentications();
    let candidates = Scopes::sort(policies.root_namespace(), all).candidates(workload);
    let effective = policies.effective(&workload.name, port);
    let chosen = [candidates.mesh, candidates.namespace, candidates.workload];
    let near =
        all.iter().filter(|policy| is_near(policies, &policy.name.namespace, policy.labels(), workload));
    let mut considered: Vec<(usize, Considered)> = near
        .map(|policy| {
            let level = level(policies, policy);
            let decided = effective.decided_by.as_ref().is_some_and(|decided| decided.name == policy.name);
            let why = match passed_over(policies, policy, workload, &chosen) {
                Some(why) => why,
                None if decided => format!("decides at {} level: {}", effective.level, effective.mode),
                None => outranked(policy, effective.level, port),
            };
            let is_for_others = policy.labels().is_some_and(|labels| !workload.matches(labels));
            (level, Considered { policy: reference(policy), decided, is_for_others, why })
        })
        .collect();
    considered.sort_by_key(|(level, _)| *level);
    considered.into_iter().map(|(_, considered)| considered).collect()
}

/// Why a PeerAuthentication is none of the three that count for this workload.
fn passed_over(
    policies: &PolicySet,
    policy: &PeerAuthentication,
    workload: &Workload,
    chosen: &[Option<&PeerAuthentication>; 3],
) -> Option<String> {
    let is_root = *policy.name.namespace == *policies.root_namespace();
    match policy.labels() {
        Some(_) if is_root => Some(
            "ignored: Istio passes over a PeerAuthentication with a selector in the root namespace"
                .to_owned(),
        ),
        _ if !is_root && policy.name.namespace != workload.name.namespace => {
            Some(elsewhere(&policy.name.namespace, workload))
        }
        Some(labels) if !workload.matches(labels) => Some(not_selected(labels, workload)),
        _ if chosen.iter().flatten().any(|it| it.name == policy.name) => None,
        labels => {
            let place = if labels.is_some() { 2 } else { usize::from(!is_root) };
            let older = chosen.get(place).copied().flatten();
            let older = older.map_or_else(String::new, |it| format!(": {} at {}", it.name, it.source));
            Some(format!("ignored whole: an older policy of the same scope is used alone{older}"))
        }
    }
}

/// Why one that counts for this workload did not decide.
fn outranked(policy: &PeerAuthentication, decided: Level, port: u16) -> String {
    match (policy.ports.get(&port), policy.mode) {
        (_, Some(mode)) => format!("{mode}, but the narrower {decided} level decides"),
        (Some(None), None) => format!("says UNSET, and UNSET for port {port}: inherits"),
        (None, None) if !policy.ports.is_empty() => {
            let ports: Vec<String> = policy.ports.keys().map(u16::to_string).collect();
            format!("says nothing for port {port} (it names {}), and UNSET else: inherits", ports.join(", "))
        }
        (_, None) => "says UNSET: inherits".to_owned(),
    }
}

/// Its place from wide to narrow.
fn level(policies: &PolicySet, policy: &PeerAuthentication) -> usize {
    let is_root = *policy.name.namespace == *policies.root_namespace();
    match (policy.labels().is_some(), is_root) {
        (false, true) => 0,
        (false, false) => 1,
        (true, _) => 2,
    }
}

/// The DestinationRules for `service` that do not decide how `client` connects to it, and why.
pub fn considered_clients(
    rules: &DestinationRules,
    client: &Workload,
    (service, subset): (&Service, Option<&str>),
) -> Vec<Considered> {
    let considered = |passed: PassedOver| Considered {
        policy: PolicyRef {
            kind: PolicyKind::DestinationRule,
            name: passed.rule.name,
            rule: None,
            source: passed.rule.source,
        },
        decided: false,
        is_for_others: false,
        why: passed.why.to_string(),
    };
    rules.passed_over(client, service, subset).into_iter().map(considered).collect()
}

/// The AuthorizationPolicies that have to do with `request`, those that decided or may have first.
///
/// `reached` says whether authorization was asked at all; where an earlier step refused, it was not.
pub fn considered_rules(policies: &PolicySet, request: &CheckRequest<'_>, reached: bool) -> Vec<Considered> {
    let seen = request.seen();
    let verdict = policies.authorization().decide(request.workload, &seen);
    let all = policies.authorization_policies().iter();
    let near = all.filter(|policy| {
        let labels = policy.selector.as_ref().filter(|labels| !labels.is_empty());
        is_near(policies, &policy.name.namespace, labels, request.workload)
    });
    let mut considered: Vec<Considered> = near
        .map(|policy| {
            let (decided, why) = match unenforced(policies, policy, request.workload) {
                Some(why) => (false, why),
                None if !reached => (false, "not reached: an earlier step decided".to_owned()),
                None => judged(policies, policy, (&seen, &verdict)),
            };
            let rule = match (&verdict, decided) {
                (Verdict::Denied(_, rule) | Verdict::Allowed(_, rule), true) => Some(*rule),
                _ => None,
            };
            let is_for_others = !policy.selects(request.workload);
            Considered { policy: authorization_reference(policy, rule), decided, is_for_others, why }
        })
        .collect();
    considered.sort_by_key(|it| !it.decided);
    considered
}

/// Why nobody enforces the policy for this workload.
fn unenforced(policies: &PolicySet, policy: &AuthorizationPolicy, workload: &Workload) -> Option<String> {
    let settings = policies.settings();
    let is_root = *policy.name.namespace == *settings.root_namespace;
    if !is_root && policy.name.namespace != workload.name.namespace {
        return Some(elsewhere(&policy.name.namespace, workload));
    }
    if let Some(why) = policy.not_enforced() {
        return Some(format!("not enforced here: {why}"));
    }
    match (effective_scope(policy, settings), policy.selector.as_ref()) {
        (Scope::WorkloadSelector, Some(labels)) if labels.is_empty() => Some(
            "attached to nothing: on its way to a ztunnel `selector: {}` has no label to attach by"
                .to_owned(),
        ),
        (Scope::WorkloadSelector, Some(labels)) if !workload.matches(labels) => {
            Some(not_selected(labels, workload))
        }
        _ => None,
    }
}

/// What an enforced policy said of the connection.
fn judged(
    policies: &PolicySet,
    policy: &AuthorizationPolicy,
    (seen, verdict): (&Seen<'_>, &Verdict<'_>),
) -> (bool, String) {
    let action = policy.action;
    match verdict {
        Verdict::Denied(decided, rule) | Verdict::Allowed(decided, rule) if decided.name == policy.name => {
            return (true, format!("{action}: rule {rule} matches"));
        }
        Verdict::Denied(..) if action == Action::Allow => {
            return (false, "not asked: a DENY comes before every ALLOW".to_owned());
        }
        _ => {}
    }
    if policy.rules.is_empty() {
        return (false, format!("{action} without rules matches nothing"));
    }
    let misses =
        (0..).zip(&policy.rules).map(|(number, rule)| miss(policies, policy.action, (number, rule), seen));
    let misses: Vec<String> = misses.collect();
    (false, format!("{action}: {}", misses.join("; ")))
}

/// Why a rule does not match.
fn miss(policies: &PolicySet, action: Action, (number, rule): (u32, &Rule), seen: &Seen<'_>) -> String {
    let Some(clauses) = clauses(action, rule, policies.settings()) else {
        let attributes: Vec<&str> =
            rule.entries().flat_map(|entry| &entry.layer7).map(String::as_str).collect();
        return match action {
            Action::Allow => {
                format!("rule {number} is left out, for ztunnel cannot see HTTP ({})", attributes.join(", "))
            }
            _ => format!(
                "rule {number} never matches: without HTTP ({}) nothing of it is left",
                attributes.join(", ")
            ),
        };
    };
    let failing = clauses.iter().find(|clause| !clause.iter().any(|entry| entry.matches(seen)));
    match failing.and_then(|clause| clause.first()) {
        Some(entry) => format!("rule {number} does not match: {}", difference(entry, seen)),
        None => format!("rule {number} matches too"),
    }
}

/// The field that does not fit, with what it asks for and what there is.
fn difference(entry: &Match, seen: &Seen<'_>) -> String {
    let Some(field) = entry.mismatch(seen) else { return "another clause does not fit".to_owned() };
    let list = |any: Vec<String>, none: Vec<String>| {
        let none = none.into_iter().map(|value| format!("not {value}"));
        any.into_iter().chain(none).collect::<Vec<String>>().join(", ")
    };
    fn texts<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(T::to_string).collect()
    }
    let identity = |of: fn(&crate::identity::SpiffeId) -> String| {
        seen.source.map_or_else(|| "no identity (only mesh mTLS carries one)".to_owned(), of)
    };
    let (asked, found) = match field {
        "principals" => (
            list(texts(&entry.principals.any), texts(&entry.principals.none)),
            identity(|id| id.principal().to_owned()),
        ),
        "namespaces" => (
            list(texts(&entry.namespaces.any), texts(&entry.namespaces.none)),
            identity(|id| id.namespace().to_owned()),
        ),
        "serviceAccounts" => (
            list(texts(&entry.service_accounts.any), texts(&entry.service_accounts.none)),
            identity(|id| format!("{}/{}", id.namespace(), id.service_account())),
        ),
        "trustDomains" => (
            list(texts(&entry.trust_domains.any), texts(&entry.trust_domains.none)),
            identity(|id| id.trust_domain().to_owned()),
        ),
        "ipBlocks" => {
            (list(texts(&entry.source_ips.any), texts(&entry.source_ips.none)), seen.source_ip.to_string())
        }
        "destination.ip" => (
            list(texts(&entry.destination_ips.any), texts(&entry.destination_ips.none)),
            seen.destination_ip.to_string(),
        ),
        _ => (list(texts(&entry.ports.any), texts(&entry.ports.none)), seen.port.to_string()),
    };
    format!("{field} asks for {asked}, found {found}")
}

/// Whether a policy is worth mentioning: it lives where it could reach the workload, or would pick it by its labels.
fn is_near(
    policies: &PolicySet,
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
    workload: &Workload,
) -> bool {
    namespace == policies.root_namespace()
        || namespace == &*workload.name.namespace
        || labels.is_some_and(|labels| workload.matches(labels))
}
