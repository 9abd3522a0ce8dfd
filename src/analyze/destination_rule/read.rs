//! A DestinationRule as far as the analyzers look at it, read from its document.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analyze::context::Context;
use crate::mesh::Service;
use crate::resources::{Object, Path, Places};

/// A rule.
pub(in crate::analyze) struct Destination<'a> {
    pub(in crate::analyze) object: &'a Object,
    pub(in crate::analyze) namespace: String,
    pub(in crate::analyze) host: String,
    /// The services that have such a host name.
    pub(in crate::analyze) services: Vec<&'a Arc<Service>>,
    pub(in crate::analyze) subsets: Vec<Subset>,
    pub(in crate::analyze) tls: Vec<Tls>,
}

/// Some of the endpoints.
pub(in crate::analyze) struct Subset {
    pub(in crate::analyze) name: String,
    pub(in crate::analyze) labels: BTreeMap<String, String>,
    pub(in crate::analyze) at: Path,
}

/// One `tls` block.
pub(in crate::analyze) struct Tls {
    /// `None` is what `tls: {}` has.
    pub(in crate::analyze) mode: Option<String>,
    pub(in crate::analyze) at: Path,
    /// The service port that it is for.
    pub(in crate::analyze) port: Option<u16>,
    /// The labels of the subset that it is for.
    pub(in crate::analyze) labels: BTreeMap<String, String>,
    /// Whether it says how to know the server.
    pub(in crate::analyze) verifies: bool,
}

/// All rules.
pub(in crate::analyze) fn destinations<'a>(cx: &Context<'a>, places: &mut Places) -> Vec<Destination<'a>> {
    let rules = cx.objects.iter().filter(|object| object.key.kind == "DestinationRule");
    rules.filter_map(|object| destination(cx, object, places)).collect()
}

fn destination<'a>(cx: &Context<'a>, object: &'a Object, places: &mut Places) -> Option<Destination<'a>> {
    let host = places.scalar(object, &Path::new("spec.host"))?;
    let namespace = places.scalar(object, &Path::new("metadata.namespace"));
    let namespace = namespace.unwrap_or_else(|| "default".to_owned());
    let list = Path::new("spec.subsets");
    let subsets: Vec<Subset> = (0..places.items(object, &list))
        .map(|index| subset(object, list.clone().item(index), places))
        .collect();
    let mut tls = blocks(object, &Path::new("spec.trafficPolicy"), &BTreeMap::new(), places);
    for subset in &subsets {
        tls.extend(blocks(object, &subset.at.clone().key("trafficPolicy"), &subset.labels, places));
    }
    let services = services(cx, &host, &namespace);
    Some(Destination { object, namespace, host, services, subsets, tls })
}

fn subset(object: &Object, at: Path, places: &mut Places) -> Subset {
    let name = places.scalar(object, &at.clone().key("name")).unwrap_or_default();
    let labels = at.clone().key("labels");
    let keys = places.keys(object, &labels);
    let pairs = keys.into_iter().map(|key| {
        let value = places.scalar(object, &labels.clone().key(&key)).unwrap_or_default();
        (key, value)
    });
    Subset { name, labels: pairs.collect(), at }
}

/// The `tls` of a traffic policy and those of its ports.
fn blocks(
    object: &Object,
    policy: &Path,
    labels: &BTreeMap<String, String>,
    places: &mut Places,
) -> Vec<Tls> {
    let mut found = Vec::new();
    let mut look = |at: Path, port: Option<u16>, places: &mut Places| {
        if !places.is_there(object, &at) {
            return;
        }
        let mut text = |field: &str| places.scalar(object, &at.clone().key(field));
        let verifies = text("caCertificates").is_some()
            || text("credentialName").is_some()
            || text("insecureSkipVerify").is_some_and(|skip| skip == "true");
        found.push(Tls { mode: text("mode"), port, labels: labels.clone(), verifies, at });
    };
    look(policy.clone().key("tls"), None, places);
    let list = policy.clone().key("portLevelSettings");
    for index in 0..places.items(object, &list) {
        let entry = list.clone().item(index);
        let number = places.scalar(object, &entry.clone().key("port").key("number"));
        if let Some(port) = number.and_then(|number| number.parse().ok()) {
            look(entry.key("tls"), Some(port), places);
        }
    }
    found
}

/// The services that `host` means to a rule in `namespace`; a leading star stands for anything.
fn services<'a>(cx: &Context<'a>, host: &str, namespace: &str) -> Vec<&'a Arc<Service>> {
    match host.strip_prefix('*') {
        Some(suffix) => cx.mesh.services().filter(|service| service.hostname.ends_with(suffix)).collect(),
        None => cx.mesh.resolve(host, namespace).into_iter().collect(),
    }
}
