//! GT1109: a policy for a whole namespace in which nothing runs.

use crate::analyze::codes::EMPTY_NAMESPACE;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::selection::selecting::selecting;
use crate::resources::Path;

pub(in crate::analyze) fn empty_namespace(cx: &Context<'_>, report: &mut Report) {
    for policy in selecting(cx).into_iter().filter(|policy| cx.knows_all_pods(Some(policy.namespace))) {
        if policy.labels.is_some() || cx.is_root(policy.namespace) || !policy.reached.workloads.is_empty() {
            continue;
        }
        report.add(Draft {
            code: &EMPTY_NAMESPACE,
            object: policy.object,
            at: Path::new("metadata.namespace"),
            message: format!("namespace {} has no workloads, so this policy is for nobody", policy.namespace),
            why: format!("a policy holds for its own namespace; only those of {} hold everywhere", cx.root()),
            fix: format!(
                "move it to the namespace of the workloads that it is meant for, or to {}",
                cx.root()
            ),
            change: Change::ByHand,
        });
    }
}
