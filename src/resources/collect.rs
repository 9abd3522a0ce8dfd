//! Documents one by one, whatever their kind, into objects.

use std::collections::HashMap;
use std::sync::Arc;

use crate::mesh::{Name, NamespaceSpec, Settings, Source};
use crate::resources::authorization_policy::{WITHOUT_RULES, authorization_policy};
use crate::resources::backend::misplaced;
use crate::resources::destination_rule::destination_rule;
use crate::resources::error::{LoadError, LoadErrors};
use crate::resources::fields::Fields;
use crate::resources::findings::{Findings, Warning};
use crate::resources::input::File;
use crate::resources::kinds::{Kind, kind};
use crate::resources::mesh_config::{istio_operator, mesh_config};
use crate::resources::metadata::Metadata;
use crate::resources::node::{At, Node};
use crate::resources::object::{Content, Object};
use crate::resources::own_document::OwnDocument;
use crate::resources::parse::Problem;
use crate::resources::peer_authentication::peer_authentication;
use crate::resources::pod::{deployment, pod};
use crate::resources::request_authentication::request_authentication;
use crate::resources::service::service;
use crate::resources::shape::{LABEL, SUBDOMAIN};
use crate::resources::virtual_service::virtual_service;
use crate::resources::workload_entry::workload_entry;
use crate::resources::ztunnel::{Part, is_ztunnel, ztunnel};

/// What has been read so far.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) objects: Vec<Object>,
    /// Whether a policy that Istio refuses because it is pointless is taken as it is.
    as_is: bool,
    /// Where each policy is declared, by kind and name: of two with one name, one would be lost without a word.
    policies: HashMap<(String, Name), Source>,
    /// Where the mesh-wide settings come from.
    settings: Option<Source>,
}

impl Collected {
    /// Takes what is pointless as it is.
    pub(crate) fn as_is() -> Self {
        Self { as_is: true, ..Self::default() }
    }

    /// Reads one document; the errors know where in `file` they are. Enough errors are enough.
    pub(crate) fn document(&mut self, file: &Arc<File>, node: &Node, errors: &mut Vec<LoadError>) {
        if errors.len() >= LoadErrors::MOST {
            return;
        }
        if let Err(problem) = self.read(file, node, errors) {
            errors.push(file.error(problem));
        }
    }

    fn read(&mut self, file: &Arc<File>, node: &Node, errors: &mut Vec<LoadError>) -> Result<(), Problem> {
        let document = Fields::of_document(node)?;
        let mut findings = Findings::default();
        if is_ztunnel(document) {
            let parts = ztunnel(file, node, &mut findings);
            if let Some((parts, _)) = self.finish(file, parts, findings, errors)? {
                return self.take_all(file, parts);
            }
            return Ok(());
        }
        let kind = kind(document)?;
        if let Kind::Known("List") = kind {
            for item in document.list("items")? {
                self.document(file, item, errors);
            }
            return Ok(());
        }
        let content = content(&kind, document, (file, node), &mut findings);
        let Some((content, warnings)) = self.finish(file, content, findings, errors)? else { return Ok(()) };
        let name = name(document, &content)?;
        let at = document.map("metadata")?.get("name").map_or_else(|| document.at(), |name| name.at());
        self.take(Object::new(kind.name(), name, (file, node), (content, warnings)), at)
    }

    fn take_all(&mut self, file: &Arc<File>, parts: Vec<Part<'_>>) -> Result<(), Problem> {
        for Part { kind, name, node, content } in parts {
            self.take(Object::new(kind, name, (file, node), (content, Vec::new())), node.at)?;
        }
        Ok(())
    }

    fn take(&mut self, object: Object, at: At) -> Result<(), Problem> {
        self.only_once(at, &object)?;
        self.objects.push(object);
        Ok(())
    }

    /// What was read, with the warnings; `None` when the mistakes that go to `errors` spoil it.
    fn finish<T>(
        &self,
        file: &File,
        read: Result<T, Problem>,
        findings: Findings,
        errors: &mut Vec<LoadError>,
    ) -> Result<Option<(T, Vec<Warning>)>, Problem> {
        let (mut problems, warnings) = findings.finish(file);
        problems.retain(|problem| !self.as_is || problem.code != WITHOUT_RULES);
        let spoilt = !problems.is_empty();
        errors.extend(problems.into_iter().map(|problem| file.error(problem)));
        let read = read?;
        Ok((!spoilt).then_some((read, warnings)))
    }

