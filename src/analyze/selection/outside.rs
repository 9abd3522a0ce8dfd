//! GT1108: a policy for workloads in front of which there is no proxy.

use crate::analyze::codes::OUTSIDE_THE_MESH;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::selection::selecting::selecting;
use crate::analyze::words;
use crate::resources::Path;

/// Speaks only of namespaces that have a document: without one, nobody knows the labels that the cluster gave them.
pub(in crate::analyze) fn outside_the_mesh(cx: &Context<'_>, report: &mut Report) {
    for policy in selecting(cx) {
        let workloads = &policy.reached.workloads;
        let is_known = |namespace: &str| cx.namespaces.contains_key(namespace);
        if workloads.is_empty()
            || policy.reached.meshed > 0
            || !workloads.iter().all(|workload| is_known(&workload.name.namespace))
        {
            continue;
        }
        let at = if policy.labels.is_some() { policy.selector() } else { Path::new("metadata.namespace") };
        report.add(Draft {
            code: &OUTSIDE_THE_MESH,
            object: policy.object,
            at,
            message: format!(
                "nobody enforces this policy: {} {} not in the mesh",
                words::some(workloads.iter().map(|workload| &workload.name)),
                if workloads.len() == 1 { "is" } else { "are" },
            ),
            why: "a policy is enforced by the proxy of the workload that it protects, and these have none"
                .to_owned(),
            fix: "label their namespace `istio.io/dataplane-mode: ambient`".to_owned(),
            change: Change::ByHand,
        });
    }
}
