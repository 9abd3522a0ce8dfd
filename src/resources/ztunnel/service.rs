//! A service of ztunnel's.

use std::collections::BTreeMap;

use crate::mesh::{Name, ServicePort, ServiceSpec, Source, TargetPort};
use crate::resources::fields::{Fields, scalar};
use crate::resources::node::{Node, Value};
use crate::resources::parse::Problem;
use crate::resources::schema::{items, mistyped};
use crate::resources::ztunnel::value::{network_address, plain, ports};
use crate::resources::ztunnel::workload::waypoint;

/// What is read of it.
pub(crate) struct Service {
    pub(crate) spec: ServiceSpec,
    /// `NAMESPACE/HOSTNAME`.
    pub(crate) key: String,
    /// Its ports and those of the workload behind each; 0 for a port that only the endpoints know.
    pub(crate) ports: BTreeMap<u16, u16>,
    /// The ports of each workload behind it, by uid.
    pub(crate) endpoints: BTreeMap<String, BTreeMap<u16, u16>>,
}

/// Reads a service. One whose hostname is not made of its name, as a ServiceEntry's, is called by its hostname.
pub(crate) fn service(node: &Node, source: Source) -> Result<Service, Problem> {
    let fields = Fields::of(node, "a service")?;
    let (namespace, name, hostname) =
        (plain(fields, "namespace")?, plain(fields, "name")?, plain(fields, "hostname")?);
    let own = hostname.starts_with(&format!("{name}.{namespace}.svc."));
    let vip = |node: &Node| match &node.value {
        Value::Text(text) => network_address(text, node.at),
        _ => Err(mistyped(node, "vips", "string")),
    };
    let vips: Vec<_> = items(fields, "vips", "service")?.iter().map(vip).collect::<Result<_, _>>()?;
    let waypoint = waypoint(fields)?.map(|name| ("istio.io/use-waypoint".to_owned(), name.to_owned()));
    let key = format!("{namespace}/{hostname}");
    let (label, value) = endpoint_of(&key);
    let ports = ports(fields.map("ports")?)?;
    let port = |(number, target): (&u16, &u16)| ServicePort {
        number: *number,
        name: None,
        target: TargetPort::Number(if *target == 0 { *number } else { *target }),
    };
    let spec = ServiceSpec {
        name: Name::new(namespace, if own { name } else { hostname }),
        headless: vips.is_empty(),
        vips,
        ports: ports.iter().map(port).collect(),
        selector: BTreeMap::from([(label, value)]),
        labels: waypoint.into_iter().collect(),
        source,
    };
    Ok(Service { spec, key, ports, endpoints: endpoints(fields)? })
}

/// The label that the workloads behind a service get, and the service selects.
pub(crate) fn endpoint_of(key: &str) -> (String, String) {
    (format!("ztunnel/service/{key}"), "endpoint".to_owned())
}

fn endpoints(fields: Fields<'_>) -> Result<BTreeMap<String, BTreeMap<u16, u16>>, Problem> {
    let endpoint = |(uid, node): &(Node, Node)| {
        let ports = ports(Fields::of(node, "an endpoint")?.map("port")?)?;
        Ok((scalar(&uid.value), ports))
    };
    fields.map("endpoints")?.entries().iter().map(endpoint).collect()
}
