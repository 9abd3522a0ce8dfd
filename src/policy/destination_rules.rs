//! Which DestinationRule a client's proxy obeys for a service (reference/policy.md 3.2), indexed by namespace and host: the
//! cost does not depend on rules for other hosts.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::{Mesh, Service, Workload};
use crate::policy::client_tls::ClientTlsSettings;
use crate::policy::destination_rule::{DestinationRule, RuleRef, Subset, TrafficPolicy, is_exported};
use crate::policy::host_index::{HostIndex, qualified};
use crate::policy::subset_route::SubsetRoute;

/// Which part of a rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleLevel {
    /// `trafficPolicy`.
    Top,
    /// `trafficPolicy.portLevelSettings`.
    Port,
    /// `trafficPolicy` of the subset.
    Subset,
    /// `portLevelSettings` of the subset.
    SubsetPort,
}

/// What the rules say about one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTlsChoice {
    /// The `tls` block that holds; `None` leaves it to auto mTLS.
    pub tls: Option<Arc<ClientTlsSettings>>,
    /// Where it stands in the rule.
    pub level: RuleLevel,
    /// The rule.
    pub rule: RuleRef,
    /// Whether the rule has a `workloadSelector`, without which a sidecar ignores `credentialName`.
    pub selects_clients: bool,
}

/// All DestinationRules of a mesh, and the routes that bring their subsets into force.
#[derive(Debug, Default)]
pub struct DestinationRules {
    root_namespace: String,
    cluster_domain: String,
    rules: Vec<Arc<DestinationRule>>,
    namespaces: HashMap<Arc<str>, HostIndex<Arc<DestinationRule>>>,
    routes: HostIndex<Arc<SubsetRoute>>,
    /// The headless services by the addresses of their pods: nothing else tells which service a pod's address means.
    headless: HashMap<IpAddr, Vec<Arc<Service>>>,
}

impl DestinationRules {
    /// Indexes `rules` and `routes` for `mesh`.
    pub fn new(mesh: &Mesh, mut rules: Vec<Arc<DestinationRule>>, mut routes: Vec<Arc<SubsetRoute>>) -> Self {
        let settings = mesh.settings();
        let mut index = Self {
            root_namespace: settings.root_namespace.clone(),
            cluster_domain: settings.cluster_domain.clone(),
            headless: headless(mesh),
            ..Self::default()
        };
        rules.sort_by(|left, right| left.age_key().cmp(&right.age_key()));
        routes.sort_by(|left, right| left.age_key().cmp(&right.age_key()));
        for rule in &rules {
            let host = index.host(rule);
            let namespace = index.namespaces.entry(Arc::clone(&rule.name.namespace)).or_default();
            namespace.add(&host, Arc::clone(rule));
        }
        for route in &routes {
            for host in &route.hosts {
                let host = qualified(host, &route.name.namespace, &index.cluster_domain);
                index.routes.add(&host, Arc::clone(route));
            }
        }
        Self { rules, ..index }
    }

    /// All rules, oldest first.
    pub fn rules(&self) -> &[Arc<DestinationRule>] {
        &self.rules
    }

    /// The full host name, or wildcard, that `rule` is for.
    pub(in crate::policy) fn host(&self, rule: &DestinationRule) -> String {
        qualified(&rule.host, &rule.name.namespace, &self.cluster_domain)
    }

    /// The headless service that `port` of the pod at `ip` belongs to. Its clients dial the pod, so that the service port
    /// and the workload port are the same.
    pub fn headless_at(&self, ip: IpAddr, port: u16) -> Option<&Arc<Service>> {
        let services = self.headless.get(&ip.to_canonical())?;
        services.iter().find(|service| service.ports.iter().any(|declared| declared.number == port))
    }

    /// The route that sends `client`'s connections to `port` of `service` to a subset.
    pub fn subset_route(&self, client: &Workload, service: &Service, port: u16) -> Option<&Arc<SubsetRoute>> {
        let applies = |route: &&Arc<SubsetRoute>| {
            let home = &route.name.namespace;
            is_exported(&route.export_to, home, &client.name.namespace)
                && route.port.is_none_or(|wanted| wanted == port)
                && qualified(&route.destination, home, &self.cluster_domain) == service.hostname
        };
        self.routes.matching(&service.hostname).flatten().find(applies)
    }

