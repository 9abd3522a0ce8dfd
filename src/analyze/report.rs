//! What the analyzers write into.

use std::collections::HashMap;

use crate::analyze::code::Code;
use crate::analyze::finding::Finding;
use crate::resources::{Edit, Object, ObjectKey, Path, Places};

/// A finding before its place is looked up.
pub(in crate::analyze) struct Draft<'a> {
    pub(in crate::analyze) code: &'static Code,
    pub(in crate::analyze) object: &'a Object,
    pub(in crate::analyze) at: Path,
    pub(in crate::analyze) message: String,
    pub(in crate::analyze) why: String,
    pub(in crate::analyze) fix: String,
    pub(in crate::analyze) change: Change,
}

/// What `--fix` would do.
pub(in crate::analyze) enum Change {
    /// Nothing: the fix takes a decision.
    ByHand,
    /// Writes `new` where exactly `old` stands.
    Replace { at: Path, old: String, new: String },
    /// Removes the entry of a map.
    Remove { at: Path },
}

/// The findings so far.
#[derive(Default)]
pub(in crate::analyze) struct Report {
    places: Places,
    findings: Vec<Finding>,
    suppressed: HashMap<ObjectKey, Vec<String>>,
}

/// With this annotation an object silences codes, as for istioctl: a list with commas, or `*`.
const SUPPRESS: &str = "galley.istio.io/analyze-suppress";

impl Report {
    /// The trees of the documents, for what the objects themselves do not keep.
    pub(in crate::analyze) fn places(&mut self) -> &mut Places {
        &mut self.places
    }

    /// Takes a finding, unless its object silences it.
    pub(in crate::analyze) fn add(&mut self, draft: Draft<'_>) {
        if self.is_suppressed(draft.object, draft.code.id) {
            return;
        }
        let patch = self.patch(draft.object, &draft.change);
        self.findings.push(Finding {
            code: draft.code,
            object: Some(draft.object.key.clone()),
            mark: self.places.mark(draft.object, &draft.at),
            message: draft.message,
            why: draft.why,
            fix: draft.fix,
            patch: patch.into_iter().collect(),
        });
    }

    /// Takes a finding, if there is one.
    pub(in crate::analyze) fn add_if_any(&mut self, draft: Option<Draft<'_>>) {
        if let Some(draft) = draft {
            self.add(draft);
        }
    }

    /// The findings in the order of files and lines.
    pub(in crate::analyze) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by(|left, right| place(left).cmp(&place(right)));
        self.findings
    }

    fn patch(&mut self, object: &Object, change: &Change) -> Option<Edit> {
        match change {
            Change::ByHand => None,
            Change::Replace { at, old, new } => self.places.replace(object, at, old, new),
            Change::Remove { at } => self.places.remove(object, at),
        }
    }

    fn is_suppressed(&mut self, object: &Object, code: &str) -> bool {
        let places = &mut self.places;
        let codes = self.suppressed.entry(object.key.clone()).or_insert_with(|| {
            let path = Path::new("metadata.annotations").key(SUPPRESS);
            let text = places.scalar(object, &path).unwrap_or_default();
            text.split(',').map(|code| code.trim().to_owned()).collect()
        });
        codes.iter().any(|silenced| silenced == "*" || silenced == code)
    }
}

fn place(finding: &Finding) -> (&str, u32, usize, &str) {
    let mark = &finding.mark;
    (&mark.source.file, mark.source.line, mark.column, finding.code.id)
}
