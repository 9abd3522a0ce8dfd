//! `glasstunnel.dev/backend`: what answers behind a pod's ports on this machine.

use crate::mesh::{BackendKind, nearest};
use crate::resources::fields::Fields;
use crate::resources::node::{At, Value};
use crate::resources::parse::Problem;

/// The annotation's key.
const BACKEND: &str = "glasstunnel.dev/backend";
/// The prefix that is ours, so that whatever else has it is a typo.
const OURS: &str = "glasstunnel.dev/";

/// What the annotation on a pod, a pod template or a WorkloadEntry says; HTTP without it.
pub(crate) fn backend(metadata: Fields<'_>) -> Result<BackendKind, Problem> {
    let annotations = metadata.map("annotations")?;
    known_only(annotations)?;
    let Some(found) = annotations.get(BACKEND) else { return Ok(BackendKind::default()) };
    match &found.node().value {
        Value::Text(text) => read_backend(text, found.at()),
        other => Err(unknown_backend(&other.describe(), None, found.at())),
    }
}

fn read_backend(text: &str, at: At) -> Result<BackendKind, Problem> {
    let kinds = [
        BackendKind::Http,
        BackendKind::Echo,
        BackendKind::Tls,
        BackendKind::Slow,
        BackendKind::Reset,
        BackendKind::Silent,
        BackendKind::ServerFirst,
    ];
    let names: Vec<String> = kinds.iter().map(BackendKind::to_string).collect();
    if let Some(kind) = kinds.iter().zip(&names).find_map(|(kind, name)| (name == text).then(|| kind.clone()))
    {
        return Ok(kind);
    }
    match text
        .rsplit_once(':')
        .filter(|(host, port)| is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0))
    {
        Some(_) => Ok(BackendKind::At(text.into())),
        None => Err(unknown_backend(
            &format!("`{}`", text.escape_debug()),
            nearest(text, names.iter().map(String::as_str)).filter(|_| !text.contains(':')),
            at,
        )),
    }
}

fn unknown_backend(found: &str, near: Option<&str>, at: At) -> Problem {
    let all = "http, echo, tls, slow, reset, silent, server-first, or HOST:PORT of your own server, without http://";
    Problem {
        at,
        code: "resources.backend",
        message: format!("expected what answers behind this pod's ports, found {found}"),
        help: Some(near.map_or_else(|| format!("write {all}"), |near| format!("did you mean `{near}`?"))),
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets; a URL is none of these.
fn is_host(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    }
}

/// Refuses annotations that look like ours and are not.
fn known_only(annotations: Fields<'_>) -> Result<(), Problem> {
    let typo = annotations.entries().iter().find_map(|(key, _)| match &key.value {
        Value::Text(text) if text.starts_with(OURS) && text != BACKEND => Some((text, key.at)),
        _ => None,
    });
    match typo {
        Some((text, at)) => Err(Problem {
            at,
            code: "resources.unknown_annotation",
            message: format!("expected `{BACKEND}`, found `{}`", text.escape_debug()),
            help: Some(format!("{OURS} has no other annotation")),
        }),
        None => Ok(()),
    }
}

/// Refuses the annotation on an object that is no pod, where nobody would read it.
pub(crate) fn misplaced(metadata: Fields<'_>, kind: &str) -> Result<(), Problem> {
    let annotations = metadata.map("annotations")?;
    known_only(annotations)?;
    match annotations.get(BACKEND) {
        Some(found) => Err(Problem {
            at: found.at(),
            code: "resources.misplaced_annotation",
            message: format!("expected `{BACKEND}` on a pod, found it on a {kind}"),
            help: Some(
                "move it to the pod, or to spec.template.metadata.annotations of the Deployment".to_owned(),
            ),
        }),
        None => Ok(()),
    }
}
