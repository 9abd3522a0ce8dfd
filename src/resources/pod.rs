//! Pods and Deployments: a Deployment of N replicas makes N workloads.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::{BackendKind, ContainerPort, Controller, Name, WorkloadSpec};
use crate::resources::address::address;
use crate::resources::backend::{backend, misplaced};
use crate::resources::fields::Fields;
use crate::resources::metadata::Metadata;
use crate::resources::node::At;
use crate::resources::parse::Problem;
use crate::resources::shape::{PORT_NAME, SUBDOMAIN};

/// More replicas than this are a typo, not a mesh on one machine.
const MOST_REPLICAS: i64 = 10_000;

/// What the pod or the template says of its containers.
struct Template {
    labels: BTreeMap<String, String>,
    service_account: String,
    ports: Vec<ContainerPort>,
    backend: BackendKind,
    host_network: bool,
    node: Option<String>,
}

/// A Pod; `None` when it has ended, so that its address may be somebody else's by now.
pub(crate) fn pod(
    document: Fields<'_>,
    source: crate::mesh::Source,
) -> Result<Option<WorkloadSpec>, Problem> {
    let metadata = Metadata::read(document)?;
    let status = document.map("status")?;
    if matches!(status.text("phase")?, Some("Succeeded" | "Failed")) {
        return Ok(None);
    }
    let template = template(metadata.fields, document.map("spec")?, metadata.labels)?;
    let controller = controller(metadata.fields, &metadata.name)?;
    let workload = workload(metadata.name, template, controller, source);
    Ok(Some(WorkloadSpec { addresses: addresses(status)?, ..workload }))
}

/// A Deployment.
pub(crate) fn deployment(
    document: Fields<'_>,
    source: &crate::mesh::Source,
) -> Result<Vec<WorkloadSpec>, Problem> {
    let metadata = Metadata::read(document)?;
    misplaced(metadata.fields, "Deployment")?;
    let spec = document.map("spec")?;
    let replicas = match spec.get("replicas") {
        Some(found) => replicas(found.number()?, found.at())?,
        None => 1,
    };
    let pod = spec.map("template")?;
    let pod_metadata = pod.map("metadata")?;
    let name = metadata.name;
    (1..=replicas)
        .map(|number| {
            let template = template(pod_metadata, pod.map("spec")?, pod_metadata.labels("labels")?)?;
            let pod_name =
                if replicas == 1 { name.name.to_string() } else { format!("{}-{number}", name.name) };
            let controller = Controller { kind: "deployment", name: name.name.to_string() };
            let name = Name::new(Arc::clone(&name.namespace), pod_name);
            Ok(workload(name, template, controller, source.clone()))
        })
        .collect()
}

fn replicas(number: i64, at: At) -> Result<i64, Problem> {
    if (0..=MOST_REPLICAS).contains(&number) {
        return Ok(number);
    }
    Err(Problem {
        at,
        code: "resources.replicas",
        message: format!("expected 0 to {MOST_REPLICAS} replicas, found {number}"),
        help: None,
    })
}

fn workload(
    name: Name,
    template: Template,
    controller: Controller,
    source: crate::mesh::Source,
) -> WorkloadSpec {
    WorkloadSpec {
        name,
        service_account: template.service_account,
        labels: template.labels,
        addresses: Vec::new(),
        host_network: template.host_network,
        ports: template.ports,
        backend: template.backend,
        controller,
        node: template.node,
        source,
    }
}

fn template(
    metadata: Fields<'_>,
    spec: Fields<'_>,
    labels: BTreeMap<String, String>,
) -> Result<Template, Problem> {
    Ok(Template {
        labels,
        service_account: spec.name("serviceAccountName", &SUBDOMAIN)?.unwrap_or("default").to_owned(),
        ports: container_ports(spec)?,
        backend: backend(metadata)?,
        host_network: spec.boolean("hostNetwork")?.unwrap_or(false),
        node: spec.name("nodeName", &SUBDOMAIN)?.map(str::to_owned),
    })
}

/// The TCP ports of all containers; those of a native sidecar stand among the init containers.
fn container_ports(spec: Fields<'_>) -> Result<Vec<ContainerPort>, Problem> {
    let mut ports = Vec::new();
    for container in spec.list("containers")?.iter().chain(spec.list("initContainers")?) {
        for node in Fields::of(container, "a container")?.list("ports")? {
            let fields = Fields::of(node, "a container port")?;
            if fields.text("protocol")?.unwrap_or("TCP") == "TCP" {
                let name = fields.name("name", &PORT_NAME)?.map(str::to_owned);
                ports.push(ContainerPort { number: fields.required("containerPort")?.port()?, name });
            }
        }
    }
    Ok(ports)
}

fn controller(metadata: Fields<'_>, name: &Name) -> Result<Controller, Problem> {
    let Some(owner) = metadata.list("ownerReferences")?.first() else {
        return Ok(Controller { kind: "pod", name: name.name.to_string() });
    };
    let owner = Fields::of(owner, "ownerReferences")?;
    let owner_name = owner.required_text("name")?.to_owned();
    Ok(match owner.text("kind")? {
        // A ReplicaSet is called DEPLOYMENT-HASH.
        Some("ReplicaSet") => {
            let name = owner_name.rsplit_once('-').map_or(owner_name.as_str(), |(name, _hash)| name);
            Controller { kind: "deployment", name: name.to_owned() }
        }
        Some("Job") => Controller { kind: "job", name: owner_name },
        Some("CronJob") => Controller { kind: "cronjob", name: owner_name },
        _ => Controller { kind: "pod", name: name.name.to_string() },
    })
}

fn addresses(status: Fields<'_>) -> Result<Vec<IpAddr>, Problem> {
    let mut found = Vec::new();
    for node in status.list("podIPs")? {
        if let Some(ip) = Fields::of(node, "podIPs")?.get("ip") {
            found.push(address(ip.text()?, ip.at())?);
        }
    }
    if let (true, Some(ip)) = (found.is_empty(), status.get("podIP")) {
        found.push(address(ip.text()?, ip.at())?);
    }
    Ok(found)
}
