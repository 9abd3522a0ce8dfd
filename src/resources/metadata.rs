//! `metadata`: the same in every kind, and Kubernetes' own, so that unknown fields are skipped.

use std::collections::BTreeMap;
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::mesh::Name;
use crate::resources::fields::Fields;
use crate::resources::parse::Problem;
use crate::resources::shape::{LABEL, SUBDOMAIN};

/// What is read of it.
pub(crate) struct Metadata<'a> {
    /// The map itself, for annotations and their places.
    pub(crate) fields: Fields<'a>,
    /// Namespace and name; without a namespace it is `default`, as kubectl would apply it.
    pub(crate) name: Name,
    /// Labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// When the cluster first saw it.
    pub(crate) created: Option<SystemTime>,
    /// Whether a cluster has taken the object already: then what it refers to is the cluster's business, not a slip.
    pub(crate) from_cluster: bool,
}

impl<'a> Metadata<'a> {
    pub(crate) fn read(document: Fields<'a>) -> Result<Self, Problem> {
        let fields = document.map("metadata")?;
        fields.required_text("name")?;
        let name = fields.name("name", &SUBDOMAIN)?.unwrap_or_default();
        let namespace = fields.name("namespace", &LABEL)?.unwrap_or("default");
        Ok(Self {
            fields,
            name: Name::new(namespace, name),
            labels: fields.labels("labels")?,
            created: created(fields)?,
            from_cluster: fields.get("uid").is_some(),
        })
    }
}

fn created(fields: Fields<'_>) -> Result<Option<SystemTime>, Problem> {
    let Some(found) = fields.get("creationTimestamp") else { return Ok(None) };
    let text = found.text()?;
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(time) => Ok(Some(time.into())),
        Err(error) => Err(Problem {
            at: found.at(),
            code: "resources.timestamp",
            message: format!(
                "expected a time as in 2026-11-21T05:00:00Z, found `{}` ({error})",
                text.escape_debug()
            ),
            help: None,
        }),
    }
}
