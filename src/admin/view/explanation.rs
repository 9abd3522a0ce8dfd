//! An explanation of a connection that nobody made, in the shape of DESIGN section 5.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::foreseen::{ClientView, ConsideredView, DiffersView, ServerView};
use crate::admin::view::policy::{ModeView, PolicyRefView};
use crate::admin::view::record::{AuthorizationView, PartyView};
use crate::explain::{Caller, Explanation, Step, text};
use crate::policy::PolicyKind;
use crate::telemetry::{Stage, Verdict};

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationView {
    /// `allow`, `deny` or `fail`.
    pub verdict: String,
    /// Where it ended; `relay` where it was let through.
    pub stage: String,
    /// The stable code; null where it was let through.
    pub code: Option<String>,
    /// ztunnel's flag.
    pub flag: String,
    /// `hbone`, `mtls`, `tls` or `raw`.
    pub wire: Option<String>,
    /// `istio` or `ztunnel`.
    pub semantics: String,
    /// Why, in one line.
    pub why: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Who calls.
    pub source: PartyView,
    /// Who is reached.
    pub destination: PartyView,
    /// The mode that held, as declared; null where PeerAuthentication was not asked.
    pub peer_authentication: Option<ModeView>,
    /// What authorization said.
    pub authorization: AuthorizationView,
    /// Every step, the caller's side first.
    pub steps: Vec<ForeseenStep>,
    /// Every policy that had to do with it.
    pub policies: Vec<ConsideredView>,
    /// What the client sees.
    pub client: ClientView,
    /// What the server logs.
    pub server: ServerView,
    /// What the other semantics would say; null where nothing in the mesh is asked.
    pub differs: Option<DiffersView>,
    /// The smallest changes that would let it through, each tried.
    pub to_allow: Vec<String>,
    /// The same as text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A step that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeseenStep {
    /// `source` or `destination`.
    pub lane: String,
    /// Which step.
    pub stage: String,
    /// What it finds out.
    pub says: String,
    /// Whether the connection ends here, unwell.
    pub failed: bool,
}

impl ExplanationView {
    /// The view of `explanation`, with its text.
    pub fn of(explanation: &Explanation) -> Self {
        let failure = explanation.failure.as_ref();
        Self {
            verdict: word(explanation.verdict()),
            stage: explanation.stage().to_string(),
            code: failure.map(|failure| failure.code.to_owned()),
            flag: explanation.flag().to_string(),
            wire: explanation.wire.map(|wire| wire.to_string()),
            semantics: explanation.semantics.to_string(),
            why: explanation.why.clone(),
            hint: failure.and_then(|failure| failure.hint.clone()),
            source: source(explanation),
            destination: destination(explanation),
            peer_authentication: explanation.effective.as_ref().map(ModeView::from),
            authorization: authorization(explanation),
            steps: explanation.steps.iter().map(ForeseenStep::of).collect(),
            policies: explanation.considered.iter().map(ConsideredView::from).collect(),
            client: ClientView::from(&explanation.symptoms),
            server: ServerView::from(&explanation.symptoms),
            differs: explanation.differs.as_ref().map(DiffersView::from),
            to_allow: explanation.to_allow.clone(),
            text: Some(text(explanation)),
        }
    }
}

fn source(explanation: &Explanation) -> PartyView {
    let (workload, address) = match &explanation.caller {
        Caller::Workload(workload) => {
            (Some(workload.name.to_string()), Some(workload.address(0).ip().to_string()))
        }
        Caller::Address(address) => (None, Some(address.to_string())),
        Caller::Identity(_, address) => (None, Some(address.to_string())),
    };
    let identity = explanation.identity.as_ref().map(ToString::to_string);
    PartyView { workload, identity, address, service: None, port: None }
}

fn destination(explanation: &Explanation) -> PartyView {
    let workload = explanation.destination.as_ref();
    PartyView {
        workload: workload.map(|workload| workload.name.to_string()),
        identity: workload.filter(|it| it.reach.in_mesh()).map(|it| it.identity.to_string()),
        address: workload.map(|workload| workload.address(0).ip().to_string()),
        service: explanation.service.as_ref().map(|service| service.name.to_string()),
        port: Some(explanation.port),
    }
}

fn authorization(explanation: &Explanation) -> AuthorizationView {
    let denied = explanation.failure.as_ref().filter(|failure| failure.stage == Stage::Authz);
    let (result, decided_by) = match (explanation.reached_authz, denied) {
        (false, _) => ("not_reached", None),
        (true, Some(failure)) => ("deny", failure.policy.as_ref()),
        (true, None) => ("allow", explanation.allowed_by.as_ref()),
    };
    let decided_by = decided_by.filter(|policy| policy.kind == PolicyKind::AuthorizationPolicy);
    AuthorizationView { result: result.to_owned(), decided_by: decided_by.map(PolicyRefView::from) }
}

impl ForeseenStep {
    fn of(step: &Step) -> Self {
        Self {
            lane: step.lane.name().to_owned(),
            stage: step.stage.to_string(),
            says: step.says.clone(),
            failed: step.failed,
        }
    }
}

fn word(verdict: Verdict) -> String {
    verdict.name().to_ascii_lowercase()
}

impl Kind for ExplanationView {
    /// The name that a record's explanation has too.
    const KIND: &'static str = "Explanation";
}
