//! [`Report`]: what was expected of a scenario, what was observed, and whether that is the same.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::admin::Kind;
use crate::reason::Reason as _;
use crate::scenario::definition::Scenario;
use crate::scenario::error::ScenarioError;
use crate::scenario::observed::Observed;
use crate::telemetry::Record;

/// How a scenario came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Conclusion {
    /// All of it was seen as expected.
    AsExpected,
    /// Something was seen otherwise.
    Differed,
    /// It is not known: something did not end in time.
    Inconclusive,
    /// It could not be played at all.
    Unplayable,
}

/// One line: something that was expected, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Who saw it: `client`, `source`, `destination` or `connection`.
    pub end: String,
    /// What: `verdict`, `code`, ….
    pub aspect: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// Whether that is the same.
    pub ok: bool,
}

/// What came of one client.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientReport {
    /// Its name.
    pub name: String,
    /// What it did: `curl-client → web:80 as raw`.
    pub does: String,
    /// How many connections it made.
    pub runs: u32,
    /// Expected against observed.
    pub rows: Vec<Row>,
    /// Why nothing is known, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inconclusive: Option<String>,
    /// Everything that was seen in the first run, for whoever writes an expectation.
    #[serde(skip)]
    pub seen: Option<Observed>,
    /// The connections that proxies recorded, the first first.
    #[serde(skip)]
    pub records: Vec<Arc<Record>>,
}

/// Why a scenario could not be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// The stable code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether what was written is wrong, and not the machine that should run it.
    pub is_mistake: bool,
}

/// What came of a scenario.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// File and line.
    pub source: String,
    /// How it came out.
    pub conclusion: Conclusion,
    /// How long it took, in nanoseconds.
    pub took_ns: u64,
    /// Why it could not be played, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Trouble>,
    /// Client by client.
    pub clients: Vec<ClientReport>,
}

impl ClientReport {
    /// Everything that was seen in the first run, as `expect` would say it: what to begin an expectation with.
    pub fn observed(&self) -> String {
        self.seen.as_ref().map(Observed::to_yaml).unwrap_or_default()
    }

    /// How this client came out.
    pub fn conclusion(&self) -> Conclusion {
        match (&self.inconclusive, self.rows.iter().all(|row| row.ok)) {
            (Some(_), _) => Conclusion::Inconclusive,
            (None, true) => Conclusion::AsExpected,
            (None, false) => Conclusion::Differed,
        }
    }
}

impl Kind for Report {
    const KIND: &'static str = "ScenarioReport";
}

impl Report {
    /// The report of a scenario that could not be played.
    pub fn unplayable(scenario: &Scenario, error: &ScenarioError) -> Self {
        let trouble = Trouble {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            is_mistake: error.is_mistake(),
        };
        Self {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            source: scenario.source.to_string(),
            conclusion: Conclusion::Unplayable,
            took_ns: 0,
            problem: Some(trouble),
            clients: Vec::new(),
        }
    }

    /// What the clients come to together: what differs is worse than what is not known.
    pub(crate) fn concluded(clients: &[ClientReport]) -> Conclusion {
        let is = |wanted| clients.iter().any(|client| client.conclusion() == wanted);
        match (is(Conclusion::Differed), is(Conclusion::Inconclusive)) {
            (true, _) => Conclusion::Differed,
            (false, true) => Conclusion::Inconclusive,
            (false, false) => Conclusion::AsExpected,
        }
    }

    /// How long it took.
    pub fn took(&self) -> Duration {
        Duration::from_nanos(self.took_ns)
    }

    /// All recorded connections.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.clients.iter().flat_map(|client| &client.records)
    }
}
