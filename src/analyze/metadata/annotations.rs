//! IST0107 and IST0108: annotations of Istio's that are misspelt, or on a kind where nobody reads them.

use crate::analyze::codes::{MISPLACED_ANNOTATION, UNKNOWN_ANNOTATION};
use crate::analyze::context::Context;
use crate::analyze::metadata::known::{ANNOTATIONS, For};
use crate::analyze::metadata::places::places;
use crate::analyze::metadata::slip::slip;
use crate::analyze::report::{Change, Draft, Report};
use crate::resources::{Object, Path};

pub(in crate::analyze) fn annotations(cx: &Context<'_>, report: &mut Report) {
    for object in cx.objects.iter() {
        for (kind, path) in places(object, "annotations") {
            for key in report.places().keys(object, &path) {
                let at = path.clone().key(&key).itself();
                let draft = misspelt(object, &at, &key).or_else(|| misplaced(object, &at, &key, kind));
                report.add_if_any(draft);
            }
        }
    }
}

fn misspelt<'a>(object: &'a Object, at: &Path, key: &str) -> Option<Draft<'a>> {
    let near = slip(key, ANNOTATIONS.iter().map(|(name, _)| *name))?;
    Some(Draft {
        code: &UNKNOWN_ANNOTATION,
        object,
        at: at.clone(),
        message: format!("Unknown annotation: {key}"),
        why: "Kubernetes takes any annotation, and nobody reads this one".to_owned(),
        fix: format!("write {near}"),
        change: Change::Replace { at: at.clone(), old: key.to_owned(), new: near.to_owned() },
    })
}

fn misplaced<'a>(object: &'a Object, at: &Path, key: &str, kind: &str) -> Option<Draft<'a>> {
    let (_, wanted) = ANNOTATIONS.iter().find(|(name, _)| *name == key)?;
    let meant = wanted.kind().filter(|meant| *meant != kind)?;
    let fix = match (kind, wanted) {
        ("Deployment", For::Pod) => "move it to spec.template.metadata.annotations".to_owned(),
        _ => format!("move it to the {meant} that it is meant for"),
    };
    Some(Draft {
        code: &MISPLACED_ANNOTATION,
        object,
        at: at.clone(),
        message: format!("Misplaced annotation: {key} can only be applied to {meant}"),
        why: format!("on a {kind} nobody reads it"),
        fix,
        change: Change::ByHand,
    })
}
