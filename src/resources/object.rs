//! One document as it was read: what it is called, where it stands, and what it says.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::mesh::{Name, NamespaceSpec, ServiceSpec, Settings, Source, WorkloadSpec};
use crate::policy::{AuthorizationPolicy, DestinationRule, PeerAuthentication, SubsetRoute};
use crate::resources::findings::Warning;
use crate::resources::input::File;
use crate::resources::node::{At, Node};
use crate::resources::own_document::OwnDocument;
use crate::resources::request_authentication::RequestAuthentication;

/// What an object is called among all others; kinds without namespaces have an empty one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// `PeerAuthentication`, or `Service.serving.knative.dev` for somebody else's kind of a name that is also ours.
    pub kind: String,
    /// Namespace and name.
    pub name: Name,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.namespace.is_empty() {
            true => write!(f, "{} {}", self.kind, self.name.name),
            false => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// One document.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it is called.
    pub key: ObjectKey,
    /// Where it is declared.
    pub source: Source,
    /// What it says.
    pub content: Content,
    /// When it was read, for its age where it has no creation time.
    pub read_at: SystemTime,
    /// What Istio would warn of when it is applied; `istioctl analyze` reports these as IST0133.
    pub warnings: Vec<Warning>,
    pub(in crate::resources) file: Arc<File>,
    pub(in crate::resources) at: At,
    /// Equal for two documents that say the same, wherever they stand.
    pub(in crate::resources) fingerprint: u64,
}

/// What a document says, by kind.
#[derive(Clone, Debug)]
pub enum Content {
    /// A namespace.
    Namespace(NamespaceSpec),
    /// A Pod, the replicas of a Deployment, or a WorkloadEntry. A pod that has ended is none.
    Workloads(Vec<WorkloadSpec>),
    /// A service, with the target ports that only the workloads can resolve.
    Service(Box<ServiceSpec>, Vec<NamedTarget>),
    /// A PeerAuthentication.
    PeerAuthentication(Arc<PeerAuthentication>),
    /// An AuthorizationPolicy.
    AuthorizationPolicy(Arc<AuthorizationPolicy>),
    /// A DestinationRule.
    DestinationRule(Arc<DestinationRule>),
    /// A VirtualService that sends everything to one subset; any other is `Ignored`.
    SubsetRoute(Arc<SubsetRoute>),
    /// A RequestAuthentication. Tokens are HTTP's: without a waypoint nobody looks at them (reference/policy.md 5).
    RequestAuthentication(Arc<RequestAuthentication>),
    /// A MeshConfig or an IstioOperator.
    Settings(Box<Settings>),
    /// A scenario, which is no part of the mesh: whoever runs it reads it.
    Scenario(Arc<OwnDocument>),
    /// A kind that adds nothing to what the others say: identities come from the pods, not from ServiceAccounts.
    Nothing,
    /// A kind that is not read.
    Ignored,
}

/// A target port by name, still to be found on a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTarget {
    pub(in crate::resources) port: String,
    pub(in crate::resources) at: At,
}

impl Object {
    /// The workloads of a document, if it is one of workloads.
    pub(in crate::resources) fn workloads(&self) -> &[WorkloadSpec] {
        match &self.content {
            Content::Workloads(workloads) => workloads,
            _ => &[],
        }
    }

    pub(in crate::resources) fn new(
        kind: &str,
        name: Name,
        (file, node): (&Arc<File>, &Node),
        (content, warnings): (Content, Vec<Warning>),
    ) -> Self {
        Self {
            key: ObjectKey { kind: kind.to_owned(), name },
            source: file.source(node.at),
            content,
            read_at: SystemTime::now(),
            warnings,
            file: Arc::clone(file),
            at: node.at,
            fingerprint: node.fingerprint(),
        }
    }
}
