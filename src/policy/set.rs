//! All policies of a mesh, indexed by workload: a look-up costs one hash, however many policies there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::mesh::{Mesh, Name, Semantics, Workload};
use crate::policy::effective::{Effective, Level, PolicyRef};
use crate::policy::mode::MtlsMode;
use crate::policy::peer_authentication::PeerAuthentication;

/// The modes of one workload.
#[derive(Clone, Debug)]
struct Modes {
    base: Effective,
    ports: BTreeMap<u16, Effective>,
}

/// An immutable snapshot of the policies, resolved against one mesh.
#[derive(Debug)]
pub struct PolicySet {
    semantics: Semantics,
    root_namespace: String,
    peer_authentications: Vec<Arc<PeerAuthentication>>,
    /// Workloads for which some policy says something; every other one is PERMISSIVE.
    modes: HashMap<Name, Modes>,
    default: Effective,
}

impl PolicySet {
    /// Resolves `policies` against `mesh`.
    pub fn new(mesh: &Mesh, mut policies: Vec<Arc<PeerAuthentication>>) -> Self {
        policies.sort_by(|left, right| left.age_key().cmp(&right.age_key()));
        let scopes = Scopes::sort(&mesh.settings().root_namespace, &policies);
        let modes =
            mesh.workloads().filter_map(|workload| Some((workload.name.clone(), scopes.modes(workload)?)));
        Self {
            semantics: mesh.semantics(),
            root_namespace: mesh.settings().root_namespace.clone(),
            modes: modes.collect(),
            default: Effective::permissive(),
            peer_authentications: policies,
        }
    }

    /// Whose rules decide.
    pub fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// Where mesh-wide policies live.
    pub fn root_namespace(&self) -> &str {
        &self.root_namespace
    }

    /// All PeerAuthentications, oldest first.
    pub fn peer_authentications(&self) -> &[Arc<PeerAuthentication>] {
        &self.peer_authentications
    }

    /// The effective mode of `port` of `workload`.
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
}

/// The policies by scope; within one scope the oldest comes first and is the only one that counts.
struct Scopes<'a> {
    mesh: Option<&'a PeerAuthentication>,
    namespaces: HashMap<&'a str, &'a PeerAuthentication>,
    selecting: HashMap<&'a str, Vec<&'a PeerAuthentication>>,
}

impl<'a> Scopes<'a> {
    /// Expects `policies` oldest first. A selector in the root namespace is ignored whole, as Istio does.
    fn sort(root_namespace: &str, policies: &'a [Arc<PeerAuthentication>]) -> Self {
        let mut scopes = Self { mesh: None, namespaces: HashMap::new(), selecting: HashMap::new() };
        for policy in policies {
            let namespace = &*policy.name.namespace;
            match (namespace == root_namespace, policy.labels().is_none()) {
                (true, true) => scopes.mesh = scopes.mesh.or(Some(policy)),
                (true, false) => {}
                (false, true) => {
                    scopes.namespaces.entry(namespace).or_insert(policy);
                }
                (false, false) => scopes.selecting.entry(namespace).or_default().push(policy),
            }
        }
        scopes
    }

    /// The modes of `workload`; `None` when nothing but the default holds.
    fn modes(&self, workload: &Workload) -> Option<Modes> {
        let namespace = &*workload.name.namespace;
        let selecting = self.selecting.get(namespace).into_iter().flatten();
        let chosen =
            selecting.copied().find(|policy| policy.labels().is_some_and(|labels| workload.matches(labels)));
        let levels = [
            (Level::Workload, chosen),
            (Level::Namespace, self.namespaces.get(namespace).copied()),
            (Level::Mesh, self.mesh),
        ];
        let decisive = levels.into_iter().find_map(|(level, policy)| {
            let policy = policy?;
            Some(decided(policy, level, policy.mode?))
        });
        let base = decisive.unwrap_or_else(Effective::permissive);
        let ports: BTreeMap<u16, Effective> = chosen
            .into_iter()
            .flat_map(|policy| policy.ports.iter().map(move |(port, mode)| (policy, *port, *mode)))
            .filter_map(|(policy, port, mode)| Some((port, decided(policy, Level::Port, mode?))))
            .collect();
        (!base.is_default() || !ports.is_empty()).then_some(Modes { base, ports })
    }
}

fn decided(policy: &PeerAuthentication, level: Level, mode: MtlsMode) -> Effective {
    let decided_by = PolicyRef { name: policy.name.clone(), source: policy.source.clone() };
    let differs = |port: &Option<MtlsMode>| port.is_some_and(|port| Some(port) != policy.mode);
    let has_ports = matches!(level, Level::Port | Level::Workload) && policy.ports.values().any(differs);
    Effective { mode, level, decided_by: Some(decided_by), has_ports }
}

#[cfg(test)]
mod tests;
