//! GT1219: `destination.ip` is the pod's address; a connection to a service has been led to a pod by then.

use std::net::IpAddr;

use crate::analyze::authorization_policy::entries::{enforced, of_policy};
use crate::analyze::codes::VIRTUAL_ADDRESS;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::Owner;

pub(in crate::analyze) fn virtual_address(cx: &Context<'_>, report: &mut Report) {
    for rules in enforced(cx) {
        for (at, entry) in of_policy(rules) {
            for block in &entry.matches.destination_ips.any {
                let text = block.to_string();
                let owner = text.parse::<IpAddr>().ok().and_then(|ip| cx.mesh.owner(ip));
                let Some(Owner::Service(service)) = owner else { continue };
                report.add(Draft {
                    code: &VIRTUAL_ADDRESS,
                    object: rules.object,
                    at: at.value("values", &text),
                    message: format!(
                        "{text} is the address of Service {}, and destination.ip is never a service's",
                        service.name
                    ),
                    why: "a policy is asked at the pod, where the destination is the pod's own address"
                        .to_owned(),
                    fix: "select the pods behind the service in place of naming an address".to_owned(),
                    change: Change::ByHand,
                });
            }
        }
    }
}
