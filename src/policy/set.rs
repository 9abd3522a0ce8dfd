//! All policies of a mesh, indexed by workload: a look-up costs the same however many policies there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::identity::SpiffeId;
use crate::mesh::{Mesh, Name, Reach, Semantics, Settings, Workload};
use crate::policy::authorization::Authorization;
use crate::policy::authorization_policy::AuthorizationPolicy;
use crate::policy::converted::{Candidates, Converted, Form, Gap, convert, static_key};
use crate::policy::destination_rule::DestinationRule;
use crate::policy::effective::{Effective, Level, PolicyKind, PolicyRef};
use crate::policy::mode::MtlsMode;
use crate::policy::peer_authentication::PeerAuthentication;
use crate::policy::subset_route::SubsetRoute;

/// The policies of a mesh as they were written, in any order.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// PeerAuthentications.
    pub peer_authentications: Vec<Arc<PeerAuthentication>>,
    /// AuthorizationPolicies.
    pub authorization_policies: Vec<Arc<AuthorizationPolicy>>,
    /// DestinationRules, which are for clients: [`PolicySet`] does not look at them.
    pub destination_rules: Vec<Arc<DestinationRule>>,
    /// VirtualServices that bring a subset of a DestinationRule into force.
    pub subset_routes: Vec<Arc<SubsetRoute>>,
}

/// The modes of one workload.
#[derive(Clone, Debug)]
struct Modes {
    base: Effective,
    ports: BTreeMap<u16, Effective>,
    converted: Converted,
    /// The policy with a selector that was chosen for this workload.
    own: Option<PolicyRef>,
}

/// An immutable snapshot of the policies, resolved against one mesh.
#[derive(Debug)]
pub struct PolicySet {
    settings: Settings,
    peer_authentications: Vec<Arc<PeerAuthentication>>,
    /// Workloads for which some policy says something; every other one is PERMISSIVE.
    modes: HashMap<Name, Modes>,
    default: Effective,
    authorization: Authorization,
}

impl PolicySet {
    /// Resolves `policies` against `mesh`.
    pub fn new(mesh: &Mesh, policies: Policies) -> Self {
        let workloads: Vec<&Workload> = mesh.workloads().map(|workload| &**workload).collect();
        Self::over(mesh.settings(), &workloads, policies)
    }

    /// Resolves `policies` for these workloads alone: what a question about one of them costs, whatever the mesh.
    pub fn over(settings: &Settings, workloads: &[&Workload], policies: Policies) -> Self {
        let Policies { mut peer_authentications, authorization_policies, .. } = policies;
        peer_authentications.sort_by(|left, right| left.age_key().cmp(&right.age_key()));
        let scopes = Scopes::sort(&settings.root_namespace, &peer_authentications);
        let modes = workloads.iter().filter_map(|it| Some((it.name.clone(), scopes.modes(it)?)));
        Self {
            settings: settings.clone(),
            modes: modes.collect(),
            default: Effective::permissive(),
            authorization: Authorization::new(settings, workloads, authorization_policies),
            peer_authentications,
        }
    }

    /// The policies as they were written, those for clients apart.
    pub fn policies(&self) -> Policies {
        Policies {
            peer_authentications: self.peer_authentications.clone(),
            authorization_policies: self.authorization.policies().to_vec(),
            ..Policies::default()
        }
    }

    /// Whose rules decide in this mesh.
    pub fn semantics(&self) -> Semantics {
        self.settings.semantics
    }

    /// Whose rules decide at the doors of `workload`: beside a sidecar there is no ztunnel to be like.
    pub fn semantics_of(&self, workload: &Workload) -> Semantics {
        match workload.reach {
            Reach::Sidecar => Semantics::Istio,
            Reach::Hbone | Reach::Plain => self.settings.semantics,
        }
    }

    /// The trust domains whose identities the proxy of `workload` takes for ones of its own: under Istio's rules the mesh's
    /// aliases, as its sidecars do; a real ztunnel knows none (reference/failures.md B 31).
    pub fn trust_domain_aliases(&self, workload: &Workload) -> &[String] {
        match self.semantics_of(workload) {
            Semantics::Istio => &self.settings.trust_domain_aliases,
            Semantics::Ztunnel => &[],
        }
    }

