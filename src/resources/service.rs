//! Services.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::mesh::{ServicePort, ServiceSpec, Source, TargetPort};
use crate::resources::address::address;
use crate::resources::backend::misplaced;
use crate::resources::fields::{Fields, duplicate_port, in_range, wrong_type};
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node, Value};
use crate::resources::object::NamedTarget;
use crate::resources::parse::Problem;
use crate::resources::shape::PORT_NAME;

/// A service, with the places of the target ports that are named, which only the workloads can resolve.
pub(crate) fn service(
    document: Fields<'_>,
    source: Source,
) -> Result<(ServiceSpec, Vec<NamedTarget>), Problem> {
    let metadata = Metadata::read(document)?;
    misplaced(metadata.fields, "Service")?;
    let spec = document.map("spec")?;
    let mut ports = Vec::new();
    let mut named = Vec::new();
    let mut numbers = BTreeSet::new();
    for node in spec.list("ports")? {
        let fields = Fields::of(node, "a service port")?;
        if fields.text("protocol")?.unwrap_or("TCP") != "TCP" {
            continue;
        }
        let (port, target_at) = service_port(fields)?;
        if !numbers.insert(port.number) {
            return Err(duplicate_port(fields.required("port")?.at(), port.number));
        }
        if let (TargetPort::Name(name), false) = (&port.target, metadata.from_cluster) {
            named.push(NamedTarget { port: name.clone(), at: target_at });
        }
        ports.push(port);
    }
    let (vips, headless) = vips(spec)?;
    let service = ServiceSpec {
        name: metadata.name,
        vips,
        headless,
        ports,
        selector: spec.labels("selector")?,
        labels: metadata.labels,
        source,
    };
    Ok((service, named))
}

fn service_port(fields: Fields<'_>) -> Result<(ServicePort, At), Problem> {
    let number = fields.required("port")?.port()?;
    let (target, at) = match fields.get("targetPort") {
        Some(found) => (target(found.node())?, found.at()),
        None => (TargetPort::Number(number), fields.at()),
    };
    Ok((ServicePort { number, name: fields.text("name")?.map(str::to_owned), target }, at))
}

fn target(node: &Node) -> Result<TargetPort, Problem> {
    match &node.value {
        Value::Int(number) => Ok(TargetPort::Number(in_range(*number, node.at)?)),
        Value::Text(name) => {
            PORT_NAME.check(name, node.at).map_err(|problem| numeric(name, problem))?;
            Ok(TargetPort::Name(name.clone()))
        }
        other => Err(wrong_type(node.at, "targetPort", "a port number or a port's name", other)),
    }
}

/// A number in quotes would be taken for a name.
fn numeric(name: &str, problem: Problem) -> Problem {
    match name.parse::<u16>() {
        Ok(number) => Problem { help: Some(format!("write it without quotes: {number}")), ..problem },
        Err(_) => problem,
    }
}

/// The cluster IPs, and whether the service is headless.
fn vips(spec: Fields<'_>) -> Result<(Vec<IpAddr>, bool), Problem> {
    let mut texts = Vec::new();
    for node in spec.list("clusterIPs")? {
        match &node.value {
            Value::Text(text) => texts.push((text.as_str(), node.at)),
            other => return Err(wrong_type(node.at, "clusterIPs", "text", other)),
        }
    }
    if let (true, Some(found)) = (texts.is_empty(), spec.get("clusterIP")) {
        texts.push((found.text()?, found.at()));
    }
    // An ExternalName is an alias in DNS and has no address either.
    let headless =
        texts.iter().any(|(text, _)| *text == "None") || spec.text("type")? == Some("ExternalName");
    let addresses = texts.iter().filter(|(text, _)| !text.is_empty() && *text != "None");
    let vips = addresses.map(|(text, at)| address(text, *at)).collect::<Result<_, _>>()?;
    Ok((vips, headless))
}
