//! The little of a VirtualService that is read: a catch-all route to one subset, without which a subset's policy is never
//! in force (reference/policy.md 3.2).

use std::fmt;
use std::time::SystemTime;

use crate::mesh::{Name, Source};

/// A VirtualService whose route without `match` sends everything to one subset of the host itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsetRoute {
    /// Namespace and name of the VirtualService.
    pub name: Name,
    /// `spec.hosts` as written.
    pub hosts: Vec<String>,
    /// The route's `destination.host` as written.
    pub destination: String,
    /// Its `destination.subset`.
    pub subset: String,
    /// Its `destination.port.number`: then only connections to that service port are meant.
    pub port: Option<u16>,
    /// `spec.exportTo`.
    pub export_to: Vec<String>,
    /// `metadata.creationTimestamp`.
    pub created: Option<SystemTime>,
    /// Where the route's destination stands.
    pub source: Source,
}

impl SubsetRoute {
    /// Of two routes for one host the older one holds.
    pub(in crate::policy) fn age_key(&self) -> (bool, Option<SystemTime>, &str, &str) {
        (self.created.is_none(), self.created, &self.name.name, &self.name.namespace)
    }
}

impl fmt::Display for SubsetRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualService {} at {}", self.name, self.source)
    }
}
