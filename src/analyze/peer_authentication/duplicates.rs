//! GT1106: of several PeerAuthentications in one scope the oldest counts, and the others are ignored whole.

use std::collections::HashMap;

use crate::analyze::codes::DUPLICATE_IN_SCOPE;
use crate::analyze::context::{Context, Peers};
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::workloads::Query;
use crate::mesh::Name;
use crate::resources::Path;

pub(in crate::analyze) fn duplicates(cx: &Context<'_>, report: &mut Report) {
    let by_name: HashMap<&Name, Peers<'_>> = cx.peers.iter().map(|it| (&it.policy.name, *it)).collect();
    let mut first: HashMap<Query<'_>, Peers<'_>> = HashMap::new();
    let mut owners: HashMap<&Name, Peers<'_>> = HashMap::new();
    // The set has them oldest first.
    for peers in cx.policies.peer_authentications().iter().filter_map(|policy| by_name.get(&policy.name)) {
        let (namespace, labels) = (&*peers.policy.name.namespace, peers.policy.labels());
        if cx.is_root(namespace) && labels.is_some() {
            continue;
        }
        let scope = Query { namespace: Some(namespace), labels };
        if let Some(winner) = first.get(&scope) {
            report.add(draft(*peers, *winner, scope));
            continue;
        }
        first.insert(scope, *peers);
        if labels.is_none() {
            continue;
        }
        let reached = cx.workloads.reached(scope);
        let owner = |name: &Name| owners.get(name).copied();
        let taken: Option<Vec<_>> = reached.workloads.iter().map(|workload| owner(&workload.name)).collect();
        match taken.as_deref() {
            Some([winner, ..]) => report.add(draft(*peers, *winner, scope)),
            _ => reached.workloads.iter().for_each(|workload| {
                owners.entry(&workload.name).or_insert(*peers);
            }),
        }
    }
}

fn draft<'a>(loser: Peers<'a>, winner: Peers<'a>, scope: Query<'_>) -> Draft<'a> {
    let whose = match (scope.labels, scope.namespace) {
        (Some(_), _) => "each of its workloads".to_owned(),
        (None, namespace) => format!("namespace {}", namespace.unwrap_or_default()),
    };
    let because = match (winner.policy.created, loser.policy.created) {
        (Some(older), Some(younger)) if older != younger => "the older one",
        (Some(_), None) => "the one with a creationTimestamp",
        _ => "without creationTimestamps, the first in the alphabet",
    };
    Draft {
        code: &DUPLICATE_IN_SCOPE,
        object: loser.object,
        at: Path::new("metadata.name"),
        message: format!(
            "this PeerAuthentication is ignored: for {whose}, {} at {} comes first",
            winner.policy.name, winner.policy.source
        ),
        why: format!("one policy holds for a scope, and nothing is merged: {because}"),
        fix: "make one policy of the two, or delete the one that you did not mean".to_owned(),
        change: Change::ByHand,
    }
}
