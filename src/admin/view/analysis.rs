//! What `analyze` found, as a document: istioctl's fields, and beside them why, what to do, and the change itself.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::analyze::{Finding, Findings, Level};
use crate::resources::Edit;

/// All findings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisReportView {
    /// How many are errors.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many are merely worth knowing.
    pub infos: usize,
    /// What could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<String>,
    /// In the order of files and lines.
    pub findings: Vec<FindingView>,
    /// All of it as people read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// `IST0127`, `GT1202`.
    pub code: String,
    /// `Info`, `Warning` or `Error`.
    pub level: String,
    /// `AuthorizationPolicy foo/web`; absent for a document that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// `policies.yaml:12`.
    pub reference: String,
    /// The first character that is meant, 1-based.
    pub column: usize,
    /// What is so.
    pub message: String,
    /// The page or the thread that tells the rule.
    pub documentation_url: String,
    /// Why it is so.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub fix: String,
    /// What `--fix` changes: all of it or nothing.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub patch: Vec<EditView>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditView {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// Its first byte in the file.
    pub offset: usize,
    /// What stands there.
    pub before: String,
    /// What shall stand there.
    pub after: String,
}

impl Kind for AnalysisReportView {
    const KIND: &'static str = "AnalysisReport";
}

impl AnalysisReportView {
    /// Mirrors `findings`.
    pub fn of(findings: &Findings) -> Self {
        Self {
            errors: findings.count(Level::Error),
            warnings: findings.count(Level::Warning),
            infos: findings.count(Level::Info),
            unchecked: findings.unchecked.map(str::to_owned),
            findings: findings.findings.iter().map(FindingView::of).collect(),
            text: Some(findings.to_string()),
        }
    }
}

impl FindingView {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code.id.to_owned(),
            level: finding.code.level.to_string(),
            origin: finding.object.as_ref().map(ToString::to_string),
            reference: finding.mark.source.to_string(),
            column: finding.mark.column,
            message: finding.message.clone(),
            documentation_url: finding.code.url(),
            why: finding.why.clone(),
            fix: finding.fix.clone(),
            patch: finding.patch.iter().map(EditView::of).collect(),
        }
    }
}

impl EditView {
    fn of(edit: &Edit) -> Self {
        Self {
            file: edit.file.to_string(),
            line: edit.line,
            offset: edit.range.start,
            before: edit.before.clone(),
            after: edit.after.clone(),
        }
    }
}
