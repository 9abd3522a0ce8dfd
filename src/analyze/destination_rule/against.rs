//! GT1301 to GT1303: a client's TLS mode against what the server takes (reference/policy.md 3.4).
//!
//! A ztunnel reads no DestinationRule; sidecars do, and so does this mesh under its documented semantics.

use std::sync::Arc;

use crate::analyze::code::Code;
use crate::analyze::codes::{MUTUAL_TO_PLAINTEXT, OTHER_TLS_TO_STRICT, PLAINTEXT_TO_STRICT};
use crate::analyze::context::Context;
use crate::analyze::destination_rule::read::{Destination, Tls, destinations};
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::{Reach, Semantics, Service, Workload};
use crate::policy::MtlsMode;

pub(in crate::analyze) fn against_policy(cx: &Context<'_>, report: &mut Report) {
    let sidecars = cx.mesh.workloads().any(|workload| workload.reach == Reach::Sidecar);
    if cx.mesh.semantics() == Semantics::Ztunnel && !sidecars {
        return;
    }
    for rule in destinations(cx, report.places()) {
        for tls in &rule.tls {
            report.add_if_any(match tls.mode.as_deref() {
                None | Some("DISABLE") => strict(cx, &rule, tls, (&PLAINTEXT_TO_STRICT, "plaintext")),
                Some("SIMPLE" | "MUTUAL") => strict(cx, &rule, tls, (&OTHER_TLS_TO_STRICT, "TLS of its own")),
                Some("ISTIO_MUTUAL") => unmeshed(cx, &rule, tls),
                Some(_) => None,
            });
        }
    }
}

/// Every endpoint that the block is for, with its workload port.
fn endpoints<'r>(
    rule: &'r Destination<'_>,
    tls: &'r Tls,
) -> impl Iterator<Item = (&'r Service, u16, &'r Arc<Workload>, u16)> {
    let of_service = move |service: &'r Arc<Service>| {
        let endpoints = service.endpoints.iter().filter(|endpoint| endpoint.workload.matches(&tls.labels));
        endpoints.flat_map(move |endpoint| {
            let ports = endpoint.ports.iter().filter(|(port, _)| tls.port.is_none_or(|only| only == **port));
            ports.map(move |(port, target)| (&**service, *port, &endpoint.workload, *target))
        })
    };
    rule.services.iter().copied().flat_map(of_service)
}

fn strict<'a>(
    cx: &Context<'a>,
    rule: &Destination<'a>,
    tls: &Tls,
    (code, wire): (&'static Code, &str),
) -> Option<Draft<'a>> {
    let refuses = |workload: &Workload, port: u16| {
        workload.reach.in_mesh() && cx.policies.effective(&workload.name, port).mode == MtlsMode::Strict
    };
    let (service, port, workload, target) =
        endpoints(rule, tls).find(|(_, _, workload, target)| refuses(workload, *target))?;
    let effective = cx.policies.effective(&workload.name, target).brief();
    Some(Draft {
        code,
        object: rule.object,
        at: place(tls),
        message: format!(
            "clients send {wire} to {}:{port}, and {} demands mutual TLS of the mesh there",
            service.hostname, workload.name
        ),
        why: format!("port {target} of {} is {effective}", workload.name),
        fix: "delete the tls block, which leaves the choice to auto mTLS, or write ISTIO_MUTUAL".to_owned(),
        change: Change::ByHand,
    })
}

/// Only if no endpoint is in the mesh, and that is known for certain.
fn unmeshed<'a>(cx: &Context<'a>, rule: &Destination<'a>, tls: &Tls) -> Option<Draft<'a>> {
    let is_outside = |workload: &Workload| {
        !workload.reach.in_mesh() && cx.namespaces.contains_key(&*workload.name.namespace)
    };
    let mut endpoints = endpoints(rule, tls);
    let (service, port, workload, _) = endpoints.next()?;
    if !is_outside(workload) || !endpoints.all(|(_, _, workload, _)| is_outside(workload)) {
        return None;
    }
    Some(Draft {
        code: &MUTUAL_TO_PLAINTEXT,
        object: rule.object,
        at: place(tls),
        message: format!(
            "clients send mesh TLS to {}:{port}, and {} is not in the mesh",
            service.hostname, workload.name
        ),
        why: "nobody there answers a TLS handshake of the mesh; clients see WRONG_VERSION_NUMBER and 503"
            .to_owned(),
        fix: "delete the tls block: auto mTLS sends plaintext where there is no proxy".to_owned(),
        change: Change::ByHand,
    })
}

fn place(tls: &Tls) -> crate::resources::Path {
    match tls.mode {
        Some(_) => tls.at.clone().key("mode"),
        None => tls.at.clone().itself(),
    }
}
