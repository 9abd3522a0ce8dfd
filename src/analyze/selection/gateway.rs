//! IST0166: a selector that picks the pods of a gateway or a waypoint, which take policies by `targetRefs` only.

use crate::analyze::codes::SELECTOR_ON_GATEWAY;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::selection::selecting::selecting;

pub(in crate::analyze) fn selector_on_gateway(cx: &Context<'_>, report: &mut Report) {
    let policies = selecting(cx).into_iter();
    for policy in policies.filter(|policy| !policy.is_peer_authentication && policy.labels.is_some()) {
        let Some((pod, gateway)) = policy.reached.gateway else { continue };
        report.add(Draft {
            code: &SELECTOR_ON_GATEWAY,
            object: policy.object,
            at: policy.selector(),
            message: format!(
                "Ineffective selector on Kubernetes Gateway {}/{gateway}. Use the TargetRef field instead.",
                pod.namespace
            ),
            why: format!("{pod} is a pod of that gateway, and gateways read `targetRefs` only"),
            fix: format!(
                "in place of the selector write targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: {gateway}}}]"
            ),
            change: Change::ByHand,
        });
    }
}