    /// Refuses a second object of kinds where the second would silently win or lose.
    fn only_once(&mut self, at: At, object: &Object) -> Result<(), Problem> {
        match &object.content {
            Content::Settings(_) => match self.settings.replace(object.source.clone()) {
                Some(first) => Err(Problem {
                    at,
                    code: "resources.duplicate_settings",
                    message: format!(
                        "the settings of the mesh are declared twice: first at {first}, again here"
                    ),
                    help: Some("keep one MeshConfig or IstioOperator".to_owned()),
                }),
                None => Ok(()),
            },
            Content::PeerAuthentication(_)
            | Content::AuthorizationPolicy(_)
            | Content::RequestAuthentication(_)
            | Content::DestinationRule(_) => {
                let key = (object.key.kind.clone(), object.key.name.clone());
                match self.policies.insert(key, object.source.clone()) {
                    Some(first) => Err(duplicate(at, object, &first)),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// What a document of that kind says.
fn content(
    kind: &Kind<'_>,
    document: Fields<'_>,
    (file, node): (&Arc<File>, &Node),
    findings: &mut Findings,
) -> Result<Content, Problem> {
    let Kind::Known(kind) = kind else { return Ok(Content::Ignored) };
    let source = file.source(node.at);
    Ok(match *kind {
        "Namespace" => Content::Namespace(namespace(document, source)?),
        "Pod" => Content::Workloads(pod(document, source)?.into_iter().collect()),
        "Deployment" => Content::Workloads(deployment(document, &source)?),
        "WorkloadEntry" => Content::Workloads(vec![workload_entry(document, source)?]),
        "Service" => {
            let (service, named) = service(document, source)?;
            Content::Service(Box::new(service), named)
        }
        "PeerAuthentication" => {
            Content::PeerAuthentication(Arc::new(peer_authentication(document, source, findings)?))
        }
        "AuthorizationPolicy" => {
            Content::AuthorizationPolicy(Arc::new(authorization_policy(document, source, findings)?))
        }
        "RequestAuthentication" => {
            Content::RequestAuthentication(Arc::new(request_authentication(document, source, findings)?))
        }
        "DestinationRule" => Content::DestinationRule(Arc::new(destination_rule(document, file, source)?)),
        "VirtualService" => match virtual_service(document, file)? {
            Some(route) => Content::SubsetRoute(Arc::new(route)),
            None => Content::Ignored,
        },
        "Scenario" => Content::Scenario(Arc::new(OwnDocument::new(file, node))),
        "MeshConfig" => Content::Settings(Box::new(settings(document)?)),
        "IstioOperator" => Content::Settings(Box::new(settings(istio_operator(document)?)?)),
        // Only `ServiceAccount` is left of the known kinds.
        _ => Content::Nothing,
    })
}

/// What an object is called. Documents that nobody reads may lack a name, and settings often do.
fn name(document: Fields<'_>, content: &Content) -> Result<Name, Problem> {
    match content {
        Content::Namespace(namespace) => Ok(Name::new("", namespace.name.as_str())),
        Content::Ignored | Content::Nothing | Content::Settings(_) | Content::Scenario(_) => {
            let metadata = document.map("metadata")?;
            let text = |field| metadata.get(field).and_then(|found| found.node().value.as_text());
            Ok(Name::new(text("namespace").unwrap_or_default(), text("name").unwrap_or_default()))
        }
        _ => Ok(Metadata::read(document)?.name),
    }
}

fn settings(fields: Fields<'_>) -> Result<Settings, Problem> {
    let mut settings = Settings::default();
    mesh_config(fields, &mut settings)?;
    Ok(settings)
}

fn duplicate(at: At, object: &Object, first: &Source) -> Problem {
    Problem {
        at,
        code: "resources.duplicate_policy",
        message: format!("{} is declared twice: first at {first}, again here", object.key),
        help: Some("rename one, or delete the one you did not mean".to_owned()),
    }
}

fn namespace(document: Fields<'_>, source: Source) -> Result<NamespaceSpec, Problem> {
    let metadata = document.map("metadata")?;
    misplaced(metadata, "Namespace")?;
    metadata.required_text("name")?;
    let name = metadata.name("name", &SUBDOMAIN)?.unwrap_or_default().to_owned();
    metadata.name("name", &LABEL)?;
    Ok(NamespaceSpec { name, labels: metadata.labels("labels")?, source })
}

#[cfg(test)]
mod tests;
