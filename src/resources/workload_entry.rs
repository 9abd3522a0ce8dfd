//! WorkloadEntry: a workload that is no pod.

use crate::mesh::{ContainerPort, Controller, Source, WorkloadSpec};
use crate::resources::address::address;
use crate::resources::backend::backend;
use crate::resources::fields::{Fields, port, scalar};
use crate::resources::metadata::Metadata;
use crate::resources::parse::Problem;
use crate::resources::shape::SUBDOMAIN;

/// Reads a WorkloadEntry.
pub(crate) fn workload_entry(document: Fields<'_>, source: Source) -> Result<WorkloadSpec, Problem> {
    document.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let metadata = Metadata::read(document)?;
    let spec = document.map("spec")?;
    spec.only(&["address", "ports", "labels", "network", "locality", "weight", "serviceAccount"])?;
    let addresses = match spec.get("address") {
        Some(found) => vec![address(found.text()?, found.at())?],
        None => Vec::new(),
    };
    let ports = spec.map("ports")?.entries().iter().map(|(name, node)| {
        Ok(ContainerPort { number: port(node, "ports")?, name: Some(scalar(&name.value)) })
    });
    let mut labels = metadata.labels;
    labels.extend(spec.labels("labels")?);
    Ok(WorkloadSpec {
        service_account: spec.name("serviceAccount", &SUBDOMAIN)?.unwrap_or("default").to_owned(),
        labels,
        addresses,
        host_network: false,
        ports: ports.collect::<Result<_, Problem>>()?,
        backend: backend(metadata.fields)?,
        controller: Controller { kind: "pod", name: metadata.name.name.to_string() },
        node: None,
        name: metadata.name,
        source,
    })
}
