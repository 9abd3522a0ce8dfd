//! The DestinationRules that are for a host and did not decide, each with why: what `explain` adds to the choice.

use std::fmt;

use crate::mesh::{Service, Workload};
use crate::policy::destination_rule::{DestinationRule, RuleRef, Subset};
use crate::policy::destination_rules::{Deciding, DestinationRules};

/// A rule that did not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The rule.
    pub rule: RuleRef,
    /// Why not.
    pub why: WhyPassedOver,
}

/// Why a rule for the host did not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyPassedOver {
    /// Its host is a name with a namespace, which Istio takes for a full name.
    NotFullName {
        /// As it is written.
        host: String,
        /// As it would match.
        full: String,
    },
    /// `exportTo` hides it from the client.
    NotExported,
    /// `workloadSelector` does not pick the client.
    OtherClients,
    /// It is neither in the client's namespace nor in the service's nor in the root.
    NeverLookedAt,
    /// A namespace that is looked at earlier has a rule.
    EarlierNamespace(RuleRef),
    /// Another rule's host is nearer.
    NearerHost(RuleRef),
    /// A rule for the same host has a selector that picks the client.
    Selector(RuleRef),
    /// An older rule for the same host has a `trafficPolicy`.
    Older(RuleRef),
    /// A subset's policy, and no route names the subset.
    NoRoute {
        /// The subset.
        subset: String,
    },
}

impl fmt::Display for WhyPassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFullName { host, full } => {
                write!(f, "its host {host} has a dot and so counts as a full name: write {full}")
            }
            Self::NotExported => f.write_str("its exportTo does not reach the client's namespace"),
            Self::OtherClients => f.write_str("its workloadSelector does not pick the client"),
            Self::NeverLookedAt => {
                f.write_str("it is in none of the client's, the service's and the root namespace")
            }
            Self::EarlierNamespace(rule) => write!(f, "{rule} is in a namespace that comes earlier"),
            Self::NearerHost(rule) => write!(f, "{rule} has the nearer host"),
            Self::Selector(rule) => write!(f, "{rule} selects the client"),
            Self::Older(rule) => write!(f, "{rule} is older and has a trafficPolicy"),
            Self::NoRoute { subset } => write!(f, "no route names its subset {subset}"),
        }
    }
}

impl DestinationRules {
    /// The rules for the host of `service` that say something else than what holds for `client`, oldest first; `subset`
    /// is the one that a route picked. It looks at every rule of the mesh.
    pub fn passed_over(&self, client: &Workload, service: &Service, subset: Option<&str>) -> Vec<PassedOver> {
        let deciding = self.deciding(client, service);
        let mut found = Vec::new();
        for rule in self.rules() {
            let why = match self.why_not(rule, client, service, deciding.as_ref()) {
                Why::NotForThisHost => continue,
                Why::Not(why) => Some(why),
                Why::Decides => {
                    found.extend(unrouted(rule, subset).map(|subset| passed(rule, no_route(subset))));
                    None
                }
            };
            found.extend(why.map(|why| passed(rule, why)));
        }
        found
    }

    fn why_not(
        &self,
        rule: &DestinationRule,
        client: &Workload,
        service: &Service,
        deciding: Option<&Deciding<'_>>,
    ) -> Why {
        let host = self.host(rule);
        if !is_for(&host, &service.hostname) {
            let full = service.hostname.clone();
            let dotted = service.name.dotted();
            return match rule.host == dotted || rule.host.strip_suffix(".svc") == Some(&dotted) {
                true => Why::Not(WhyPassedOver::NotFullName { host: rule.host.clone(), full }),
                false => Why::NotForThisHost,
            };
        }
        if !rule.is_visible_in(&client.name.namespace) {
            return Why::Not(WhyPassedOver::NotExported);
        }
        if !rule.selects(client) {
            return Why::Not(WhyPassedOver::OtherClients);
        }
        let Some(first) = deciding.and_then(|deciding| deciding.rules().next()) else {
            return Why::Not(WhyPassedOver::NeverLookedAt);
        };
        if !self.looked_at(client, service).any(|namespace| *namespace == *rule.name.namespace) {
            return Why::Not(WhyPassedOver::NeverLookedAt);
        }
        if first.name.namespace != rule.name.namespace {
            return Why::Not(WhyPassedOver::EarlierNamespace(first.reference()));
        }
        if self.host(first) != host {
            return Why::Not(WhyPassedOver::NearerHost(first.reference()));
        }
        if first.workload_selector != rule.workload_selector {
            return Why::Not(WhyPassedOver::Selector(first.reference()));
        }
        let older = deciding.into_iter().flat_map(Deciding::rules).find(|rule| rule.traffic_policy.is_some());
        match older {
            Some(older) if older.name != rule.name && rule.traffic_policy.is_some() => {
                Why::Not(WhyPassedOver::Older(older.reference()))
            }
            _ => Why::Decides,
        }
    }
}

enum Why {
    NotForThisHost,
    Decides,
    Not(WhyPassedOver),
}

fn is_for(host: &str, hostname: &str) -> bool {
    match host.strip_prefix('*') {
        Some(suffix) => hostname.ends_with(suffix),
        None => host == hostname,
    }
}

/// Subsets with a policy of their own that no route brings into force.
fn unrouted<'a>(rule: &'a DestinationRule, routed: Option<&'a str>) -> impl Iterator<Item = &'a Subset> {
    let idle = move |subset: &&Subset| Some(subset.name.as_str()) != routed;
    rule.subsets.iter().filter(|subset| subset.traffic_policy.is_some()).filter(idle)
}

fn no_route(subset: &Subset) -> WhyPassedOver {
    WhyPassedOver::NoRoute { subset: subset.name.clone() }
}

fn passed(rule: &DestinationRule, why: WhyPassedOver) -> PassedOver {
    PassedOver { rule: rule.reference(), why }
}