    /// The identities of which `callee` must have one for the proxy of `caller`: its own, then the same under each alias.
    pub fn identities_of(&self, callee: &Workload, caller: &Workload) -> Vec<SpiffeId> {
        let own = &callee.identity;
        let under = |alias: &String| SpiffeId::new(alias, own.namespace(), own.service_account()).ok();
        let aliases = self.trust_domain_aliases(caller).iter().filter_map(under);
        let mut identities = vec![own.clone()];
        identities.extend(aliases.filter(|alias| alias != own));
        identities
    }

    /// The mesh-wide settings that the policies were resolved with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where mesh-wide policies live.
    pub fn root_namespace(&self) -> &str {
        &self.settings.root_namespace
    }

    /// All PeerAuthentications, oldest first.
    pub fn peer_authentications(&self) -> &[Arc<PeerAuthentication>] {
        &self.peer_authentications
    }

    /// All AuthorizationPolicies, by namespace and name.
    pub fn authorization_policies(&self) -> &[Arc<AuthorizationPolicy>] {
        self.authorization.policies()
    }

    /// The AuthorizationPolicies that are enforced for `workload`, by namespace and name.
    pub fn reaching(&self, workload: &Workload) -> Vec<&Arc<AuthorizationPolicy>> {
        self.authorization.reaching(workload)
    }

    /// The effective mode of `port` of `workload`, as declared.
    pub fn effective(&self, workload: &Name, port: u16) -> &Effective {
        match self.modes.get(workload) {
            Some(modes) => modes.ports.get(&port).unwrap_or(&modes.base),
            None => &self.default,
        }
    }

    /// The mode of `workload` beyond its exceptions, and the ports that differ.
    pub fn effective_of(&self, workload: &Name) -> (&Effective, impl Iterator<Item = (u16, &Effective)>) {
        let modes = self.modes.get(workload);
        let ports =
            modes.into_iter().flat_map(|modes| &modes.ports).map(|(port, effective)| (*port, effective));
        (modes.map_or(&self.default, |modes| &modes.base), ports)
    }

    /// The policies on the workload's own list, `NAMESPACE/NAME` as istiod sends them to its ztunnel, sorted.
    pub fn attached(&self, workload: &Workload) -> Vec<String> {
        let converted = self.modes.get(&workload.name).and_then(|it| it.converted.key(self.root_namespace()));
        let selecting =
            self.authorization.attached(workload).into_iter().map(|policy| policy.name.to_string());
        let mut keys: Vec<String> = selecting.chain(converted).collect();
        keys.sort_unstable();
        keys
    }

    /// Where a ztunnel does not enforce what PeerAuthentication declares for `port` of `workload`.
    pub fn gap(&self, workload: &Name, port: u16) -> Option<Gap> {
        let modes = self.modes.get(workload)?;
        let declared = self.effective(workload, port).mode == MtlsMode::Strict;
        match (declared, modes.converted.refuses_plaintext(port)) {
            (true, false) => Some(match &modes.converted {
                Converted::Own(name, Form::Dangling) => Gap::Dangling(name.to_string()),
                _ => Gap::NotFetched,
            }),
            (false, true) => Some(Gap::ExceptionLost),
            _ => None,
        }
    }

    /// Whether a ztunnel refuses plaintext at `port` of `workload`.
    pub(in crate::policy) fn ztunnel_refuses_plaintext(&self, workload: &Name, port: u16) -> bool {
        self.modes.get(workload).is_some_and(|modes| modes.converted.refuses_plaintext(port))
    }

    /// The name by which a ztunnel refuses plaintext, and whose declaration that is.
    pub(in crate::policy) fn refusal(&self, workload: &Name, port: u16) -> (String, Option<PolicyRef>) {
        let fixed = || static_key(self.root_namespace());
        let Some(modes) = self.modes.get(workload) else { return (fixed(), None) };
        let effective = self.effective(workload, port);
        match &modes.converted {
            Converted::Own(name, _) if modes.converted.refuses_plaintext(port) => {
                (name.to_string(), modes.own.clone())
            }
            _ if effective.mode == MtlsMode::Strict => (fixed(), effective.decided_by.as_deref().cloned()),
            _ => (fixed(), modes.base.decided_by.as_deref().cloned()),
        }
    }

    /// The AuthorizationPolicies.
    pub(in crate::policy) fn authorization(&self) -> &Authorization {
        &self.authorization
    }
}

