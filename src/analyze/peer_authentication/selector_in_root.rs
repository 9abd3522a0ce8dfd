//! GT1101: a PeerAuthentication of the root namespace with a selector is ignored whole (reference/policy.md 1.2).

use crate::analyze::codes::SELECTOR_IN_ROOT;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::analyze::workloads::Query;
use crate::resources::Path;

pub(in crate::analyze) fn selector_in_root(cx: &Context<'_>, report: &mut Report) {
    for peers in cx.peers.iter().filter(|peers| cx.is_root(&peers.policy.name.namespace)) {
        let Some(labels) = peers.policy.labels() else { continue };
        let meant = cx.workloads.reached(Query { namespace: None, labels: Some(labels) });
        let mut namespaces: Vec<_> = meant.workloads.iter().map(|it| it.name.namespace.clone()).collect();
        namespaces.dedup();
        let fix = match namespaces.is_empty() {
            true => "move it to the namespace of the workloads that it is meant for".to_owned(),
            false => format!("move it to the namespace of its workloads: {}", words::some(namespaces)),
        };
        report.add(Draft {
            code: &SELECTOR_IN_ROOT,
            object: peers.object,
            at: Path::new("spec.selector").itself(),
            message: "this PeerAuthentication is ignored: it has a selector and is in the root namespace".to_owned(),
            why: format!(
                "a policy in {} is for the whole mesh; unlike an AuthorizationPolicy, with a selector it is for nobody",
                cx.root()
            ),
            fix,
            change: Change::ByHand,
        });
    }
}
