//! IST0127, GT1102 and GT1110: a selector that picks nobody, or only workloads that live elsewhere.
//!
//! Istio's analyzer looks at AuthorizationPolicies only; a PeerAuthentication that misses is as silent.

use std::collections::BTreeSet;

use crate::analyze::codes::{NO_MATCHING_PEERS, NO_MATCHING_WORKLOADS, WRONG_NAMESPACE};
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::selection::selecting::{Selecting, selecting};
use crate::analyze::words;
use crate::analyze::workloads::Query;

pub(in crate::analyze) fn no_match(cx: &Context<'_>, report: &mut Report) {
    for policy in selecting(cx) {
        let whose = (!cx.is_root(policy.namespace)).then_some(policy.namespace);
        let is_missed = policy.labels.is_some() && policy.reached.workloads.is_empty();
        if is_missed && cx.knows_all_pods(whose) {
            report.add(draft(cx, &policy));
        }
    }
}

fn draft<'a>(cx: &Context<'a>, policy: &Selecting<'a>) -> Draft<'a> {
    let elsewhere = elsewhere(cx, policy);
    let code = match (policy.is_peer_authentication, elsewhere.is_empty()) {
        (false, _) => &NO_MATCHING_WORKLOADS,
        (true, true) => &NO_MATCHING_PEERS,
        (true, false) => &WRONG_NAMESPACE,
    };
    let labels = policy.labels.map(words::labels).unwrap_or_default();
    let (why, fix) = if elsewhere.is_empty() {
        let why = match cx.is_root(policy.namespace) {
            true => "no pod of any namespace has all of these labels".to_owned(),
            false => format!("no pod of namespace {} has all of these labels", policy.namespace),
        };
        (why, near(cx, policy))
    } else {
        (
            format!(
                "a selector picks pods of the policy's own namespace, {}; pods with these labels are in {}",
                policy.namespace,
                words::some(&elsewhere)
            ),
            format!("write `namespace: {}` in its metadata", words::some(elsewhere.iter().take(1))),
        )
    };
    Draft {
        code,
        object: policy.object,
        at: policy.selector(),
        message: format!("No matching workloads for this resource with the following labels: {labels}"),
        why,
        fix,
        change: Change::ByHand,
    }
}

/// The other namespaces in which the selector would pick somebody.
fn elsewhere<'a>(cx: &Context<'a>, policy: &Selecting<'a>) -> BTreeSet<&'a str> {
    if cx.is_root(policy.namespace) {
        return BTreeSet::new();
    }
    let everywhere = cx.workloads.reached(Query { namespace: None, labels: policy.labels });
    everywhere.workloads.iter().map(|workload| &*workload.name.namespace).collect()
}

fn near(cx: &Context<'_>, policy: &Selecting<'_>) -> String {
    let labels = policy.labels.into_iter().flatten();
    let slip = labels.filter_map(|(key, value)| {
        let near = cx.workloads.similar(policy.namespace, key, value).filter(|near| near != value)?;
        Some(format!("did you mean `{key}: {near}`?"))
    });
    let default = || "write labels that the pods have".to_owned();
    slip.take(1).next().unwrap_or_else(default)
}
