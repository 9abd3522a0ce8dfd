//! What every explanation has, of a recorded connection and of one that nobody made: both ends' symptoms, the policies
//! that had to do with it, and the other semantics' answer.

use serde::{Deserialize, Serialize};

use crate::admin::view::policy::PolicyRefView;
use crate::explain::{Differs, Symptoms};
use crate::policy::Considered;

/// A policy that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsideredView {
    /// `PeerAuthentication` or `AuthorizationPolicy`.
    pub kind: String,
    /// Which.
    #[serde(flatten)]
    pub policy: PolicyRefView,
    /// Whether it decided.
    pub decided: bool,
    /// Why it did, or did not.
    pub why: String,
}

/// The client's symptom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientView {
    /// Its message, as curl words it.
    pub sees: String,
    /// curl's exit codes that go with it.
    pub curl_exit: Vec<i32>,
}

/// The server's symptom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    /// ztunnel's sentence.
    pub logs: String,
}

/// The other semantics' answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffersView {
    /// `istio` or `ztunnel`.
    pub semantics: String,
    /// Its verdict.
    pub verdict: String,
    /// Where it would end.
    pub stage: String,
    /// Its code.
    pub code: Option<String>,
    /// Why, in one line.
    pub why: String,
}

impl From<&Considered> for ConsideredView {
    fn from(considered: &Considered) -> Self {
        Self {
            kind: considered.policy.kind.to_string(),
            policy: PolicyRefView::from(&considered.policy),
            decided: considered.decided,
            why: considered.why.clone(),
        }
    }
}

impl From<&Symptoms> for ClientView {
    fn from(symptoms: &Symptoms) -> Self {
        Self { sees: symptoms.client.clone(), curl_exit: symptoms.curl.clone() }
    }
}

impl From<&Symptoms> for ServerView {
    fn from(symptoms: &Symptoms) -> Self {
        Self { logs: symptoms.server.clone() }
    }
}

impl From<&Differs> for DiffersView {
    fn from(differs: &Differs) -> Self {
        Self {
            semantics: differs.semantics.to_string(),
            verdict: differs.verdict.name().to_ascii_lowercase(),
            stage: differs.stage.to_string(),
            code: differs.code.map(str::to_owned),
            why: differs.why.clone(),
        }
    }
}
