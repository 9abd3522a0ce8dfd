//! Three commands to paste: what a person should see first, picked from whatever mesh runs.

use crate::admin::{ServiceView, WorkloadView};
use crate::cli::tables::dotted;

/// A command and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What to type after the program's name, in another terminal.
    pub command: String,
    /// What to expect, in a few words.
    pub shows: String,
}

/// A port that can be called, and the mode that holds for it.
struct Callee<'a> {
    url: String,
    name: String,
    port: u16,
    mode: &'a str,
}

/// Plaintext that PERMISSIVE takes, the same over HBONE, and plaintext that STRICT refuses; as many as the mesh allows.
///
/// `context` is `None` for the default one, which needs no naming.
pub fn suggestions(
    workloads: &[WorkloadView],
    services: &[ServiceView],
    context: Option<&str>,
) -> Vec<Suggestion> {
    let callees = callees(workloads, services);
    let of_mode = |mode: &str| callees.iter().find(|callee| callee.mode == mode);
    let caller = |in_mesh: bool| best_caller(workloads, in_mesh);
    let (outside, inside) = (caller(false), caller(true));
    let (permissive, strict) = (of_mode("PERMISSIVE"), of_mode("STRICT"));
    let plain = outside.zip(permissive).map(|(from, to)| {
        suggestion(
            context,
            from,
            to,
            format!("from outside: plaintext, which {} port {} takes, being PERMISSIVE", to.name, to.port),
        )
    });
    let tunnelled = inside.zip(permissive.or(strict)).map(|(from, to)| {
        suggestion(
            context,
            from,
            to,
            "from inside: the same call leaves over HBONE, in mutual TLS".to_owned(),
        )
    });
    let refused = outside.zip(strict).map(|(from, to)| {
        suggestion(
            context,
            from,
            to,
            format!("from outside: {} port {} is STRICT and resets plaintext", to.name, to.port),
        )
    });
    [plain, tunnelled, refused].into_iter().flatten().collect()
}

fn suggestion(context: Option<&str>, from: &WorkloadView, to: &Callee<'_>, shows: String) -> Suggestion {
    let context = context.map(|name| format!("--context {name} ")).unwrap_or_default();
    Suggestion { command: format!("exec {context}{} -- curl -sS {}", from.dotted(), to.url), shows }
}

/// A workload whose name says that it is there to call others, else one that serves nothing, else any.
fn best_caller(workloads: &[WorkloadView], in_mesh: bool) -> Option<&WorkloadView> {
    let fits = |workload: &&WorkloadView| workload.in_mesh() == in_mesh;
    workloads.iter().filter(fits).min_by_key(|workload| {
        let is_client = ["client", "curl", "sleep"].iter().any(|word| workload.name.contains(word));
        (!is_client, !workload.ports.is_empty())
    })
}

/// What curl can call in the mesh: every port of every service with a pod that answers HTTP, then bare pods.
fn callees<'a>(workloads: &'a [WorkloadView], services: &[ServiceView]) -> Vec<Callee<'a>> {
    let answers = |workload: &&WorkloadView| workload.in_mesh() && workload.backend == "http";
    let behind = services.iter().flat_map(|service| {
        service.endpoints.iter().flat_map(move |endpoint| {
            let workload =
                workloads.iter().filter(answers).find(|workload| workload.full_name() == endpoint.workload);
            workload.into_iter().flat_map(move |workload| {
                endpoint.port.iter().map(move |(port, target)| Callee {
                    url: url(&format!("{}.{}", service.name, service.namespace), port),
                    name: dotted(&endpoint.workload),
                    port: *target,
                    mode: &workload.mode_of(*target).mode,
                })
            })
        })
    });
    let bare = workloads.iter().filter(answers).flat_map(|workload| {
        let ip = workload.workload_ips.first();
        ip.into_iter().flat_map(move |ip| {
            workload.ports.iter().map(move |port| Callee {
                url: url(&ip.to_string(), &port.number.to_string()),
                name: workload.dotted(),
                port: port.number,
                mode: &workload.mode_of(port.number).mode,
            })
        })
    });
    behind.chain(bare).collect()
}

fn url(host: &str, port: &str) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == "80" { format!("http://{host}/") } else { format!("http://{host}:{port}/") }
}
