//! Services.

use std::net::IpAddr;

use crate::mesh::{ServicePort, ServiceSpec, Source, TargetPort};
use crate::resources::fields::{Fields, in_range, wrong_type};
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node, Value};
use crate::resources::parse::Problem;
use crate::resources::pod::address;

/// A service, with the places of the target ports that are named, which only the workloads can resolve.
pub(crate) fn service(
    document: Fields<'_>,
    source: Source,
) -> Result<(ServiceSpec, Vec<(String, At)>), Problem> {
    let metadata = Metadata::read(document)?;
    let spec = document.map("spec")?;
    let mut ports = Vec::new();
    let mut named = Vec::new();
    for node in spec.list("ports")? {
        let fields = Fields::of(node, "a service port")?;
        if fields.text("protocol")?.unwrap_or("TCP") != "TCP" {
            continue;
        }
        let (port, target_at) = service_port(fields)?;
        if let TargetPort::Name(name) = &port.target {
            named.push((name.clone(), target_at));
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
    let number = fields.get("port").ok_or_else(|| Problem {
        at: fields.at(),
        code: "resources.missing_port",
        message: "expected a field `port`, found none".to_owned(),
        help: None,
    })?;
    let number = number.port()?;
    let (target, at) = match fields.get("targetPort") {
        Some(found) => (target(found.node())?, found.at()),
        None => (TargetPort::Number(number), fields.at()),
    };
    Ok((ServicePort { number, name: fields.text("name")?.map(str::to_owned), target }, at))
}

fn target(node: &Node) -> Result<TargetPort, Problem> {
    match &node.value {
        Value::Int(number) => Ok(TargetPort::Number(in_range(*number, node.at)?)),
        Value::Text(name) => Ok(TargetPort::Name(name.clone())),
        other => Err(wrong_type(node.at, "targetPort", "a port number or a port's name", other)),
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
    let headless = texts.iter().any(|(text, _)| *text == "None");
    let addresses = texts.iter().filter(|(text, _)| !text.is_empty() && *text != "None");
    let vips = addresses.map(|(text, at)| address(text, *at)).collect::<Result<_, _>>()?;
    Ok((vips, headless))
}
