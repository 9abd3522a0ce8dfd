//! What every analyzer may ask: the documents by kind, the mesh, and who is reached by what.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::analyze::workloads::{Query, Reached, Workloads};
use crate::mesh::{Mesh, NamespaceSpec};
use crate::policy::{AuthorizationPolicy, PeerAuthentication, PolicySet, Scope};
use crate::resources::{Content, Object, Objects};

/// A PeerAuthentication with the document that says it.
#[derive(Clone, Copy)]
pub(in crate::analyze) struct Peers<'a> {
    pub(in crate::analyze) object: &'a Object,
    pub(in crate::analyze) policy: &'a PeerAuthentication,
}

/// An AuthorizationPolicy with the document that says it.
#[derive(Clone, Copy)]
pub(in crate::analyze) struct Rules<'a> {
    pub(in crate::analyze) object: &'a Object,
    pub(in crate::analyze) policy: &'a AuthorizationPolicy,
}

/// What there is to look at.
pub(in crate::analyze) struct Context<'a> {
    pub(in crate::analyze) objects: &'a Objects,
    pub(in crate::analyze) mesh: &'a Mesh,
    pub(in crate::analyze) policies: &'a PolicySet,
    pub(in crate::analyze) workloads: Workloads<'a>,
    pub(in crate::analyze) peers: Vec<Peers<'a>>,
    pub(in crate::analyze) rules: Vec<Rules<'a>>,
    /// The namespaces that have a document.
    pub(in crate::analyze) namespaces: BTreeMap<&'a str, (&'a Object, &'a NamespaceSpec)>,
    /// Those and all that some object lives in.
    pub(in crate::analyze) mentioned: BTreeSet<&'a str>,
    /// Namespaces with pods that nobody has read: of a StatefulSet, or of a Deployment without replicas.
    unread: BTreeSet<&'a str>,
}

/// What makes pods, and is not read as such.
const MAKES_PODS: [&str; 7] =
    ["StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Rollout", "WorkloadGroup"];

impl<'a> Context<'a> {
    pub(in crate::analyze) fn new(objects: &'a Objects, mesh: &'a Mesh, policies: &'a PolicySet) -> Self {
        let mut context = Self {
            objects,
            mesh,
            policies,
            workloads: Workloads::index(mesh, policies),
            peers: Vec::new(),
            rules: Vec::new(),
            namespaces: BTreeMap::new(),
            mentioned: BTreeSet::new(),
            unread: BTreeSet::new(),
        };
        for object in objects.iter() {
            context.mentioned.insert(&object.key.name.namespace);
            if makes_unread_pods(object) {
                context.unread.insert(namespace_of(object));
            }
            match &object.content {
                Content::Namespace(namespace) => {
                    context.mentioned.insert(&namespace.name);
                    context.namespaces.insert(&namespace.name, (object, namespace));
                }
                Content::PeerAuthentication(policy) => context.peers.push(Peers { object, policy }),
                Content::AuthorizationPolicy(policy) => context.rules.push(Rules { object, policy }),
                _ => {}
            }
        }
        context
    }

    /// Whether every pod of `namespace`, or of all namespaces, has been read. Else nobody can say that there is none.
    pub(in crate::analyze) fn knows_all_pods(&self, namespace: Option<&str>) -> bool {
        let unread = namespace.map_or(!self.unread.is_empty(), |namespace| self.unread.contains(namespace));
        self.workloads.any() && !unread
    }

    /// Where mesh-wide policies live.
    pub(in crate::analyze) fn root(&self) -> &'a str {
        &self.mesh.settings().root_namespace
    }

    /// Whether `namespace` is the root namespace.
    pub(in crate::analyze) fn is_root(&self, namespace: &str) -> bool {
        self.root() == namespace
    }

    /// The workloads that a PeerAuthentication is for, if it is one that is not ignored.
    pub(in crate::analyze) fn reached_by_peers(&self, policy: &'a PeerAuthentication) -> Rc<Reached<'a>> {
        let namespace = (!self.is_root(&policy.name.namespace)).then_some(&*policy.name.namespace);
        self.workloads.reached(Query { namespace, labels: policy.labels() })
    }

    /// The workloads that an AuthorizationPolicy is for, if it is one that a ztunnel gets.
    pub(in crate::analyze) fn reached_by_rules(&self, policy: &'a AuthorizationPolicy) -> Rc<Reached<'a>> {
        let own = (!self.is_root(&policy.name.namespace)).then_some(&*policy.name.namespace);
        self.workloads.reached(match policy.scope(self.root()) {
            Scope::Global => Query { namespace: None, labels: None },
            Scope::Namespace => Query { namespace: own, labels: None },
            Scope::WorkloadSelector => Query { namespace: own, labels: policy.selector.as_ref() },
        })
    }
}

fn makes_unread_pods(object: &Object) -> bool {
    let kind = object.key.kind.as_str();
    let is_empty = matches!(&object.content, Content::Workloads(workloads) if workloads.is_empty());
    MAKES_PODS.contains(&kind) || (kind == "Deployment" && is_empty)
}

/// The namespace of an object; kinds that are not read keep it as it was written.
pub(in crate::analyze) fn namespace_of(object: &Object) -> &str {
    match &*object.key.name.namespace {
        "" => "default",
        namespace => namespace,
    }
}
