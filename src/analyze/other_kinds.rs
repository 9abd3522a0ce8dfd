//! IST0167 and GT1401: objects of kinds that a ztunnel never hears of.

use crate::analyze::codes::{NO_IMPACT, REQUEST_AUTHENTICATION};
use crate::analyze::context::{Context, namespace_of};
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::Reach;
use crate::resources::Path;

/// A Sidecar object configures Envoys beside pods; in a namespace of ambient pods there are none.
pub(in crate::analyze) fn sidecars(cx: &Context<'_>, report: &mut Report) {
    for object in cx.objects.iter().filter(|object| object.key.kind == "Sidecar") {
        let reached = cx.workloads.of_namespace(namespace_of(object));
        let is_ambient = reached.ambient > 0 && reached.workloads.iter().all(|it| it.reach != Reach::Sidecar);
        if !is_ambient {
            continue;
        }
        report.add(Draft {
            code: &NO_IMPACT,
            object,
            at: Path::new("kind"),
            message: "The policy has no impact: namespace is in ambient mode, the policy has no impact."
                .to_owned(),
            why: "no pod of this namespace has a sidecar that would read it".to_owned(),
            fix: "delete it".to_owned(),
            change: Change::ByHand,
        });
    }
}

/// Without `targetRefs` no waypoint takes a RequestAuthentication, and a ztunnel never does.
pub(in crate::analyze) fn request_authentication(cx: &Context<'_>, report: &mut Report) {
    for object in cx.objects.iter().filter(|object| object.key.kind == "RequestAuthentication") {
        let has = |report: &mut Report, field: &str| {
            let path = Path::new("spec").key(field);
            report.places().items(object, &path) > 0 || !report.places().keys(object, &path).is_empty()
        };
        if has(report, "targetRefs") || has(report, "targetRef") {
            continue;
        }
        let reached = cx.workloads.of_namespace(namespace_of(object));
        if !reached.may_be_ambient() {
            continue;
        }
        report.add(Draft {
            code: &REQUEST_AUTHENTICATION,
            object,
            at: Path::new("spec.selector").itself(),
            message: "no token is ever looked at: this RequestAuthentication has no targetRefs".to_owned(),
            why: "a ztunnel reads no HTTP, and a waypoint takes only what is attached to it; a bad token is not refused".to_owned(),
            fix: "attach it to a waypoint: targetRefs: [{kind: Service, group: \"\", name: NAME}]".to_owned(),
            change: Change::ByHand,
        });
    }
}
