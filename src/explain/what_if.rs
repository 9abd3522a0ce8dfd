//! Other circumstances: the same connection under other policies, other semantics, or from a client that joined the mesh.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mesh::{Name, Semantics, Settings, Source, Workload};
use crate::policy::{MtlsMode, PeerAuthentication, Policies, PolicySet};

/// The policies that can have to do with `workload`, resolved for it alone.
///
/// What lives in another namespace than its own or the root cannot reach it.
pub(in crate::explain) fn resolved(
    settings: &Settings,
    workload: &Workload,
    policies: &Policies,
) -> PolicySet {
    let near =
        |namespace: &str| namespace == settings.root_namespace || *namespace == *workload.name.namespace;
    let policies = Policies {
        peer_authentications: kept(&policies.peer_authentications, |policy| near(&policy.name.namespace)),
        authorization_policies: kept(&policies.authorization_policies, |policy| near(&policy.name.namespace)),
        ..Policies::default()
    };
    PolicySet::over(settings, &[workload], policies)
}

fn kept<T>(all: &[Arc<T>], keep: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
    all.iter().filter(|policy| keep(policy)).cloned().collect()
}

/// The same settings under the other semantics.
pub(in crate::explain) fn other_semantics(settings: &Settings) -> Settings {
    let semantics = match settings.semantics {
        Semantics::Istio => Semantics::Ztunnel,
        Semantics::Ztunnel => Semantics::Istio,
    };
    Settings { semantics, ..settings.clone() }
}

/// How much of a workload a mode is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All of it: port entries go.
    Everything,
    /// What has no port entry of its own.
    BeyondExceptions,
    /// One workload port.
    Port(u16),
}

/// `policies` with `mode` for `workload`, and the policy that says so: what `explain --under` and `strict` ask about.
///
/// The workload's own policy is changed, because of several the oldest would be used alone; without one, there is a new
/// one. In the root namespace, where a selector is passed over, it is the mesh-wide one.
pub fn with_mode(
    policies: &Policies,
    settings: &Settings,
    workload: &Workload,
    (extent, mode): (Extent, MtlsMode),
) -> (Policies, Arc<PeerAuthentication>) {
    let is_root = *workload.name.namespace == *settings.root_namespace;
    let picks = |policy: &&Arc<PeerAuthentication>| {
        policy.name.namespace == workload.name.namespace
            && policy.labels().map_or(is_root, |labels| !is_root && workload.matches(labels))
    };
    let candidates = policies.peer_authentications.iter().filter(picks);
    let own = candidates.min_by(|left, right| left.age_key().cmp(&right.age_key()));
    let mut changed =
        own.map_or_else(|| fresh(workload, is_root), |policy| PeerAuthentication::clone(policy));
    match extent {
        Extent::Port(port) => {
            changed.ports.insert(port, Some(mode));
        }
        Extent::BeyondExceptions => changed.mode = Some(mode),
        Extent::Everything => {
            changed.mode = Some(mode);
            changed.ports.clear();
        }
    }
    changed.source = candidate();
    let changed = Arc::new(changed);
    let others = policies.peer_authentications.iter().filter(|policy| policy.name != changed.name);
    let peer_authentications = others.cloned().chain([Arc::clone(&changed)]).collect();
    (Policies { peer_authentications, ..policies.clone() }, changed)
}

/// Where a policy stands that nobody has written yet.
fn candidate() -> Source {
    Source::new("the candidate policy", 0)
}

fn fresh(workload: &Workload, is_root: bool) -> PeerAuthentication {
    PeerAuthentication {
        name: Name::new(&*workload.name.namespace, &*workload.canonical_name),
        selector: (!is_root).then(|| selector(workload)),
        mode: None,
        ports: BTreeMap::new(),
        created: None,
        source: candidate(),
    }
}

/// The label that a policy for this workload would go by: `app` where there is one, else all of them.
fn selector(workload: &Workload) -> BTreeMap<String, String> {
    match workload.labels.get_key_value("app") {
        Some((key, value)) => BTreeMap::from([(key.clone(), value.clone())]),
        None => workload.labels.clone(),
    }
}
