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

/// `policies` with `mode` for `workload`, or for one of its ports: what `--under STRICT` and `strict` ask about.
///
/// The workload's own policy is replaced, because of several the oldest would be used alone; its port entries stay, unless
/// they are for that port.
pub fn with_mode(
    policies: &Policies,
    settings: &Settings,
    workload: &Workload,
    (port, mode): (Option<u16>, MtlsMode),
) -> (Policies, Arc<PeerAuthentication>) {
    let picks = |policy: &PeerAuthentication| {
        policy.name.namespace == workload.name.namespace
            && *policy.name.namespace != *settings.root_namespace
            && policy.labels().is_some_and(|labels| workload.matches(labels))
    };
    let mut own = policies.peer_authentications.iter().filter(|policy| picks(policy)).collect::<Vec<_>>();
    own.sort_by(|left, right| left.age_key().cmp(&right.age_key()));
    let own = own.first().map(|policy| PeerAuthentication::clone(policy));
    let mut changed = own.clone().unwrap_or_else(|| PeerAuthentication {
        name: Name::new(&*workload.name.namespace, &*workload.canonical_name),
        selector: Some(selector(workload)),
        mode: None,
        ports: BTreeMap::new(),
        created: None,
        source: Source::new("what-if", 1),
    });
    match port {
        Some(port) => {
            changed.ports.insert(port, Some(mode));
        }
        None => {
            changed.mode = Some(mode);
            changed.ports.clear();
        }
    }
    // In the root namespace a selector is passed over: there only the mesh-wide policy counts.
    if *workload.name.namespace == *settings.root_namespace {
        changed.selector = None;
    }
    let changed = Arc::new(changed);
    let others = policies.peer_authentications.iter().filter(|policy| {
        own.as_ref().is_none_or(|own| own.name != policy.name) && policy.name != changed.name
    });
    let peer_authentications = others.cloned().chain([Arc::clone(&changed)]).collect();
    (Policies { peer_authentications, ..policies.clone() }, changed)
}

/// The label that a policy for this workload would go by: `app` where there is one, else all of them.
fn selector(workload: &Workload) -> BTreeMap<String, String> {
    match workload.labels.get_key_value("app") {
        Some((key, value)) => BTreeMap::from([(key.clone(), value.clone())]),
        None => workload.labels.clone(),
    }
}
