//! What may be behind an error text.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::knowledge::{Causes, KnownAlert, Match, Row};

/// The answer to a text or a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CausesView {
    /// How many lines were looked at that are not empty.
    pub lines: usize,
    /// How many of them something is known about.
    pub known_lines: usize,
    /// Whether the text was too long, and its end was not looked at.
    pub truncated: bool,
    /// The TLS alerts that occur.
    pub alerts: Vec<AlertView>,
    /// What was recognised, the most specific first.
    pub matches: Vec<MatchView>,
    /// The causes, the likeliest first.
    pub causes: Vec<CauseView>,
}

impl CausesView {
    /// The first `limit` causes; `next` says which commands decide about one, as a higher room knows more of them.
    pub fn of(causes: &Causes, limit: usize, next: impl Fn(&Row) -> Vec<String>) -> Self {
        Self {
            lines: causes.lines,
            known_lines: causes.known,
            truncated: causes.truncated,
            alerts: causes.alerts.iter().copied().map(AlertView::of).collect(),
            matches: causes.matches.iter().map(MatchView::of).collect(),
            causes: causes
                .ranked()
                .into_iter()
                .take(limit)
                .map(|(row, _)| CauseView::of(row, next(row)))
                .collect(),
        }
    }
}

impl Kind for CausesView {
    const KIND: &'static str = "Causes";
}

/// A TLS alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertView {
    /// The number on the wire.
    pub number: u8,
    /// The RFC's name.
    pub name: String,
    /// What it tells.
    pub meaning: String,
    /// Who sends it.
    pub sent_by: String,
}

impl AlertView {
    fn of(alert: &KnownAlert) -> Self {
        Self {
            number: alert.number,
            name: alert.name.to_owned(),
            meaning: alert.meaning.to_owned(),
            sent_by: alert.sent_by.to_owned(),
        }
    }
}

/// A symptom that was recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchView {
    /// How many lines say so.
    pub count: usize,
    /// The first of them, from 1.
    pub line: usize,
    /// The part of that line that matters.
    pub excerpt: String,
    /// What was recognised in it.
    pub evidence: String,
    /// How specific that is: from 1000 on it means one cause, from 500 on one of several.
    pub score: u32,
    /// Whether the text alone leaves several causes.
    pub ambiguous: bool,
    /// The ids of the causes, the likeliest first.
    pub causes: Vec<String>,
}

impl MatchView {
    fn of(found: &Match) -> Self {
        Self {
            count: found.count,
            line: found.line,
            excerpt: found.excerpt.clone(),
            evidence: found.evidence.to_string(),
            score: found.score,
            ambiguous: found.is_ambiguous(),
            causes: found.rows.iter().map(|row| row.id.to_owned()).collect(),
        }
    }
}

/// A row of what is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseView {
    /// The row: `B25`.
    pub id: String,
    /// The same in words.
    pub name: String,
    /// What it is about: `certificates`.
    pub area: String,
    /// What it is, in one line.
    pub title: String,
    /// What happened, and why.
    pub story: String,
    /// Why people are led astray; absent where they are not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub confusing: String,
    /// How to know that it is this one.
    pub tells_apart: String,
    /// What makes it go away.
    pub fix: String,
    /// Commands that decide it.
    pub next: Vec<String>,
    /// Where this is known from.
    pub sources: Vec<String>,
}

impl CauseView {
    /// A row as others read it, with the commands that decide about it.
    pub fn of(row: &Row, next: Vec<String>) -> Self {
        Self {
            id: row.id.to_owned(),
            name: row.name.to_owned(),
            area: row.area.to_string(),
            title: row.title.to_owned(),
            story: row.story.to_owned(),
            confusing: row.confusing.to_owned(),
            tells_apart: row.tells_apart.to_owned(),
            fix: row.fix.to_owned(),
            next,
            sources: row.sources.iter().map(|source| (*source).to_owned()).collect(),
        }
    }
}
