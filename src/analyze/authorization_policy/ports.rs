//! GT1202 and GT1203: `ports` are compared with the workload's port, never with a service's (reference/policy.md 4.4).

use crate::analyze::authorization_policy::entries::{At, enforced, of_policy};
use crate::analyze::codes::{SERVICE_PORT, UNDECLARED_PORT};
use crate::analyze::context::{Context, Rules};
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::analyze::workloads::Reached;
use crate::policy::Values;

pub(in crate::analyze) fn service_ports(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx) {
        let reached = cx.reached_by_rules(rules.policy);
        if reached.workloads.is_empty() {
            continue;
        }
        for (at, entry) in of_policy(rules) {
            let values = &entry.matches.ports;
            let both = [("ports", &values.any), ("notPorts", &values.none)];
            let named = both.iter().flat_map(|(field, ports)| ports.iter().map(|port| (*field, *port)));
            for (field, port) in named.filter(|(_, port)| !reached.has_port(*port)) {
                if let Some(draft) = service_port(rules, (at, field, port), values, &reached) {
                    report.add(draft);
                } else if reached.all_declare {
                    report.add(undeclared(rules, (at, field, port), &reached));
                }
            }
        }
    }
}

fn service_port<'a>(
    rules: Rules<'a>,
    (at, field, port): (At, &str, u16),
    values: &Values<u16>,
    reached: &Reached<'a>,
) -> Option<Draft<'a>> {
    let (targets, service) = reached.service_ports.get(&port)?;
    let is_there = |target: &u16| values.any.contains(target) || values.none.contains(target);
    let fix = match targets.iter().all(is_there) {
        true => format!("delete it: {} is there already", words::some(targets)),
        false => format!("write {} in place of {port}", words::some(targets)),
    };
    let change = match targets.first().filter(|target| targets.len() == 1 && !is_there(target)) {
        Some(target) => {
            Change::Replace { at: at.value(field, port), old: port.to_string(), new: target.to_string() }
        }
        None => Change::ByHand,
    };
    Some(Draft {
        code: &SERVICE_PORT,
        object: rules.object,
        at: at.value(field, port),
        message: format!("{port} is a port of Service {service}, and {field} is about workload ports"),
        why: format!(
            "behind {port} the workload listens on {}; a connection never has the port {port} when a policy looks at it",
            words::some(targets)
        ),
        fix,
        change,
    })
}

fn undeclared<'a>(rules: Rules<'a>, (at, field, port): (At, &str, u16), reached: &Reached<'a>) -> Draft<'a> {
    Draft {
        code: &UNDECLARED_PORT,
        object: rules.object,
        at: at.value(field, port),
        message: format!("no container that this policy is for declares port {port}"),
        why: words::undeclared(&reached.ports),
        fix: "correct the number, or declare the port in the pod as containerPort".to_owned(),
        change: Change::ByHand,
    }
}
