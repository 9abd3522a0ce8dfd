//! GT1111 to GT1113: what istiod makes of PeerAuthentication for a ztunnel is not always what was declared.
//!
//! Which combinations those are, `policy` knows (reference/policy.md 1.4); here they are told once for each policy and port.

use std::collections::{BTreeSet, HashMap};

use crate::analyze::codes::{EXCEPTION_LOST, FAILS_OPEN, ROOT_EMPTY_SELECTOR};
use crate::analyze::context::{Context, Peers};
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::{Name, Reach};
use crate::policy::Gap;
use crate::resources::Path;

/// Stands for all ports that no policy names.
const ANY_PORT: u16 = 0;

pub(in crate::analyze) fn declared_and_enforced(cx: &Context<'_>, report: &mut Report) {
    let by_name: HashMap<&Name, Peers<'_>> = cx.peers.iter().map(|it| (&it.policy.name, *it)).collect();
    let mut told = BTreeSet::new();
    for workload in cx.mesh.workloads().filter(|workload| workload.reach == Reach::Hbone) {
        let (base, ports) = cx.policies.effective_of(&workload.name);
        let ports = ports.map(|(port, effective)| (port, effective.decided_by.as_ref()));
        for (port, decided_by) in ports.chain([(ANY_PORT, base.decided_by.as_ref())]) {
            let Some(gap) = cx.policies.gap(&workload.name, port) else { continue };
            let culprit = match &gap {
                Gap::Dangling(key) => converted_from(key),
                Gap::ExceptionLost | Gap::NotFetched => decided_by.map(|policy| policy.name.clone()),
            };
            let Some(peers) = culprit.and_then(|name| by_name.get(&name)) else { continue };
            if told.insert((&peers.policy.name, port)) {
                report.add_if_any(draft(*peers, port, &gap));
            }
        }
    }
}

/// The policy that `NAMESPACE/converted_peer_authentication_NAME` was to be made from.
fn converted_from(key: &str) -> Option<Name> {
    let (namespace, name) = key.split_once('/')?;
    Some(Name::new(namespace, name.strip_prefix("converted_peer_authentication_")?))
}

fn draft<'a>(peers: Peers<'a>, port: u16, gap: &Gap) -> Option<Draft<'a>> {
    let which = match port {
        ANY_PORT => "every other port".to_owned(),
        port => format!("port {port}"),
    };
    let (code, message) = match gap {
        Gap::ExceptionLost => {
            (&EXCEPTION_LOST, format!("{which} is declared open, and ztunnel refuses plaintext there"))
        }
        Gap::Dangling(_) => {
            (&FAILS_OPEN, format!("{which} is declared STRICT, and ztunnel lets plaintext in"))
        }
        Gap::NotFetched => return None,
    };
    let at = match port {
        ANY_PORT => Path::new("spec.portLevelMtls").itself(),
        port => Path::new("spec.portLevelMtls").key(port).key("mode"),
    };
    let fix = match peers.policy.mode {
        None => "say here what is inherited: mtls: {mode: STRICT}; then the ports are treated as written",
        Some(_) => {
            "give the namespace a PeerAuthentication with a mode of its own; then istiod makes the policy"
        }
    };
    Some(Draft {
        code,
        object: peers.object,
        at,
        message,
        why: gap.to_string(),
        fix: fix.to_owned(),
        change: Change::ByHand,
    })
}

/// A mesh-wide policy with `selector: {}`: sidecars honour it, istiod's ambient part does not read it.
pub(in crate::analyze) fn root_empty_selector(cx: &Context<'_>, report: &mut Report) {
    for peers in cx.peers.iter().filter(|peers| cx.is_root(&peers.policy.name.namespace)) {
        if peers.policy.selector.as_ref().is_some_and(|labels| labels.is_empty()) {
            report.add(Draft {
                code: &ROOT_EMPTY_SELECTOR,
                object: peers.object,
                at: Path::new("spec.selector").itself(),
                message: "this mesh-wide PeerAuthentication never reaches a ztunnel: `selector: {}` is not the same as none".to_owned(),
                why: Gap::NotFetched.to_string(),
                fix: "remove the selector".to_owned(),
                change: Change::Remove { at: Path::new("spec.selector") },
            });
        }
    }
}
