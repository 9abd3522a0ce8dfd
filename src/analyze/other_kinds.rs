//! IST0133, IST0167 and GT1401: objects of kinds that a ztunnel never hears of.

use crate::analyze::codes::{NO_IMPACT, REQUEST_AUTHENTICATION, SCHEMA_WARNING};
use crate::analyze::context::{Context, namespace_of};
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::Reach;
use crate::resources::{PRIVATE_KEY, Path};

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

/// istiod takes a private key where only public ones belong, with a warning. The other warnings that it gives at
/// admission have codes here that say what follows from them.
pub(in crate::analyze) fn private_keys(cx: &Context<'_>, report: &mut Report) {
    for object in cx.objects.iter() {
        for warning in object.warnings.iter().filter(|warning| warning.code == PRIVATE_KEY) {
            let keys = |rule| Path::new("spec.jwtRules").item(rule).key("jwks");
            let rules = report.places().items(object, &Path::new("spec.jwtRules"));
            let stands = |rule: &usize| {
                let mark = report.places().mark(object, &keys(*rule));
                (mark.source.line, mark.column) == (warning.source.line, warning.column)
            };
            let rule = (0..rules).find(stands).unwrap_or_default();
            report.add(Draft {
                code: &SCHEMA_WARNING,
                object,
                at: keys(rule),
                message: format!("Schema validation warning: {}", warning.message),
                why: "whoever may read this policy can sign tokens with that key".to_owned(),
                fix: warning.help.clone().unwrap_or_default(),
                change: Change::ByHand,
            });
        }
    }
}
