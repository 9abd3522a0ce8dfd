//! Documents one by one, whatever their kind, into what a mesh is built from.

use std::collections::HashMap;
use std::sync::Arc;

use crate::mesh::{MeshSpec, Name, NamespaceSpec, Source};
use crate::policy::PeerAuthentication;
use crate::resources::backend::misplaced;
use crate::resources::error::{LoadError, LoadErrors};
use crate::resources::fields::Fields;
use crate::resources::ignored::{IgnoredKind, meaning};
use crate::resources::input::File;
use crate::resources::kinds::{Kind, kind};
use crate::resources::mesh_config::{istio_operator, mesh_config};
use crate::resources::metadata::Metadata;
use crate::resources::node::Node;
use crate::resources::parse::Problem;
use crate::resources::peer_authentication::peer_authentication;
use crate::resources::pod::{deployment, pod};
use crate::resources::service::service;
use crate::resources::shape::LABEL;
use crate::resources::target_port::{NamedTarget, Selected};
use crate::resources::workload_entry::workload_entry;

/// What has been read so far.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) spec: MeshSpec,
    pub(crate) peer_authentications: Vec<Arc<PeerAuthentication>>,
    pub(crate) ignored: Vec<IgnoredKind>,
    policies: HashMap<Name, Source>,
    /// Where the mesh-wide settings come from.
    settings: Option<Source>,
    named: Vec<NamedTarget>,
}

impl Collected {
    /// Reads one document; the errors know where in `file` they are. Enough errors are enough.
    pub(crate) fn document(&mut self, file: &File, node: &Node, errors: &mut Vec<LoadError>) {
        if errors.len() >= LoadErrors::MOST {
            return;
        }
        if let Err(problem) = self.read(file, node, errors) {
            errors.push(file.error(problem));
        }
    }

    /// What is wrong between the documents of `files`, once all of them have been read.
    pub(crate) fn between(&self, files: &[File], errors: &mut Vec<LoadError>) {
        if self.named.is_empty() {
            return;
        }
        let selected = Selected::index(&self.spec);
        for target in &self.named {
            if errors.len() >= LoadErrors::MOST {
                return;
            }
            let Some((service, problem)) = selected.dangling(target) else { continue };
            let file = files.iter().find(|file| file.name == service.source.file);
            errors.extend(file.map(|file| file.error(problem)));
        }
    }

    fn read(&mut self, file: &File, node: &Node, errors: &mut Vec<LoadError>) -> Result<(), Problem> {
        let document = Fields::of_document(node)?;
        let source = file.source(node.at);
        let kind = match kind(document)? {
            Kind::Known(kind) => kind,
            Kind::Other(kind) => {
                self.ignore(kind, source);
                return Ok(());
            }
        };
        match kind {
            "List" => {
                for item in document.list("items")? {
                    self.document(file, item, errors);
                }
            }
            "Namespace" => self.spec.namespaces.push(namespace(document, source)?),
            "Pod" => self.spec.workloads.extend(pod(document, source)?),
            "Deployment" => self.spec.workloads.extend(deployment(document, &source)?),
            "WorkloadEntry" => self.spec.workloads.push(workload_entry(document, source)?),
            "Service" => self.service(document, source)?,
            "PeerAuthentication" => self.peer_authentication(document, source)?,
            "MeshConfig" => self.settings(document, document, source)?,
            "IstioOperator" => self.settings(document, istio_operator(document)?, source)?,
            // Identities come from the pods; the document adds nothing to them.
            "ServiceAccount" => {}
            policy => return Err(not_enforced(policy, document)),
        }
        Ok(())
    }

    fn service(&mut self, document: Fields<'_>, source: Source) -> Result<(), Problem> {
        let (service, named) = service(document, source)?;
        let index = self.spec.services.len();
        self.named.extend(named.into_iter().map(|(port, at)| NamedTarget { service: index, port, at }));
        self.spec.services.push(service);
        Ok(())
    }

    fn settings(&mut self, document: Fields<'_>, fields: Fields<'_>, source: Source) -> Result<(), Problem> {
        mesh_config(fields, &mut self.spec.settings)?;
        match self.settings.replace(source) {
            Some(first) => Err(Problem {
                at: document.at(),
                code: "resources.duplicate_settings",
                message: format!("the settings of the mesh are declared twice: first at {first}, again here"),
                help: Some("keep one MeshConfig or IstioOperator".to_owned()),
            }),
            None => Ok(()),
        }
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

    fn ignore(&mut self, kind: String, source: Source) {
        match self.ignored.iter_mut().find(|ignored| ignored.kind == kind) {
            Some(ignored) => ignored.count += 1,
            None => {
                let meaning = meaning(&kind);
                self.ignored.push(IgnoredKind { kind, count: 1, first: source, meaning });
            }
        }
    }
}

/// A policy that was skipped would be silently not enforced.
fn not_enforced(kind: &str, document: Fields<'_>) -> Problem {
    Problem {
        at: document.get("kind").map_or_else(|| document.at(), |kind| kind.at()),
        code: "resources.not_enforced",
        message: format!("{kind} is not enforced by this version, and skipping a policy would be a lie"),
        help: Some("remove the document to run without it".to_owned()),
    }
}

fn namespace(document: Fields<'_>, source: Source) -> Result<NamespaceSpec, Problem> {
    let metadata = Metadata::read(document)?;
    misplaced(metadata.fields, "Namespace")?;
    metadata.fields.name("name", &LABEL)?;
    Ok(NamespaceSpec { name: metadata.name.name.to_string(), labels: metadata.labels, source })
}
