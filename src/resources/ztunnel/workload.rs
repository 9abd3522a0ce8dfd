//! A workload of ztunnel's.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::mesh::{BackendKind, Controller, Name, Source, WorkloadSpec};
use crate::resources::fields::{Fields, scalar};
use crate::resources::node::{Node, Value};
use crate::resources::parse::Problem;
use crate::resources::schema::{items, mistyped};
use crate::resources::ztunnel::policy::attached;
use crate::resources::ztunnel::value::{address, plain, ports, word};

/// What is read of it.
pub(crate) struct Workload {
    pub(crate) spec: WorkloadSpec,
    /// What services call it by.
    pub(crate) uid: String,
    pub(crate) trust_domain: String,
    /// The ports of each service that it stands behind, by `NAMESPACE/HOSTNAME`; a dump has them at the service.
    pub(crate) services: BTreeMap<String, BTreeMap<u16, u16>>,
}

/// Reads a workload; fields that say nothing about who may speak to whom are skipped.
pub(crate) fn workload(node: &Node, source: Source) -> Result<Workload, Problem> {
    let fields = Fields::of(node, "a workload")?;
    let namespace = plain(fields, "namespace")?;
    let addresses = addresses(fields)?;
    let text = |name| Ok::<_, Problem>(fields.text(name)?.filter(|text| !text.is_empty()).map(str::to_owned));
    let uid = text("uid")?.unwrap_or_default();
    // A local configuration may leave the name out; then its address has to do.
    let unnamed = || addresses.first().map_or_else(|| uid.replace('/', "."), IpAddr::to_string);
    let name = match fields.get("name") {
        Some(_) => plain(fields, "name")?.to_owned(),
        None => unnamed(),
    };
    let kind = match fields.text("workloadType")? {
        Some("deployment") => "deployment",
        Some("job") => "job",
        Some("cronjob") => "cronjob",
        _ => "pod",
    };
    let spec = WorkloadSpec {
        service_account: text("serviceAccount")?.unwrap_or_else(|| "default".to_owned()),
        labels: labels(fields)?,
        host_network: fields.text("networkMode")? == Some("HostNetwork"),
        ports: Vec::new(),
        backend: BackendKind::default(),
        controller: Controller { kind, name: text("workloadName")?.unwrap_or_else(|| name.clone()) },
        node: text("node")?,
        name: Name::new(namespace, name),
        addresses,
        source,
    };
    let trust_domain = text("trustDomain")?.unwrap_or_default();
    Ok(Workload { spec, uid, trust_domain, services: services(fields)? })
}

fn addresses(fields: Fields<'_>) -> Result<Vec<IpAddr>, Problem> {
    let read = |node: &Node| match &node.value {
        Value::Text(text) => address(text, node.at),
        _ => Err(mistyped(node, "workloadIps", "string")),
    };
    items(fields, "workloadIps", "workload")?.iter().map(read).collect()
}

/// What ztunnel says in fields of its own, as the labels that say it in a cluster.
fn labels(fields: Fields<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let mut labels = BTreeMap::new();
    let mut label = |key: &str, value: &str| labels.insert(key.to_owned(), value.to_owned());
    let hbone = match fields.get("protocol") {
        Some(_) => word(fields, "protocol", &["TCP", "HBONE"])? == 1,
        None => false,
    };
    label("istio.io/dataplane-mode", if hbone { "ambient" } else { "none" });
    let copied = [
        ("canonicalName", "service.istio.io/canonical-name"),
        ("canonicalRevision", "service.istio.io/canonical-revision"),
    ];
    for (name, key) in copied {
        if let Some(text) = fields.text(name)?.filter(|text| !text.is_empty()) {
            label(key, text);
        }
    }
    if let Some(waypoint) = waypoint(fields)? {
        label("istio.io/use-waypoint", waypoint);
    }
    for policy in items(fields, "authorizationPolicies", "workload")? {
        let Some(text) = policy.value.as_text() else {
            return Err(mistyped(policy, "authorizationPolicies", "string"));
        };
        let (key, value) = attached(text);
        label(&key, &value);
    }
    Ok(labels)
}

/// The waypoint's name; one that is given by its address has none.
pub(crate) fn waypoint<'a>(fields: Fields<'a>) -> Result<Option<&'a str>, Problem> {
    let destination = fields.map("waypoint")?.text("destination")?;
    let hostname = destination.and_then(|text| text.split_once('/')).map(|(_namespace, hostname)| hostname);
    let hostname = hostname.filter(|hostname| hostname.parse::<IpAddr>().is_err());
    Ok(hostname.and_then(|hostname| hostname.split('.').next()))
}

/// A map with ports in a local configuration, a list of names in a dump.
fn services(fields: Fields<'_>) -> Result<BTreeMap<String, BTreeMap<u16, u16>>, Problem> {
    let Some(found) = fields.get("services") else { return Ok(BTreeMap::new()) };
    match &found.node().value {
        Value::List(names) => Ok(names.iter().map(|name| (scalar(&name.value), BTreeMap::new())).collect()),
        _ => {
            let map = Fields::of(found.node(), "services")?;
            let service = |(key, value): &(Node, Node)| {
                Ok((scalar(&key.value), ports(Fields::of(value, "services")?)?))
            };
            map.entries().iter().map(service).collect()
        }
    }
}
