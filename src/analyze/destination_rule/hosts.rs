//! IST0173 and IST0174: a host that nobody has, and a subset of nobody.

use crate::analyze::codes::{EMPTY_SUBSET, HOST_NOT_FOUND};
use crate::analyze::context::Context;
use crate::analyze::destination_rule::read::{Destination, destinations};
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::mesh::nearest;
use crate::resources::{Path, Places};

/// Without any service, nobody has given them; without any pod, nobody has given those.
pub(in crate::analyze) fn hosts_and_subsets(cx: &Context<'_>, report: &mut Report) {
    if cx.mesh.services().len() == 0 {
        return;
    }
    let outside = outside_hosts(cx, report.places());
    for rule in destinations(cx, report.places()) {
        if !rule.services.is_empty() {
            empty_subsets(cx, &rule, report);
        } else if !outside.iter().any(|host| covers(&rule.host, host) || covers(host, &rule.host)) {
            report.add(not_found(cx, &rule));
        }
    }
}

fn not_found<'a>(cx: &Context<'a>, rule: &Destination<'a>) -> Draft<'a> {
    let full = rule.host.contains('.');
    let names: Vec<String> = cx
        .mesh
        .services()
        .filter(|service| full || *service.name.namespace == *rule.namespace)
        .map(|service| if full { service.hostname.clone() } else { service.name.name.to_string() })
        .collect();
    let near = nearest(&rule.host, names.iter().map(String::as_str));
    let why = match full {
        true => "neither a Service nor a ServiceEntry has this name".to_owned(),
        false => format!("a short name is one of the rule's own namespace, {}", rule.namespace),
    };
    Draft {
        code: &HOST_NOT_FOUND,
        object: rule.object,
        at: Path::new("spec.host"),
        message: format!(
            "The host {} defined in the DestinationRule does not match any services in the mesh.",
            rule.host
        ),
        why,
        fix: near.map_or_else(String::new, |near| format!("did you mean {near}?")),
        change: Change::ByHand,
    }
}

fn empty_subsets<'a>(cx: &Context<'a>, rule: &Destination<'a>, report: &mut Report) {
    if rule.services.iter().any(|service| !cx.knows_all_pods(Some(&service.name.namespace))) {
        return;
    }
    for subset in rule.subsets.iter().filter(|subset| !subset.labels.is_empty()) {
        let endpoints = || rule.services.iter().flat_map(|service| &service.endpoints);
        if endpoints().any(|endpoint| endpoint.workload.matches(&subset.labels)) {
            continue;
        }
        report.add(Draft {
            code: &EMPTY_SUBSET,
            object: rule.object,
            at: subset.at.clone().key("labels").key(subset.labels.keys().next().cloned().unwrap_or_default()),
            message: format!(
                "The Subset {} defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).",
                subset.name
            ),
            why: format!(
                "{} has {}, and none of them has {}",
                rule.host,
                words::count(endpoints().count(), "endpoint"),
                words::labels(&subset.labels)
            ),
            fix: "write labels that the pods behind the host have".to_owned(),
            change: Change::ByHand,
        });
    }
}

/// The hosts of all ServiceEntries.
fn outside_hosts(cx: &Context<'_>, places: &mut Places) -> Vec<String> {
    let list = Path::new("spec.hosts");
    let mut hosts = Vec::new();
    for object in cx.objects.iter().filter(|object| object.key.kind == "ServiceEntry") {
        for index in 0..places.items(object, &list) {
            hosts.extend(places.scalar(object, &list.clone().item(index)));
        }
    }
    hosts
}

/// Whether the host `wide`, which may begin with a star, is or includes `narrow`.
fn covers(wide: &str, narrow: &str) -> bool {
    wide.strip_prefix('*').map_or(wide == narrow, |suffix| narrow.ends_with(suffix))
}
