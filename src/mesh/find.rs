//! Names as people type them, and the nearest name when there is none.

use std::fmt;
use std::sync::Arc;

use crate::mesh::name::Name;
use crate::mesh::registry::{Mesh, Owner};
use crate::mesh::service::Service;
use crate::mesh::workload::Workload;
use crate::reason::{Reason, Side, shown};

/// A name that the mesh does not know.
#[derive(Clone, Debug, thiserror::Error)]
pub struct UnknownName {
    /// What was typed.
    pub typed: String,
    /// What kind of thing was asked for.
    pub wanted: &'static str,
    /// The nearest name that exists.
    pub nearest: Option<String>,
    /// Every name that would have done, for a mesh small enough to list.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} is called `{}`", self.wanted, shown(&self.typed))?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl Reason for UnknownName {
    fn code(&self) -> &'static str {
        "mesh.unknown_name"
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        (self.known.len() <= 20).then(|| format!("there are: {}", self.known.join(", ")))
    }
}

impl Mesh {
    /// The workload that `text` means: `reviews`, `reviews.default`, `default/reviews`, a SPIFFE ID, a pod address,
    /// or the name of its Deployment or of a service in front of it (then its first pod).
    ///
    /// A bare name is looked for in `default` first and then in every namespace, if only one has it.
    ///
    /// # Errors
    ///
    /// [`UnknownName`] with the nearest name.
    pub fn find_workload(&self, text: &str) -> Result<Arc<Workload>, UnknownName> {
        let found = self.by_text(text).or_else(|| match self.find_service(text)? {
            service if service.endpoints.is_empty() => None,
            service => service.endpoints.first().map(|endpoint| Arc::clone(&endpoint.workload)),
        });
        found.ok_or_else(|| self.unknown(text))
    }

    /// The service that `text` means, in the forms of [`Mesh::find_workload`].
    pub fn find_service(&self, text: &str) -> Option<Arc<Service>> {
        if let Some(Owner::Service(service)) = text.parse().ok().and_then(|ip| self.owner(ip)) {
            return Some(Arc::clone(service));
        }
        if let Some((namespace, name)) = text.split_once('/') {
            return self.service(&Name::new(namespace, name)).cloned();
        }
        let elsewhere = || only(self.services().filter(|service| *service.name.name == *text));
        self.resolve(text, "default").or_else(elsewhere).cloned()
    }

    fn by_text(&self, text: &str) -> Option<Arc<Workload>> {
        if let Some(workload) = text.parse().ok().and_then(|ip| self.workload_at(ip)) {
            return Some(Arc::clone(workload));
        }
        if text.starts_with("spiffe://") {
            return self.workloads().find(|workload| workload.identity.to_string() == text).cloned();
        }
        if let Some((namespace, name)) = text.split_once('/') {
            return self.in_namespace(namespace, name);
        }
        let dotted = text.rsplit_once('.').and_then(|(name, namespace)| self.in_namespace(namespace, name));
        dotted
            .or_else(|| self.in_namespace("default", text))
            .or_else(|| only(self.workloads().filter(|workload| is_called(workload, text))).cloned())
    }

    fn in_namespace(&self, namespace: &str, name: &str) -> Option<Arc<Workload>> {
        let exact = self.workload(&Name::new(namespace, name));
        exact.or_else(|| self.workloads_in(namespace).find(|workload| is_called(workload, name))).cloned()
    }

    fn unknown(&self, typed: &str) -> UnknownName {
        let known: Vec<String> = self.workloads().map(|workload| workload.name.dotted()).collect();
        let wanted = typed.replace('/', ".");
        let nearest = nearest(&wanted, known.iter().map(String::as_str)).map(str::to_owned);
        UnknownName { typed: typed.to_owned(), wanted: "workload or service", nearest, known }
    }
}

fn is_called(workload: &Workload, name: &str) -> bool {
    *workload.name.name == *name || workload.controller == name
}

fn only<'a, T>(mut items: impl Iterator<Item = &'a T>) -> Option<&'a T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// The candidate nearest to `typed`, if one is near enough to be a slip of the hand.
pub fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let score =
        |candidate: &str| strsim::jaro_winkler(&typed.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
    let scored = candidates.map(|candidate| (score(candidate), candidate));
    // 0.8 is where clap, too, stops calling a word similar.
    scored
        .filter(|(score, _)| *score > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, best)| best)
}
