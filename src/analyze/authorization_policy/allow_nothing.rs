//! GT1216: an allow-nothing policy of the root namespace is a good start, and closes whatever nobody opens again.

use std::collections::HashSet;
use std::rc::Rc;

use crate::analyze::authorization_policy::entries::enforced;
use crate::analyze::codes::ALLOW_NOTHING;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::mesh::Name;
use crate::policy::{Action, Rule, Scope};
use crate::resources::Path;

pub(in crate::analyze) fn allow_nothing(cx: &Context<'_>, report: &mut Report) {
    let allow = || enforced(cx).filter(|rules| rules.policy.action == Action::Allow);
    let nothing = allow().filter(|rules| rules.policy.rules.is_empty());
    let Some(rules) = nothing.into_iter().find(|rules| rules.policy.scope(cx.root()) == Scope::Global) else {
        return;
    };
    let mut opened: HashSet<&Name> = HashSet::new();
    let mut seen = HashSet::new();
    for other in allow().filter(|other| other.policy.rules.iter().any(|rule: &Rule| !rule.has_layer7())) {
        let reached = cx.reached_by_rules(other.policy);
        if seen.insert(Rc::as_ptr(&reached)) {
            opened.extend(reached.workloads.iter().map(|workload| &workload.name));
        }
    }
    let workloads =
        cx.mesh.workloads().filter(|workload| workload.reach.in_mesh() && !workload.ports.is_empty());
    let closed: Vec<&Name> =
        workloads.map(|workload| &workload.name).filter(|name| !opened.contains(name)).collect();
    if closed.is_empty() {
        return;
    }
    report.add(Draft {
        code: &ALLOW_NOTHING,
        object: rules.object,
        at: Path::new("metadata.name"),
        message: format!("nobody can reach {}", words::some(&closed)),
        why: "this policy refuses whatever no other ALLOW matches, and for them there is no other".to_owned(),
        fix: "add an ALLOW for them; where a waypoint stands in front, for its principal".to_owned(),
        change: Change::ByHand,
    });
}
