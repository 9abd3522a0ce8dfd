//! Findings about certificates.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::analyze::CertificateFinding;

/// All findings about what was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LintView {
    /// How many are errors.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many are remarks.
    pub infos: usize,
    /// The findings, in the order of the files.
    pub findings: Vec<LintFindingView>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LintFindingView {
    /// Which rule, as `several-uri-sans`.
    pub id: String,
    /// `Error`, `Warning` or `Info`.
    pub level: String,
    /// The file.
    pub source: String,
    /// Which certificate of the file, from 1; absent when it is about the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<usize>,
    /// What was expected, and what was found.
    pub message: String,
    /// Who would refuse it, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_by: Vec<String>,
    /// What to do.
    pub fix: String,
}

impl LintFindingView {
    /// One finding about something in `source`.
    pub fn of(source: &str, finding: &CertificateFinding) -> Self {
        Self {
            id: finding.rule.id.to_owned(),
            level: finding.rule.level.to_string(),
            source: source.to_owned(),
            certificate: finding.place.map(|place| place + 1),
            message: finding.message.clone(),
            refused_by: finding.rule.refused_by.iter().map(ToString::to_string).collect(),
            fix: finding.rule.fix.to_owned(),
        }
    }
}

impl Kind for LintView {
    const KIND: &'static str = "CertificateLint";
}
