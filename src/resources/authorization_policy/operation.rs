//! `operation`: what is done; a ztunnel sees the port only.

use crate::policy::Entry;
use crate::resources::authorization_policy::path::path as checked_path;
use crate::resources::authorization_policy::refusal::empty;
use crate::resources::authorization_policy::values::{port, text};
use crate::resources::authorization_policy::words::{Context, Twins, Words};
use crate::resources::findings::Findings;
use crate::resources::node::Node;
use crate::resources::schema::object;

const PORTS: Twins = ["ports", "notPorts"];
const HOSTS: Twins = ["hosts", "notHosts"];
const METHODS: Twins = ["methods", "notMethods"];
const PATHS: Twins = ["paths", "notPaths"];

/// Reads the `operation` at `path`.
pub(crate) fn operation(
    node: &Node,
    path: &str,
    context: Context<'_>,
    findings: &mut Findings,
) -> Option<Entry> {
    let fields = findings.keep(object(node, path, [PORTS, HOSTS, METHODS, PATHS].as_flattened()))?;
    let mut words = Words::new(fields, path.to_owned(), findings);
    let mut entry = Entry::default();
    entry.matches.ports = words.values(PORTS, port);
    words.layer7(&mut entry, HOSTS, text);
    words.layer7(&mut entry, METHODS, text);
    words.layer7(&mut entry, PATHS, checked_path);
    if !words.said {
        let message = format!("`to.operation` must not be empty, found at rule {}", context.number);
        words.findings.refuse(empty(node.at, message, "say what, or remove `to` to match every port"));
    }
    Some(entry)
}
