//! GT1104 and GT1105: `portLevelMtls` is about the workload's ports, not about a service's.

use crate::analyze::codes::{MTLS_SERVICE_PORT, MTLS_UNDECLARED_PORT};
use crate::analyze::context::{Context, Peers};
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::analyze::workloads::Reached;
use crate::resources::Path;

pub(in crate::analyze) fn ports(cx: &Context<'_>, report: &mut Report) {
    for peers in cx.peers.iter().filter(|peers| !cx.is_root(&peers.policy.name.namespace)) {
        let reached = cx.reached_by_peers(peers.policy);
        if reached.workloads.is_empty() {
            continue;
        }
        for port in peers.policy.ports.keys().filter(|port| !reached.has_port(**port)) {
            if let Some(draft) = service_port(*peers, &reached, *port) {
                report.add(draft);
            } else if reached.all_declare {
                report.add(undeclared(*peers, &reached, *port));
            }
        }
    }
}

fn service_port<'a>(peers: Peers<'a>, reached: &Reached<'a>, port: u16) -> Option<Draft<'a>> {
    let (targets, service) = reached.service_ports.get(&port)?;
    let at = Path::new("spec.portLevelMtls").key(port).itself();
    let only =
        targets.first().filter(|target| targets.len() == 1 && !peers.policy.ports.contains_key(target));
    let change = match only {
        Some(target) => Change::Replace { at: at.clone(), old: port.to_string(), new: target.to_string() },
        None => Change::ByHand,
    };
    Some(Draft {
        code: &MTLS_SERVICE_PORT,
        object: peers.object,
        at,
        message: format!("{port} is a port of Service {service}, and portLevelMtls is about workload ports"),
        why: format!(
            "behind {port} the workload listens on {}; nothing ever arrives at its port {port}, so this entry holds for nothing",
            words::some(targets)
        ),
        fix: format!("write {} in place of {port}", words::some(targets)),
        change,
    })
}

fn undeclared<'a>(peers: Peers<'a>, reached: &Reached<'a>, port: u16) -> Draft<'a> {
    Draft {
        code: &MTLS_UNDECLARED_PORT,
        object: peers.object,
        at: Path::new("spec.portLevelMtls").key(port).itself(),
        message: format!("no container that this policy is for declares port {port}"),
        why: words::undeclared(&reached.ports),
        fix: "correct the number, or declare the port in the pod as containerPort".to_owned(),
        change: Change::ByHand,
    }
}
