//! DestinationRule, with Istio's own validation of what is about TLS (reference/policy.md 3.5). Load balancing, pools and
//! the like are fields that are known and not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mesh::Source;
use crate::policy::{ClientTlsSettings, DestinationRule, Subset, TrafficPolicy};
use crate::resources::client_tls::{client_tls, texts};
use crate::resources::fields::{Fields, duplicate_port};
use crate::resources::input::File;
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;

const POLICY: [&str; 8] = [
    "tls",
    "portLevelSettings",
    "loadBalancer",
    "connectionPool",
    "outlierDetection",
    "tunnel",
    "proxyProtocol",
    "retryBudget",
];
const PORT_POLICY: [&str; 5] = ["port", "tls", "loadBalancer", "connectionPool", "outlierDetection"];

/// Reads a DestinationRule.
pub(crate) fn destination_rule(
    document: Fields<'_>,
    file: &File,
    source: Source,
) -> Result<DestinationRule, Problem> {
    document.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let metadata = Metadata::read(document)?;
    let spec = document.map("spec")?;
    spec.only(&["host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"])?;
    let selector = spec.map("workloadSelector")?;
    selector.only(&["matchLabels"])?;
    let rule = DestinationRule {
        host: host(spec)?,
        export_to: texts(spec, "exportTo")?,
        workload_selector: match spec.get("workloadSelector") {
            Some(_) => Some(selector.labels("matchLabels")?),
            None => None,
        },
        traffic_policy: traffic_policy(spec, file)?,
        subsets: subsets(spec, file)?,
        name: metadata.name,
        created: metadata.created,
        source,
    };
    selects_and_exports(spec, &rule)?;
    Ok(rule)
}

/// A rule with a selector is for clients of its own namespace.
fn selects_and_exports(spec: Fields<'_>, rule: &DestinationRule) -> Result<(), Problem> {
    let beyond = |entry: &String| *entry != "." && **entry != *rule.name.namespace;
    if rule.workload_selector.is_none() || !rule.export_to.iter().any(beyond) {
        return Ok(());
    }
    Err(refused(
        spec.get("exportTo").map_or_else(|| spec.at(), |found| found.at()),
        "destination rule with workload selector cannot have exportTo beyond current namespace",
        "write exportTo: [\".\"], or leave it out",
    ))
}

/// The host: a name, or one that begins with a star. Istio would take anything else too, and it would match nothing.
fn host(spec: Fields<'_>) -> Result<String, Problem> {
    let text = spec.required_text("host")?;
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let rest = text.strip_prefix('*').unwrap_or(text);
    if text == "*" || (!rest.is_empty() && rest.len() <= 253 && rest.bytes().all(letter)) {
        return Ok(text.to_owned());
    }
    Err(Problem {
        at: spec.get("host").map_or_else(|| spec.at(), |found| found.at()),
        code: "resources.host",
        message: format!(
            "expected a host name, or one that begins with `*`, found `{}`",
            text.escape_debug()
        ),
        help: None,
    })
}

fn traffic_policy(fields: Fields<'_>, file: &File) -> Result<Option<TrafficPolicy>, Problem> {
    let Some(found) = fields.get("trafficPolicy") else { return Ok(None) };
    let policy = Fields::of(found.node(), "trafficPolicy")?;
    policy.only(&POLICY)?;
    if POLICY.iter().all(|field| policy.get(field).is_none()) {
        return Err(refused(
            found.at(),
            "traffic policy must have at least one field",
            "leave trafficPolicy out, or say something in it",
        ));
    }
    let mut ports = BTreeMap::new();
    for entry in policy.list("portLevelSettings")? {
        let (at, port, tls) = port_policy(entry, file)?;
        if ports.insert(port, tls).is_some() {
            return Err(duplicate_port(at, port));
        }
    }
    Ok(Some(TrafficPolicy { tls: client_tls(policy, file)?.map(Arc::new), ports }))
}

type PortPolicy = (At, u16, Option<Arc<ClientTlsSettings>>);

fn port_policy(entry: &Node, file: &File) -> Result<PortPolicy, Problem> {
    let fields = Fields::of(entry, "portLevelSettings")?;
    fields.only(&PORT_POLICY)?;
    let selector = fields.map("port")?;
    selector.only(&["number"])?;
    let Some(number) = selector.get("number") else {
        let at = fields.get("port").map_or(entry.at, |port| port.at());
        return Err(refused(
            at,
            "portTrafficPolicy must have valid port",
            "write port: {number: 80}, the service's port",
        ));
    };
    let port = number.port()?;
    if PORT_POLICY.iter().skip(1).all(|field| fields.get(field).is_none()) {
        return Err(refused(
            entry.at,
            "port traffic policy must have at least one field",
            "leave the entry out, or say something in it",
        ));
    }
    Ok((number.at(), port, client_tls(fields, file)?.map(Arc::new)))
}

fn subsets(spec: Fields<'_>, file: &File) -> Result<Vec<Subset>, Problem> {
    let mut subsets: Vec<Subset> = Vec::new();
    for node in spec.list("subsets")? {
        let fields = Fields::of(node, "subsets")?;
        fields.only(&["name", "labels", "trafficPolicy"])?;
        let name = subset_name(fields, node.at)?;
        if subsets.iter().any(|subset| subset.name == name) {
            return Err(refused(
                fields.get("name").map_or(node.at, |found| found.at()),
                &format!("duplicate subset names: {name}"),
                "rename one of the two",
            ));
        }
        let traffic_policy = traffic_policy(fields, file)?;
        subsets.push(Subset { name, labels: fields.labels("labels")?, traffic_policy });
    }
    Ok(subsets)
}

fn subset_name(fields: Fields<'_>, at: At) -> Result<String, Problem> {
    let help = "write a name of a-z, 0-9 and `-`";
    let Some(found) = fields.get("name") else {
        return Err(refused(at, "subset name cannot be empty", help));
    };
    let name = found.text()?;
    if name.is_empty() {
        return Err(refused(found.at(), "subset name cannot be empty", help));
    }
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edges = !name.starts_with('-') && !name.ends_with('-');
    if name.len() > 63 || !edges || !name.bytes().all(inner) {
        let message = format!("subset name is invalid: {}", name.escape_debug());
        return Err(refused(found.at(), &message, help));
    }
    Ok(name.to_owned())
}

fn refused(at: At, message: &str, help: &str) -> Problem {
    Problem {
        at,
        code: "resources.destination_rule",
        message: message.to_owned(),
        help: Some(help.to_owned()),
    }
}

#[cfg(test)]
mod tests;
