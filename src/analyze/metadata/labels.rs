//! GT1001 and GT1002: labels that switch the mesh on, misspelt in their key or in their value.

use crate::analyze::codes::{LABEL_VALUE, UNKNOWN_LABEL};
use crate::analyze::context::Context;
use crate::analyze::metadata::known::LABELS;
use crate::analyze::metadata::places::places;
use crate::analyze::metadata::slip::slip;
use crate::analyze::report::{Change, Draft, Report};
use crate::resources::{Object, Path};

/// The labels with a closed list of values.
const VALUES: [(&str, [&str; 2]); 3] = [
    ("istio.io/dataplane-mode", ["ambient", "none"]),
    ("istio-injection", ["enabled", "disabled"]),
    ("sidecar.istio.io/inject", ["true", "false"]),
];

pub(in crate::analyze) fn labels(cx: &Context<'_>, report: &mut Report) {
    for object in cx.objects.iter() {
        for (_, path) in places(object, "labels") {
            for key in report.places().keys(object, &path) {
                let at = path.clone().key(&key);
                let value = report.places().scalar(object, &at).unwrap_or_default();
                let draft = misspelt(object, &at, &key).or_else(|| meaningless(object, &at, &key, &value));
                report.add_if_any(draft);
            }
        }
    }
}

fn misspelt<'a>(object: &'a Object, at: &Path, key: &str) -> Option<Draft<'a>> {
    let near = slip(key, LABELS.into_iter())?;
    let at = at.clone().itself();
    Some(Draft {
        code: &UNKNOWN_LABEL,
        object,
        at: at.clone(),
        message: format!("nobody reads the label {key}"),
        why: format!("Istio's label is {near}, and labels are compared letter by letter"),
        fix: format!("write {near}"),
        change: Change::Replace { at, old: key.to_owned(), new: near.to_owned() },
    })
}

fn meaningless<'a>(object: &'a Object, at: &Path, key: &str, value: &str) -> Option<Draft<'a>> {
    let (_, values) = VALUES.iter().find(|(label, values)| *label == key && !values.contains(&value))?;
    let near = slip(value, values.iter().copied());
    let change = match near {
        Some(near) => Change::Replace { at: at.clone(), old: value.to_owned(), new: near.to_owned() },
        None => Change::ByHand,
    };
    Some(Draft {
        code: &LABEL_VALUE,
        object,
        at: at.clone(),
        message: format!("{key} has no value {value:?}"),
        why: "a value that nobody knows counts as no label at all".to_owned(),
        fix: near
            .map_or_else(|| format!("write {} or {}", values[0], values[1]), |near| format!("write {near}")),
        change,
    })
}
