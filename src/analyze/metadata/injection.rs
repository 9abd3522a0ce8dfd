//! IST0123: a namespace that asks for sidecars and for ambient; the sidecar wins, and the page of Istio calls it undefined.

use crate::analyze::codes::SEVERAL_INJECTION_LABELS;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::resources::Path;

/// Each asks for a data plane; `disabled` and `none` ask for its absence and contradict nobody.
const LABELS: [(&str, Option<&str>); 3] = [
    ("istio-injection", Some("enabled")),
    ("istio.io/rev", None),
    ("istio.io/dataplane-mode", Some("ambient")),
];

pub(in crate::analyze) fn several_injection_labels(cx: &Context<'_>, report: &mut Report) {
    for (object, namespace) in cx.namespaces.values() {
        let is_set = |(key, wanted): &&(&str, Option<&str>)| {
            let value = namespace.labels.get(*key).map(String::as_str);
            value.is_some_and(|value| wanted.is_none_or(|wanted| value == wanted))
        };
        let set: Vec<&str> = LABELS.iter().filter(is_set).map(|(key, _)| *key).collect();
        // `istio.io/rev` beside ambient picks the revision of a control plane, and is in order.
        if set.len() < 2 || set == ["istio.io/rev", "istio.io/dataplane-mode"] {
            continue;
        }
        report.add(Draft {
            code: &SEVERAL_INJECTION_LABELS,
            object,
            at: Path::new("metadata.labels").key(set.first().copied().unwrap_or_default()).itself(),
            message: format!(
                "The namespace has more than one type of injection labels [{}], which may lead to undefined behavior. Make sure only one injection label exists.",
                set.join(" ")
            ),
            why: "a pod with a sidecar is left alone by ambient, so which one it gets depends on when it starts".to_owned(),
            fix: "keep one of the labels".to_owned(),
            change: Change::ByHand,
        });
    }
}
