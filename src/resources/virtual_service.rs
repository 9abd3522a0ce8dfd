//! VirtualService, as far as it brings a subset into force: a route without `match` to one subset of a host.
//!
//! All else of it is routing, which is not simulated, and so it is not validated either.

use crate::policy::SubsetRoute;
use crate::resources::fields::Fields;
use crate::resources::input::File;
use crate::resources::metadata::Metadata;
use crate::resources::node::Node;
use crate::resources::parse::Problem;

/// Reads a VirtualService; `None` when it picks no subset for everything that is sent to its host.
pub(crate) fn virtual_service(document: Fields<'_>, file: &File) -> Result<Option<SubsetRoute>, Problem> {
    let spec = document.map("spec")?;
    let texts = |name| -> Result<Vec<String>, Problem> {
        Ok(spec.list(name)?.iter().filter_map(|node| node.value.as_text().map(str::to_owned)).collect())
    };
    let gateways = texts("gateways")?;
    if !gateways.is_empty() && !gateways.iter().any(|gateway| gateway == "mesh") {
        return Ok(None);
    }
    for protocol in ["http", "tls", "tcp"] {
        let Some(destination) = catch_all(spec.list(protocol)?)? else { continue };
        let Some(subset) = destination.text("subset")?.filter(|subset| !subset.is_empty()) else { continue };
        let metadata = Metadata::read(document)?;
        return Ok(Some(SubsetRoute {
            name: metadata.name,
            hosts: texts("hosts")?,
            destination: destination.required_text("host")?.to_owned(),
            subset: subset.to_owned(),
            port: destination.map("port")?.get("number").map(|number| number.port()).transpose()?,
            export_to: texts("exportTo")?,
            created: metadata.created,
            source: file.source(destination.at()),
        }));
    }
    Ok(None)
}

/// The only destination of the first route without `match`.
fn catch_all(routes: &[Node]) -> Result<Option<Fields<'_>>, Problem> {
    for route in routes {
        let fields = Fields::of(route, "route")?;
        if fields.list("match")?.is_empty() {
            return match fields.list("route")? {
                [only] => Ok(Some(Fields::of(only, "route")?.map("destination")?)),
                _ => Ok(None),
            };
        }
    }
    Ok(None)
}
