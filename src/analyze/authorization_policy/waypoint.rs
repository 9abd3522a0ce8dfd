//! IST0171 and GT1215: policies with `targetRefs`, which only a waypoint or a gateway enforces.

use crate::analyze::authorization_policy::not_accepted::negative;
use crate::analyze::codes::{NEGATIVE_CONDITION, WAYPOINT_POLICY};
use crate::analyze::context::{Context, Rules};
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::Name;
use crate::resources::Path;

/// The label that enrols a service or a namespace with a waypoint.
const USE_WAYPOINT: &str = "istio.io/use-waypoint";

pub(in crate::analyze) fn waypoint(cx: &Context<'_>, report: &mut Report) {
    for rules in &cx.rules {
        for target in &rules.policy.target_refs {
            report.add(unbound(cx, *rules, target).unwrap_or_else(|| elsewhere(*rules, target)));
        }
    }
}

/// A Service that is not there, or that no waypoint serves.
fn unbound<'a>(cx: &Context<'a>, rules: Rules<'a>, target: &str) -> Option<Draft<'a>> {
    let name = target.strip_prefix("Service/")?;
    let namespace = &rules.policy.name.namespace;
    let (reason, message, fix) = match cx.mesh.service(&Name::new(namespace.clone(), name)) {
        // Without any service there is nobody who gave them.
        None if cx.mesh.services().len() == 0 => return None,
        None => (
            "TargetNotFound",
            "was not found",
            "correct the name: it must be a Service of the policy's namespace",
        ),
        Some(service) if service.waypoint.is_some() => return None,
        Some(_) => {
            // Only a namespace with a document can be known to have no waypoint for all of its services.
            let (_, namespace) = cx.namespaces.get(&**namespace)?;
            if namespace.labels.contains_key(USE_WAYPOINT) {
                return None;
            }
            (
                "AncestorNotBound",
                "is not bound to a waypoint",
                "label the Service istio.io/use-waypoint: NAME",
            )
        }
    };
    Some(Draft {
        code: &NEGATIVE_CONDITION,
        object: rules.object,
        at: place(),
        message: negative("WaypointAccepted", reason, &format!("Service {namespace}/{name} {message}")),
        why: "a policy with targetRefs is enforced by that target's waypoint and by nobody else".to_owned(),
        fix: fix.to_owned(),
        change: Change::ByHand,
    })
}

fn elsewhere<'a>(rules: Rules<'a>, target: &str) -> Draft<'a> {
    Draft {
        code: &WAYPOINT_POLICY,
        object: rules.object,
        at: place(),
        message: format!("this policy is enforced by the waypoint or gateway of {target}, not by ztunnel"),
        why: "this mesh has no waypoints: here the policy is for nobody".to_owned(),
        fix: String::new(),
        change: Change::ByHand,
    }
}

fn place() -> Path {
    Path::new("spec.targetRefs").itself()
}
