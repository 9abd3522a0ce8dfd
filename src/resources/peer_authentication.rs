//! PeerAuthentication, with Istio's own validation (reference/policy.md 1.7).

use std::collections::BTreeMap;

use crate::mesh::{Source, nearest};
use crate::policy::{MtlsMode, PeerAuthentication};
use crate::resources::fields::{Fields, duplicate_port, in_range, scalar};
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;

/// Reads a PeerAuthentication.
pub(crate) fn peer_authentication(
    document: Fields<'_>,
    source: Source,
) -> Result<PeerAuthentication, Problem> {
    document.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
    let metadata = Metadata::read(document)?;
    let spec = document.map("spec")?;
    spec.only(&["selector", "mtls", "portLevelMtls"])?;
    let selector_fields = spec.map("selector")?;
    selector_fields.only(&["matchLabels"])?;
    no_wildcards(selector_fields.map("matchLabels")?)?;
    let labels = selector_fields.labels("matchLabels")?;
    let ports = port_level(spec, !labels.is_empty())?;
    Ok(PeerAuthentication {
        name: metadata.name,
        selector: spec.get("selector").map(|_| labels),
        mode: mtls(spec.map("mtls")?)?,
        ports,
        created: metadata.created,
        source,
    })
}

fn mtls(fields: Fields<'_>) -> Result<Option<MtlsMode>, Problem> {
    fields.only(&["mode"])?;
    let Some(found) = fields.get("mode") else { return Ok(None) };
    let text = &scalar(&found.node().value);
    MtlsMode::read(text).map_err(|error| Problem {
        at: found.at(),
        code: "resources.unknown_mode",
        message: error.to_string(),
        help: nearest(text, MtlsMode::SPELLINGS.into_iter()).map(|near| format!("did you mean `{near}`?")),
    })
}

fn port_level(spec: Fields<'_>, selects: bool) -> Result<BTreeMap<u16, Option<MtlsMode>>, Problem> {
    let Some(found) = spec.get("portLevelMtls") else { return Ok(BTreeMap::new()) };
    let fields = Fields::of(found.node(), "portLevelMtls")?;
    let refuse = |message: &str, help: &str| {
        Err(Problem {
            at: first(fields).unwrap_or_else(|| found.at()),
            code: "resources.port_level_mtls",
            message: message.to_owned(),
            help: Some(help.to_owned()),
        })
    };
    if fields.entries().is_empty() {
        return refuse(
            "port level mTLS, if defined, must have at least one element",
            "name a port, or leave it out",
        );
    }
    if !selects {
        return refuse(
            "portLevelMtls requires selector: mesh/namespace peer authentication cannot have port level mTLS",
            "add selector: {matchLabels: {app: NAME}}; a port belongs to one workload",
        );
    }
    let mut ports = BTreeMap::new();
    for entry in fields.entries() {
        let (port, mode) = port_entry(entry)?;
        if ports.insert(port, mode).is_some() {
            // `80` and `"80"` are two keys to YAML, and one to Istio.
            return Err(duplicate_port(entry.0.at, port));
        }
    }
    Ok(ports)
}

/// A workload port, written as a number or in quotes: JSON has no other keys.
fn port_entry((key, value): &(Node, Node)) -> Result<(u16, Option<MtlsMode>), Problem> {
    let text = scalar(&key.value);
    let number = text.parse::<i64>().map_err(|error| Problem {
        at: key.at,
        code: "resources.port_key",
        message: format!("expected a workload port as the key, found `{}` ({error})", text.escape_debug()),
        help: None,
    })?;
    Ok((in_range(number, key.at)?, mtls(Fields::of(value, "portLevelMtls")?)?))
}

fn no_wildcards(labels: Fields<'_>) -> Result<(), Problem> {
    let pairs =
        labels.entries().iter().map(|(key, value)| (key.at, scalar(&key.value), scalar(&value.value)));
    for (at, key, value) in pairs {
        if key.contains('*') || value.contains('*') {
            let pair = format!("{key}={value}");
            return Err(Problem {
                at,
                code: "resources.selector_wildcard",
                message: format!("wildcard is not supported in selector: \"{}\"", pair.escape_debug()),
                help: Some("labels are compared whole; name the exact value".to_owned()),
            });
        }
    }
    Ok(())
}

fn first(fields: Fields<'_>) -> Option<At> {
    fields.entries().first().map(|(key, _)| key.at)
}
