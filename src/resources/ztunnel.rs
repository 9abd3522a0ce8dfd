//! ztunnel's own files: its local configuration (`LOCAL_XDS_PATH`) and what `/config_dump` prints (reference/hbone.md 8.2).
//!
//! There istiod's work is done: policies are groups of matches, and each workload lists those that are attached to it by name.
//! Both become what the rest of the program knows: an attached policy has a selector, and the workload a label for it. As the
//! policies are what a ztunnel has got, ztunnel's semantics hold.

mod endpoint;
mod matching;
mod policy;
mod rule;
mod service;
mod settings;
mod value;
mod workload;

use std::sync::Arc;

use crate::mesh::Name;
use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::input::File;
use crate::resources::node::{Node, Value};
use crate::resources::object::Content;
use crate::resources::parse::Problem;
use crate::resources::schema::items;
use crate::resources::ztunnel::endpoint::join;
use crate::resources::ztunnel::matching::Lines;
use crate::resources::ztunnel::policy::policy;
use crate::resources::ztunnel::service::service;
use crate::resources::ztunnel::settings::settings;
use crate::resources::ztunnel::workload::workload;

/// The lists of both files.
const LISTS: [&str; 3] = ["workloads", "services", "policies"];
/// What only a dump has; one of a later version may have more.
const OF_A_DUMP: [&str; 5] = ["config", "version", "certificates", "staticConfig", "stagedServices"];

/// One object of such a file, by kind and name.
pub(crate) struct Part<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: Name,
    pub(crate) node: &'a Node,
    pub(crate) content: Content,
}

/// Whether a document is one of ztunnel's: it has no kind, and a list of ztunnel's.
pub(crate) fn is_ztunnel(document: Fields<'_>) -> bool {
    let kind = document.get("kind").is_some() || document.get("apiVersion").is_some();
    let list = |name: &&'static str| {
        document.get(name).is_some_and(|found| matches!(found.node().value, Value::List(_)))
    };
    !kind && LISTS.iter().any(list)
}

/// Reads the objects of the document `node`.
pub(crate) fn ztunnel<'a>(
    file: &File,
    node: &'a Node,
    findings: &mut Findings,
) -> Result<Vec<Part<'a>>, Problem> {
    let document = Fields::of_document(node)?;
    if !OF_A_DUMP.iter().any(|field| document.get(field).is_some()) {
        document.only(&LISTS)?;
    }
    let lines = Lines::of(&file.text);
    let mut workloads = each(document, "workloads", findings, |node| workload(node, file.source(node.at)))?;
    let mut services = each(document, "services", findings, |node| service(node, file.source(node.at)))?;
    let policies = each(document, "policies", findings, |node| policy(node, file.source(node.at), &lines))?;
    join(&mut workloads, &mut services);
    let found = settings(&workloads, &policies)?;
    let part = |kind, name, node, content| Part { kind, name, node, content };
    let mut parts =
        vec![part("MeshConfig", Name::new("", "ztunnel"), node, Content::Settings(Box::new(found)))];
    parts.extend(workloads.into_iter().map(|(node, read)| {
        part("Workload", read.spec.name.clone(), node, Content::Workloads(vec![read.spec]))
    }));
    parts.extend(services.into_iter().map(|(node, read)| {
        let name = read.spec.name.clone();
        part("Service", name, node, Content::Service(Box::new(read.spec), Vec::new()))
    }));
    parts.extend(policies.into_iter().map(|(node, (policy, _))| {
        let name = policy.name.clone();
        part("AuthorizationPolicy", name, node, Content::AuthorizationPolicy(Arc::new(policy)))
    }));
    Ok(parts)
}

/// What `read` makes of the items of the list `name`, beside the place of each.
fn each<'a, T>(
    document: Fields<'a>,
    name: &'static str,
    findings: &mut Findings,
    read: impl Fn(&'a Node) -> Result<T, Problem>,
) -> Result<Vec<(&'a Node, T)>, Problem> {
    let items = items(document, name, "the document")?;
    Ok(items.iter().filter_map(|node| Some((node, findings.keep(read(node))?))).collect())
}

#[cfg(test)]
mod tests;