    /// The rules that hold together for `client` calling `service`; `None` when none does.
    pub fn deciding(&self, client: &Workload, service: &Service) -> Option<Deciding<'_>> {
        if self.rules.is_empty() {
            return None;
        }
        self.looked_at(client, service).find_map(|namespace| {
            let mut hosts = self.namespaces.get(namespace)?.matching(&service.hostname);
            hosts.find_map(|rules| Deciding::of(rules, client))
        })
    }

    /// What holds for `client` calling `port` (the service's) of `service`, sent to `subset` by a route.
    pub fn choose(
        &self,
        client: &Workload,
        service: &Service,
        port: u16,
        subset: Option<&str>,
    ) -> Option<ClientTlsChoice> {
        self.deciding(client, service)?.choose(port, subset)
    }

    /// The namespaces in which rules are looked for, in order: the client's, the service's, the root.
    pub(in crate::policy) fn looked_at<'a>(
        &'a self,
        client: &'a Workload,
        service: &'a Service,
    ) -> impl Iterator<Item = &'a str> {
        let client = Some(&*client.name.namespace).filter(|namespace| **namespace != *self.root_namespace);
        let service = Some(&*service.name.namespace).filter(|namespace| Some(*namespace) != client);
        let root = Some(&*self.root_namespace).filter(|namespace| Some(*namespace) != service);
        [client, service, root].into_iter().flatten()
    }
}

/// Rules for one host in one namespace, merged as Istio merges them: the oldest first, the first `trafficPolicy` wins,
/// subsets are united.
#[derive(Clone, Debug)]
pub struct Deciding<'a> {
    rules: Vec<&'a Arc<DestinationRule>>,
}

impl<'a> Deciding<'a> {
    /// Those of `rules` that hold for `client`. A rule that selects the client holds alone, with those of equal selector.
    fn of(rules: &'a [Arc<DestinationRule>], client: &Workload) -> Option<Self> {
        let applies =
            |rule: &&Arc<DestinationRule>| rule.is_visible_in(&client.name.namespace) && rule.selects(client);
        let selecting = rules.iter().filter(applies).find(|rule| rule.workload_selector.is_some());
        let selector = selecting.and_then(|rule| rule.workload_selector.as_ref());
        let same = |rule: &&Arc<DestinationRule>| rule.workload_selector.as_ref() == selector;
        let rules: Vec<_> = rules.iter().filter(applies).filter(same).collect();
        (!rules.is_empty()).then_some(Self { rules })
    }

    /// The rules, oldest first.
    pub fn rules(&self) -> impl Iterator<Item = &'a Arc<DestinationRule>> {
        self.rules.iter().copied()
    }

    /// The first rule with a `trafficPolicy`.
    fn top(&self) -> Option<(&'a DestinationRule, &'a TrafficPolicy)> {
        self.rules().find_map(|rule| Some((&**rule, rule.traffic_policy.as_ref()?)))
    }

    /// The subset called `name`, and the rule that declares it.
    pub fn subset(&self, name: &str) -> Option<(&'a DestinationRule, &'a Subset)> {
        self.rules().find_map(|rule| Some((&**rule, rule.subset(name)?)))
    }

    /// What holds for `port`, sent to `subset`: the subset's port, the subset, the port, the rule.
    pub fn choose(&self, port: u16, subset: Option<&str>) -> Option<ClientTlsChoice> {
        let subset = subset.and_then(|name| {
            let (rule, subset) = self.subset(name)?;
            Some((rule, subset.traffic_policy.as_ref()?))
        });
        let levels = (RuleLevel::SubsetPort, RuleLevel::Subset);
        // A subset without `tls` inherits it; a port without `tls` does not.
        let of_subset = subset.map(|(rule, policy)| at(rule, policy, port, levels));
        let of_subset =
            of_subset.filter(|choice| choice.tls.is_some() || choice.level == RuleLevel::SubsetPort);
        let levels = (RuleLevel::Port, RuleLevel::Top);
        let of_rule = || self.top().map(|(rule, policy)| at(rule, policy, port, levels));
        let nothing = || Some(said(self.rules.first()?, None, RuleLevel::Top));
        of_subset.or_else(of_rule).or_else(nothing)
    }
}

fn at(
    rule: &DestinationRule,
    policy: &TrafficPolicy,
    port: u16,
    (of_port, of_all): (RuleLevel, RuleLevel),
) -> ClientTlsChoice {
    match policy.ports.get(&port) {
        Some(tls) => said(rule, tls.clone(), of_port),
        None => said(rule, policy.tls.clone(), of_all),
    }
}

fn said(rule: &DestinationRule, tls: Option<Arc<ClientTlsSettings>>, level: RuleLevel) -> ClientTlsChoice {
    let selects_clients = rule.workload_selector.is_some();
    ClientTlsChoice { tls, level, rule: rule.reference(), selects_clients }
}

fn headless(mesh: &Mesh) -> HashMap<IpAddr, Vec<Arc<Service>>> {
    let mut found: HashMap<IpAddr, Vec<Arc<Service>>> = HashMap::new();
    for service in mesh.services().filter(|service| service.vips.is_empty()) {
        for ip in service.endpoints.iter().flat_map(|endpoint| &endpoint.workload.addresses) {
            found.entry(ip.to_canonical()).or_default().push(Arc::clone(service));
        }
    }
    found
}

#[cfg(test)]
mod tests;