/// The policies by scope; within one scope the oldest comes first and is the only one that counts.
#[derive(Debug)]
pub(in crate::policy) struct Scopes<'a> {
    mesh: Option<&'a PeerAuthentication>,
    /// The oldest that istiod reads for ambient: it passes over one with `selector: {}`.
    fetched_mesh: Option<&'a PeerAuthentication>,
    namespaces: HashMap<&'a str, &'a PeerAuthentication>,
    /// Those with labels, by namespace and one of the labels, each with its place in the order of age: a workload is
    /// compared with those of its own labels only.
    selecting: HashMap<[&'a str; 3], Vec<(usize, &'a PeerAuthentication)>>,
}

impl<'a> Scopes<'a> {
    /// Expects `policies` oldest first. A selector in the root namespace is ignored whole, as Istio does.
    pub(in crate::policy) fn sort(root_namespace: &str, policies: &'a [Arc<PeerAuthentication>]) -> Self {
        let mut scopes =
            Self { mesh: None, fetched_mesh: None, namespaces: HashMap::new(), selecting: HashMap::new() };
        for (place, policy) in policies.iter().enumerate() {
            let namespace = &*policy.name.namespace;
            match (namespace == root_namespace, policy.labels().and_then(BTreeMap::first_key_value)) {
                (true, None) => {
                    scopes.mesh = scopes.mesh.or(Some(policy));
                    let fetched = policy.selector.is_none().then_some(&**policy);
                    scopes.fetched_mesh = scopes.fetched_mesh.or(fetched);
                }
                (true, Some(_)) => {}
                (false, None) => {
                    scopes.namespaces.entry(namespace).or_insert(policy);
                }
                (false, Some((key, value))) => {
                    let entry = scopes.selecting.entry([namespace, key, value]).or_default();
                    entry.push((place, policy));
                }
            }
        }
        scopes
    }

    /// The policies that count for `workload`, as declared.
    pub(in crate::policy) fn candidates(&self, workload: &Workload) -> Candidates<'a> {
        let namespace = &*workload.name.namespace;
        let own = workload.labels.iter();
        let selecting = own.filter_map(|(key, value)| self.selecting.get(&[namespace, key, value]));
        let picks = |(_, policy): &&(usize, &'a PeerAuthentication)| {
            policy.labels().is_some_and(|labels| workload.matches(labels))
        };
        let oldest = selecting.flatten().filter(picks).min_by_key(|(place, _)| *place);
        Candidates {
            mesh: self.mesh,
            namespace: self.namespaces.get(namespace).copied(),
            workload: oldest.map(|(_, policy)| *policy),
        }
    }

    /// The modes of `workload`; `None` when nothing but the default holds.
    fn modes(&self, workload: &Workload) -> Option<Modes> {
        let candidates = self.candidates(workload);
        let levels = [
            (Level::Workload, candidates.workload),
            (Level::Namespace, candidates.namespace),
            (Level::Mesh, candidates.mesh),
        ];
        let decisive = levels.into_iter().find_map(|(level, policy)| {
            let policy = policy?;
            Some(decided(policy, level, policy.mode?))
        });
        let base = decisive.unwrap_or_else(Effective::permissive);
        let ports: BTreeMap<u16, Effective> = candidates
            .workload
            .into_iter()
            .flat_map(|policy| policy.ports.iter().map(move |(port, mode)| (policy, *port, *mode)))
            .filter_map(|(policy, port, mode)| Some((port, decided(policy, Level::Port, mode?))))
            .collect();
        let converted = convert(Candidates { mesh: self.fetched_mesh, ..candidates });
        let says_nothing = base.is_default() && ports.is_empty() && converted == Converted::Nothing;
        let own = candidates.workload.map(reference);
        (!says_nothing).then_some(Modes { base, ports, converted, own })
    }
}

fn decided(policy: &PeerAuthentication, level: Level, mode: MtlsMode) -> Effective {
    Effective { mode, level, decided_by: Some(Arc::new(reference(policy))) }
}

/// The policy as a verdict names it.
pub(in crate::policy) fn reference(policy: &PeerAuthentication) -> PolicyRef {
    PolicyRef {
        kind: PolicyKind::PeerAuthentication,
        name: policy.name.clone(),
        rule: None,
        source: policy.source.clone(),
    }
}

#[cfg(test)]
mod tests;
