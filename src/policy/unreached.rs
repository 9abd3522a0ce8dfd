//! Why a policy does not reach a workload: the sentences.

use std::collections::BTreeMap;

use crate::mesh::Workload;

/// What stands for the `authorizationPolicies` of a workload as a ztunnel's own configuration lists them: a label of
/// this prefix and `NAMESPACE/NAME`. In such a configuration a policy has no selector, and istiod attaches it by name.
pub const ATTACHED: &str = "ztunnel/policy/";

/// A policy of another namespace, whose labels would fit.
pub(in crate::policy) fn elsewhere(namespace: &str, workload: &Workload) -> String {
    format!(
        "reaches only namespace {namespace}: its labels would fit, but {} is in {}",
        workload.name.name, workload.name.namespace
    )
}

/// A policy whose labels do not fit.
pub(in crate::policy) fn not_selected(labels: &BTreeMap<String, String>, workload: &Workload) -> String {
    let name = &workload.name;
    let differing = labels.iter().find(|(key, value)| workload.labels.get(*key) != Some(value));
    let Some((key, value)) = differing else { return "its selector does not pick this workload".to_owned() };
    if key.starts_with(ATTACHED) {
        return format!("not attached: it is not among the authorizationPolicies of {name}");
    }
    match workload.labels.get(key) {
        Some(found) => format!("its selector asks for {key}={value}, and {name} has {key}={found}"),
        None => format!("its selector asks for {key}={value}, and {name} has no label {key}"),
    }
}
