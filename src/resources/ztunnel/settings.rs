//! What a ztunnel's file says about the whole mesh.

use crate::mesh::{Semantics, Settings};
use crate::policy::{AuthorizationPolicy, Scope};
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::ztunnel::workload::Workload;

/// The trust domain of the workloads, the namespace of the policies for all, and ztunnel's semantics.
///
/// # Errors
///
/// Two trust domains, or policies for all in two namespaces: a mesh has one of each here.
pub(crate) fn settings(
    workloads: &[(&Node, Workload)],
    policies: &[(&Node, (AuthorizationPolicy, Scope))],
) -> Result<Settings, Problem> {
    let mut settings = Settings { semantics: Semantics::Ztunnel, ..Settings::default() };
    let named = workloads.iter().filter(|(_, workload)| !workload.trust_domain.is_empty());
    let trust_domains = named.map(|(node, workload)| (node.at, workload.trust_domain.as_str()));
    if let Some(found) = only(trust_domains, "trust domain for all workloads")? {
        settings.trust_domain = found.to_owned();
    }
    let of = |scope: Scope| policies.iter().filter(move |(_, (_, found))| *found == scope);
    let root = of(Scope::Global).map(|(node, (policy, _))| (node.at, &*policy.name.namespace));
    if let Some(found) = only(root, "namespace of policies with scope Global")? {
        settings.root_namespace = found.to_owned();
    }
    let root = settings.root_namespace.as_str();
    match of(Scope::Namespace).find(|(_, (policy, _))| *policy.name.namespace == *root) {
        Some((node, _)) => Err(refused(
            node.at,
            format!("expected scope Global for a policy in the root namespace {root}, found Namespace"),
        )),
        None => Ok(settings),
    }
}

/// The one value of all.
fn only<'a>(values: impl Iterator<Item = (At, &'a str)>, what: &str) -> Result<Option<&'a str>, Problem> {
    let mut first: Option<&str> = None;
    for (at, value) in values {
        match first {
            Some(first) if first != value => {
                let found = format!("`{}` and `{}`", first.escape_debug(), value.escape_debug());
                let message = format!("expected one {what}, found {found}");
                return Err(refused(at, message));
            }
            _ => first = Some(value),
        }
    }
    Ok(first)
}

fn refused(at: At, message: String) -> Problem {
    Problem {
        at,
        code: "resources.ztunnel_settings",
        message,
        help: Some("leave out what belongs to another mesh".to_owned()),
    }
}
