//! A policy of either kind, as far as it says who it is for.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::analyze::context::Context;
use crate::analyze::workloads::Reached;
use crate::resources::{Object, Path};

/// The policy.
pub(in crate::analyze) struct Selecting<'a> {
    pub(in crate::analyze) object: &'a Object,
    pub(in crate::analyze) namespace: &'a str,
    /// Its labels, if it has any.
    pub(in crate::analyze) labels: Option<&'a BTreeMap<String, String>>,
    pub(in crate::analyze) is_peer_authentication: bool,
    pub(in crate::analyze) reached: Rc<Reached<'a>>,
}

impl Selecting<'_> {
    /// The place of its selector.
    pub(in crate::analyze) fn selector(&self) -> Path {
        let labels = Path::new("spec.selector.matchLabels");
        match self.labels.and_then(|labels| labels.keys().next()) {
            Some(key) => labels.key(key),
            None => labels,
        }
    }
}

/// Every policy that is meant for workloads. Left out are those that are ignored whatever they select, and those for
/// waypoints: other analyzers speak of them.
pub(in crate::analyze) fn selecting<'a>(cx: &Context<'a>) -> Vec<Selecting<'a>> {
    let peers = cx.peers.iter().filter_map(|peers| {
        let namespace = &*peers.policy.name.namespace;
        let labels = peers.policy.labels();
        let is_ignored = cx.is_root(namespace) && labels.is_some();
        (!is_ignored).then(|| Selecting {
            object: peers.object,
            namespace,
            labels,
            is_peer_authentication: true,
            reached: cx.reached_by_peers(peers.policy),
        })
    });
    let rules = cx.rules.iter().filter(|rules| rules.policy.target_refs.is_empty()).map(|rules| Selecting {
        object: rules.object,
        namespace: &rules.policy.name.namespace,
        labels: rules.policy.selector.as_ref().filter(|labels| !labels.is_empty()),
        is_peer_authentication: false,
        reached: cx.reached_by_rules(rules.policy),
    });
    peers.chain(rules).collect()
}
