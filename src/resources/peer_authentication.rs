//! PeerAuthentication, with Istio's own validation (reference/policy.md 1.7): where the schema and the webhook both have a
//! sentence, ours is the schema's, then the webhook's.

use std::collections::BTreeMap;

use crate::mesh::Source;
use crate::policy::{MtlsMode, PeerAuthentication};
use crate::resources::dry_run::no_dry_run;
use crate::resources::fields::{Fields, duplicate_port, in_range, scalar};
use crate::resources::findings::Findings;
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::unsupported;
use crate::resources::selector::selector;

const CONTAINER_PORT: &str = "write the number of the container's port, as in `\"8080\": {mode: PERMISSIVE}`";

/// Reads a PeerAuthentication.
pub(crate) fn peer_authentication(
    document: Fields<'_>,
    source: Source,
    findings: &mut Findings,
) -> Result<PeerAuthentication, Problem> {
    document.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let metadata = Metadata::read(document)?;
    findings.keep(no_dry_run(&metadata));
    let spec = document.map("spec")?;
    spec.only(&["selector", "mtls", "portLevelMtls"])?;
    let selector = selector(spec, findings);
    let selects = selector.as_ref().is_some_and(|labels| !labels.is_empty());
    let mode = spec.map("mtls").and_then(|fields| mtls(fields, "spec.mtls.mode"));
    Ok(PeerAuthentication {
        name: metadata.name,
        selector,
        mode: findings.keep(mode).flatten(),
        ports: port_level(spec, selects, findings),
        created: metadata.created,
        source,
    })
}

fn mtls(fields: Fields<'_>, path: &str) -> Result<Option<MtlsMode>, Problem> {
    fields.only(&["mode"])?;
    let Some(found) = fields.get("mode") else { return Ok(None) };
    MtlsMode::read(&scalar(&found.node().value))
        .map_err(|_unknown| unsupported(found.node(), path, &MtlsMode::SPELLINGS, "resources.unknown_mode"))
}

fn port_level(spec: Fields<'_>, selects: bool, findings: &mut Findings) -> BTreeMap<u16, Option<MtlsMode>> {
    let mut ports = BTreeMap::new();
    let Some(found) = spec.get("portLevelMtls") else { return ports };
    let Some(fields) = findings.keep(Fields::of(found.node(), "portLevelMtls")) else { return ports };
    let Some((first, _)) = fields.entries().first() else {
        findings.refuse(without_ports(found.at()));
        return ports;
    };
    if !selects {
        findings.refuse(without_selector(first.at));
    }
    for entry in fields.entries() {
        let Some((port, mode)) = findings.keep(port_entry(entry)) else { continue };
        if ports.insert(port, mode).is_some() {
            // `80` and `"80"` are two keys to YAML, and one to Istio.
            findings.refuse(duplicate_port(entry.0.at, port));
        }
    }
    ports
}

/// A workload port, written as a number or in quotes: JSON has no other keys.
fn port_entry((key, value): &(Node, Node)) -> Result<(u16, Option<MtlsMode>), Problem> {
    let text = scalar(&key.value);
    let number = text.parse::<i64>().map_err(|error| Problem {
        at: key.at,
        code: "resources.port_key",
        message: format!(
            "type conversion error from {text:?} to int: expected a workload port as the key ({error})"
        ),
        help: Some(CONTAINER_PORT.to_owned()),
    })?;
    let port = in_range(number, key.at).map_err(|problem| Problem {
        message: format!("port must be between 1-65535: port must be in range 1..65535, found {number}"),
        help: Some(CONTAINER_PORT.to_owned()),
        ..problem
    })?;
    let mode = mtls(Fields::of(value, "portLevelMtls")?, &format!("spec.portLevelMtls.{port}.mode"))?;
    Ok((port, mode))
}

fn without_ports(at: At) -> Problem {
    refused(
        at,
        "spec.portLevelMtls in body should have at least 1 properties: port level mTLS, if defined, must have at least one element",
        "name a port, or leave it out",
    )
}

fn without_selector(at: At) -> Problem {
    refused(
        at,
        "portLevelMtls requires selector: mesh/namespace peer authentication cannot have port level mTLS",
        "add selector: {matchLabels: {app: NAME}}; a port belongs to one workload",
    )
}

fn refused(at: At, message: &str, help: &str) -> Problem {
    let (message, help) = (message.to_owned(), Some(help.to_owned()));
    Problem { at, code: "resources.port_level_mtls", message, help }
}
