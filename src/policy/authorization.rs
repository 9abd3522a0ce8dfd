//! All AuthorizationPolicies of a mesh as they are enforced, by the workloads that they reach.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::mesh::{Name, Semantics, Settings, Workload};
use crate::policy::authorization_policy::{Action, AuthorizationPolicy, Entry, Rule, Scope};
use crate::policy::matching::{Match, Seen, StringMatch, Values};
use crate::policy::rule_index::{Clauses, EnforcedRule, RuleIndex};

/// The policies, indexed.
#[derive(Debug, Default)]
pub(in crate::policy) struct Authorization {
    /// In the order in which they are named: by namespace and name.
    policies: Vec<Arc<AuthorizationPolicy>>,
    global: Layer,
    namespaces: HashMap<Arc<str>, Layer>,
    /// Workloads with one set of labels share what picks them.
    selected: HashMap<Name, Arc<Layer>>,
}

/// The policies of one reach.
#[derive(Debug, Default)]
struct Layer {
    deny: RuleIndex,
    allow: RuleIndex,
    /// Whether there is an ALLOW at all: even one without rules refuses what no other allows.
    has_allow: bool,
    /// Which policies these are.
    members: Vec<usize>,
}

/// What the policies say of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Verdict<'a> {
    /// A DENY matched, with this rule of it.
    Denied(&'a Arc<AuthorizationPolicy>, u32),
    /// There is no ALLOW.
    NothingAsked,
    /// An ALLOW matched, with this rule of it.
    Allowed(&'a Arc<AuthorizationPolicy>, u32),
    /// There are ALLOWs, and none matched.
    NoneAllowed,
}

impl Authorization {
    /// Indexes `policies` against `workloads`.
    pub(in crate::policy) fn new(
        settings: &Settings,
        workloads: &[&Workload],
        mut policies: Vec<Arc<AuthorizationPolicy>>,
    ) -> Self {
        policies.sort_by(|left, right| left.name.cmp(&right.name));
        let reach = Reached::sort(settings, &policies);
        let layer = |members: Vec<usize>| Layer::new(settings, &policies, members);
        let mut shared: HashMap<Vec<usize>, Arc<Layer>> = HashMap::new();
        let mut selected = HashMap::new();
        for workload in workloads {
            let members = reach.selecting(&policies, workload);
            if !members.is_empty() {
                let shared =
                    shared.entry(members).or_insert_with_key(|members| Arc::new(layer(members.clone())));
                selected.insert(workload.name.clone(), Arc::clone(shared));
            }
        }
        let global = layer(reach.global.clone());
        let namespaces = reach
            .namespaces
            .iter()
            .map(|(name, members)| (Arc::clone(name), layer(members.clone())))
            .collect();
        Self { global, namespaces, selected, policies }
    }

    /// All policies, also those that nobody enforces, by namespace and name.
    pub(in crate::policy) fn policies(&self) -> &[Arc<AuthorizationPolicy>] {
        &self.policies
    }

    /// Decides: any DENY that matches refuses; without any ALLOW all may; else one must match.
    pub(in crate::policy) fn decide(&self, workload: &Workload, seen: &Seen<'_>) -> Verdict<'_> {
        let named = |rule: &EnforcedRule| {
            let policy = usize::try_from(rule.policy).ok().and_then(|place| self.policies.get(place))?;
            Some((policy, rule.rule))
        };
        let first = |index: fn(&Layer) -> &RuleIndex| {
            let found = self.layers(workload).filter_map(|layer| index(layer).first_match(seen));
            found.min_by_key(|rule| (rule.policy, rule.rule)).and_then(named)
        };
        if let Some((policy, rule)) = first(|layer| &layer.deny) {
            return Verdict::Denied(policy, rule);
        }
        if !self.layers(workload).any(|layer| layer.has_allow) {
            return Verdict::NothingAsked;
        }
        match first(|layer| &layer.allow) {
            Some((policy, rule)) => Verdict::Allowed(policy, rule),
            None => Verdict::NoneAllowed,
        }
    }

    /// The enforced policies that reach `workload`, by namespace and name.
    pub(in crate::policy) fn reaching(&self, workload: &Workload) -> Vec<&Arc<AuthorizationPolicy>> {
        let mut members: Vec<usize> =
            self.layers(workload).flat_map(|layer| &layer.members).copied().collect();
        members.sort_unstable();
        members.iter().filter_map(|place| self.policies.get(*place)).collect()
    }

    /// The policies that stand on the workload's own list: those with a selector that picks it.
    pub(in crate::policy) fn attached(&self, workload: &Workload) -> Vec<&Arc<AuthorizationPolicy>> {
        let members = self.selected.get(&workload.name).into_iter().flat_map(|layer| &layer.members);
        members.filter_map(|place| self.policies.get(*place)).collect()
    }

    fn layers(&self, workload: &Workload) -> impl Iterator<Item = &Layer> {
        let selected = self.selected.get(&workload.name).map(|layer| &**layer);
        [Some(&self.global), self.namespaces.get(&workload.name.namespace), selected].into_iter().flatten()
    }
}

/// The places of the enforced policies, by reach.
#[derive(Debug, Default)]
struct Reached<'a> {
    global: Vec<usize>,
    namespaces: BTreeMap<Arc<str>, Vec<usize>>,
    /// Those with labels, by one of them, and by namespace; of the root namespace under none, for they reach all.
    labelled: HashMap<(Option<&'a str>, &'a str, &'a str), Vec<usize>>,
}

impl<'a> Reached<'a> {
    fn sort(settings: &Settings, policies: &'a [Arc<AuthorizationPolicy>]) -> Self {
        let root_namespace = &settings.root_namespace;
        let mut reached = Self::default();
        for (place, policy) in policies.iter().enumerate().filter(|(_, policy)| is_enforced(policy)) {
            let namespace = &policy.name.namespace;
            match (effective_scope(policy, settings), policy.selector.as_ref()) {
                (Scope::Global, _) => reached.global.push(place),
                (Scope::Namespace, _) => {
                    reached.namespaces.entry(Arc::clone(namespace)).or_default().push(place);
                }
                (Scope::WorkloadSelector, labels) => {
                    // Without a label there is nothing to attach by.
                    let Some((key, value)) = labels.and_then(|labels| labels.first_key_value()) else {
                        continue;
                    };
                    let within = (**namespace != **root_namespace).then_some(&**namespace);
                    reached.labelled.entry((within, key, value)).or_default().push(place);
                }
            }
        }
        reached
    }

    /// The places of those that pick `workload`, in order.
    fn selecting(&self, policies: &[Arc<AuthorizationPolicy>], workload: &Workload) -> Vec<usize> {
        let namespace: &str = &workload.name.namespace;
        let mut places: Vec<usize> = workload
            .labels
            .iter()
            .flat_map(|(key, value)| [(Some(namespace), key, value), (None, key, value)])
            .filter_map(|(within, key, value)| self.labelled.get(&(within, key.as_str(), value.as_str())))
            .flatten()
            .copied()
            .filter(|place| policies.get(*place).is_some_and(|policy| policy.selects(workload)))
            .collect();
        places.sort_unstable();
        places
    }
}

impl Layer {
    fn new(settings: &Settings, policies: &[Arc<AuthorizationPolicy>], members: Vec<usize>) -> Self {
        let of = |action: Action| {
            let policies = members.iter().filter_map(|place| Some((place, policies.get(*place)?)));
            let policies = policies.filter(move |(_, policy)| policy.action == action);
            policies.flat_map(|(place, policy)| enforced_rules(*place, policy, settings)).collect()
        };
        let has_allow =
            members.iter().any(|place| policies.get(*place).is_some_and(|it| it.action == Action::Allow));
        Self {
            deny: RuleIndex::new(of(Action::Deny)),
            allow: RuleIndex::new(of(Action::Allow)),
            has_allow,
            members,
        }
    }
}

/// Whether a ztunnel gets the policy and acts on it.
pub(in crate::policy) fn is_enforced(policy: &AuthorizationPolicy) -> bool {
    policy.not_enforced().is_none()
}

/// The reach; `selector: {}` means the whole namespace as documented, and on its way to a ztunnel nothing at all.
pub(in crate::policy) fn effective_scope(policy: &AuthorizationPolicy, settings: &Settings) -> Scope {
    let is_empty = policy.selector.as_ref().is_some_and(BTreeMap::is_empty);
    match (is_empty, settings.semantics) {
        (true, Semantics::Istio) if *policy.name.namespace == *settings.root_namespace => Scope::Global,
        (true, Semantics::Istio) => Scope::Namespace,
        _ => policy.scope(&settings.root_namespace),
    }
}

fn enforced_rules(
    place: usize,
    policy: &AuthorizationPolicy,
    settings: &Settings,
) -> impl Iterator<Item = EnforcedRule> {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    (0..).zip(&policy.rules).filter_map(move |(number, rule)| {
        Some(EnforcedRule { policy: place, rule: number, clauses: clauses(policy.action, rule, settings)? })
    })
}

/// The clauses of a rule as istiod sends them: first `to`, then `from`, then one for each condition; `None` when the
/// rule can match nothing.
///
/// An ALLOW rule with any HTTP attribute is left out whole. Of a DENY rule only the attribute is, and what is left of
/// an entry may be nothing: a clause of such entries alone never matches (reference/policy.md 4.5).
pub(in crate::policy) fn clauses(action: Action, rule: &Rule, settings: &Settings) -> Option<Clauses> {
    if action == Action::Allow && rule.has_layer7() {
        return None;
    }
    let groups = [rule.to.as_slice(), rule.from.as_slice()];
    let groups = groups.into_iter().chain(rule.when.chunks(1)).filter(|entries| !entries.is_empty());
    let clause = |entries: &[Entry]| {
        let matches = entries.iter().map(|entry| as_sent(&entry.matches, settings));
        let matches: Box<[Match]> = matches.filter(|entry| !entry.is_empty()).collect();
        (!matches.is_empty()).then_some(matches)
    };
    groups.map(clause).collect()
}

/// The match under the rules that hold: as documented, principals of any name of the mesh's trust domain mean all of
/// them, and trust domains are compared; on its way to a ztunnel the former is not done and the latter dropped.
fn as_sent(entry: &Match, settings: &Settings) -> Match {
    match settings.semantics {
        Semantics::Istio => Match {
            principals: Values {
                any: expanded(&entry.principals.any, settings),
                none: expanded(&entry.principals.none, settings),
            },
            ..entry.clone()
        },
        Semantics::Ztunnel => Match { trust_domains: Values::default(), ..entry.clone() },
    }
}

/// What every policy may call the mesh's trust domain, whatever it is (reference/policy.md 4.7).
const POINTER: &str = "cluster.local";

fn expanded(values: &[StringMatch], settings: &Settings) -> Vec<StringMatch> {
    values.iter().flat_map(|value| names_of(value, settings)).collect()
}

fn names_of(value: &StringMatch, settings: &Settings) -> Vec<StringMatch> {
    let (text, rebuild): (&str, fn(String) -> StringMatch) = match value {
        StringMatch::Exact(text) => (text, StringMatch::Exact),
        StringMatch::Prefix(text) => (text, StringMatch::Prefix),
        StringMatch::Presence | StringMatch::Suffix(_) => return vec![value.clone()],
    };
    let Some((trust_domain, rest)) = text.split_once('/') else { return vec![value.clone()] };
    let own = || std::iter::once(&settings.trust_domain).chain(&settings.trust_domain_aliases);
    if trust_domain != POINTER && !own().any(|name| name == trust_domain) {
        return vec![value.clone()];
    }
    own().map(|name| rebuild(format!("{name}/{rest}"))).collect()
}

#[cfg(test)]
mod tests;
