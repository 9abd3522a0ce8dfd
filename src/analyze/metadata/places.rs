//! Which objects have labels and annotations that mean something, and where those stand.

use crate::resources::{Object, Path};

/// The maps called `name` (`labels` or `annotations`) of an object, each with the kind that it is for: a Deployment has
/// its own and those of its pods.
pub(in crate::analyze) fn places(object: &Object, name: &str) -> Vec<(&'static str, Path)> {
    let own = Path::new("metadata").key(name);
    let template = Path::new("spec.template.metadata").key(name);
    match object.key.kind.as_str() {
        "Namespace" => vec![("Namespace", own)],
        "Pod" => vec![("Pod", own)],
        "Service" => vec![("Service", own)],
        "Deployment" => vec![("Deployment", own), ("Pod", template)],
        "WorkloadEntry" => vec![("WorkloadEntry", own)],
        "PeerAuthentication" => vec![("PeerAuthentication", own)],
        "AuthorizationPolicy" => vec![("AuthorizationPolicy", own)],
        _ => Vec::new(),
    }
}
