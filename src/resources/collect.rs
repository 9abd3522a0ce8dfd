//! Documents one by one, whatever their kind, into what a mesh is built from.

use std::collections::HashMap;
use std::sync::Arc;

use crate::mesh::{MeshSpec, Name, NamespaceSpec, ServiceSpec, Source, nearest};
use crate::policy::PeerAuthentication;
use crate::resources::error::LoadError;
use crate::resources::fields::Fields;
use crate::resources::ignored::{IgnoredKind, meaning, must_not_be_skipped};
use crate::resources::input::File;
use crate::resources::mesh_config::{istio_operator, mesh_config};
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::peer_authentication::peer_authentication;
use crate::resources::pod::{deployment, pod};
use crate::resources::service::service;
use crate::resources::workload_entry::workload_entry;

/// The kinds that are read, for "did you mean".
const KINDS: [&str; 12] = [
    "Namespace",
    "ServiceAccount",
    "Service",
    "Pod",
    "Deployment",
    "WorkloadEntry",
    "PeerAuthentication",
    "AuthorizationPolicy",
    "RequestAuthentication",
    "MeshConfig",
    "IstioOperator",
    "List",
];

/// What has been read so far.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) spec: MeshSpec,
    pub(crate) peer_authentications: Vec<Arc<PeerAuthentication>>,
    pub(crate) ignored: Vec<IgnoredKind>,
    policies: HashMap<Name, Source>,
}

impl Collected {
    /// Reads one document; the errors know where in `file` they are.
    pub(crate) fn document(&mut self, file: &File, node: &Node, errors: &mut Vec<LoadError>) {
        if let Err(problem) = self.read(file, node, errors) {
            errors.push(file.error(problem));
        }
    }

    fn read(&mut self, file: &File, node: &Node, errors: &mut Vec<LoadError>) -> Result<(), Problem> {
        let document = Fields::of(node, "a document")?;
        let source = file.source(node.at);
        match document.required_text("kind")? {
            "List" => {
                for item in document.list("items")? {
                    self.document(file, item, errors);
                }
            }
            "Namespace" => self.spec.namespaces.push(namespace(document, source)?),
            "Pod" => self.spec.workloads.extend(pod(document, source)?),
            "Deployment" => self.spec.workloads.extend(deployment(document, &source)?),
            "WorkloadEntry" => self.spec.workloads.push(workload_entry(document, source)?),
            "Service" => self.service(file, document, source, errors)?,
            "PeerAuthentication" => self.peer_authentication(document, source)?,
            "MeshConfig" => mesh_config(document, &mut self.spec.settings)?,
            "IstioOperator" => istio_operator(document, &mut self.spec.settings)?,
            // Identities come from the pods; the document adds nothing to them.
            "ServiceAccount" => {}
            kind => self.other(kind, document, source)?,
        }
        Ok(())
    }

    fn service(
        &mut self,
        file: &File,
        document: Fields<'_>,
        source: Source,
        errors: &mut Vec<LoadError>,
    ) -> Result<(), Problem> {
        let (service, named) = service(document, source)?;
        let dangling = named.into_iter().filter_map(|(name, at)| self.dangling(&service, &name, at));
        errors.extend(dangling.map(|problem| file.error(problem)));
        self.spec.services.push(service);
        Ok(())
    }

    /// A target port by a name that no pod behind the service has. Pods that come later in the input are not known yet,
    /// and neither is whether there are any: only pods that are there and lack the name make it an error.
    fn dangling(&self, service: &ServiceSpec, port: &str, at: At) -> Option<Problem> {
        let selected = || {
            self.spec.workloads.iter().filter(|workload| {
                workload.name.namespace == service.name.namespace
                    && !service.selector.is_empty()
                    && service.selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
            })
        };
        let names: Vec<&str> =
            selected().flat_map(|workload| &workload.ports).filter_map(|port| port.name.as_deref()).collect();
        if selected().next().is_none() || names.contains(&port) {
            return None;
        }
        let near = nearest(port, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        Some(Problem {
            at,
            code: "resources.dangling_port",
            message: format!(
                "expected a port name of the pods behind this service, found `{}`",
                port.escape_debug()
            ),
            help: near.or_else(|| Some("name the container port, or give its number".to_owned())),
        })
    }

    fn peer_authentication(&mut self, document: Fields<'_>, source: Source) -> Result<(), Problem> {
        let policy = peer_authentication(document, source.clone())?;
        if let Some(first) = self.policies.insert(policy.name.clone(), source) {
            return Err(Problem {
                at: document.map("metadata")?.get("name").map_or_else(|| document.at(), |name| name.at()),
                code: "resources.duplicate_policy",
                message: format!(
                    "PeerAuthentication {} is declared twice: first at {first}, again here",
                    policy.name
                ),
                help: Some("rename one, or delete the one you did not mean".to_owned()),
            });
        }
        self.peer_authentications.push(Arc::new(policy));
        Ok(())
    }

    fn other(&mut self, kind: &str, document: Fields<'_>, source: Source) -> Result<(), Problem> {
        let at = document.get("kind").map_or_else(|| document.at(), |kind| kind.at());
        if must_not_be_skipped(kind) {
            return Err(Problem {
                at,
                code: "resources.not_enforced",
                message: format!(
                    "{kind} is not enforced by this version, and skipping a policy would be a lie"
                ),
                help: Some("remove the document to run without it".to_owned()),
            });
        }
        // An object of nobody's kind with a name like one of ours is a typo.
        let istio = document.text("apiVersion")?.is_some_and(|version| version.contains("istio.io/"));
        if let (true, Some(near)) =
            (istio, nearest(kind, KINDS.into_iter()).filter(|near| *near != kind && similar(near, kind)))
        {
            return Err(Problem {
                at,
                code: "resources.unknown_kind",
                message: format!("expected a kind of Istio's, found `{}`", kind.escape_debug()),
                help: Some(format!("did you mean `{near}`?")),
            });
        }
        match self.ignored.iter_mut().find(|ignored| ignored.kind == kind) {
            Some(ignored) => ignored.count += 1,
            None => {
                let meaning = meaning(kind);
                self.ignored.push(IgnoredKind { kind: kind.to_owned(), count: 1, first: source, meaning });
            }
        }
        Ok(())
    }
}

/// Near enough to be a slip: the same length, give or take two letters.
fn similar(near: &str, kind: &str) -> bool {
    near.len().abs_diff(kind.len()) <= 2
}

fn namespace(document: Fields<'_>, source: Source) -> Result<NamespaceSpec, Problem> {
    let metadata = Metadata::read(document)?;
    Ok(NamespaceSpec { name: metadata.name.name.to_string(), labels: metadata.labels, source })
}
