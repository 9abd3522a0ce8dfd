//! Finished connections: the answer, both lanes, every step. The shape of `explain -o json` (DESIGN section 5).

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::foreseen::{ClientView, ConsideredView, DiffersView, ServerView};
use crate::admin::view::policy::{ModeView, PolicyRefView};
use crate::admin::view::time::{nanoseconds, rfc3339};
use crate::explain::{recorded, recorded_text};
use crate::mesh::Semantics;
use crate::policy::{Effective, Permit, Snapshot};
use crate::telemetry::{Fact, Half, Party, Record, Row, Stage, Verdict, explain_text, stages};

/// One finished connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// `#ID` in every command.
    pub id: u64,
    /// `allow`, `deny` or `fail`.
    pub verdict: String,
    /// Where it ended.
    pub stage: String,
    /// The stable code; null when it was delivered.
    pub code: Option<String>,
    /// ztunnel's flag.
    pub flag: String,
    /// `hbone`, `mtls`, `tls` or `raw`; null when it ended before that was known.
    pub wire: Option<String>,
    /// Whose rules decide in this mesh: `istio` or `ztunnel`.
    pub semantics: String,
    /// Why, in one line.
    pub why: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// ztunnel's sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The policy that refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PolicyRefView>,
    /// The mode that held for the port, and who says so; null where PeerAuthentication was not asked.
    pub peer_authentication: Option<ModeView>,
    /// What authorization said.
    pub authorization: AuthorizationView,
    /// When it was accepted first.
    pub started: String,
    /// How long it took.
    pub took_ns: u64,
    /// Bytes from the client towards the backend.
    pub to_backend: u64,
    /// Bytes from the backend towards the client.
    pub to_client: u64,
    /// Who dialled.
    pub source: PartyView,
    /// Who was dialled.
    pub destination: PartyView,
    /// What each proxy saw, the caller's first; one that is not ours has none.
    pub lanes: Vec<LaneView>,
    /// Every step of both lanes.
    pub steps: Vec<StepView>,
    /// What the client saw; this and the following only where one record was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientView>,
    /// What the server logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerView>,
    /// Every policy that has to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<ConsideredView>,
    /// What the other semantics would say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<DiffersView>,
    /// The smallest changes that would let it through, each tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_allow: Option<Vec<String>>,
    /// The verdict that the policies would give now, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The same as text for people; only where one record was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The answer of AuthorizationPolicy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationView {
    /// `allow`, `deny` or `not_reached`.
    pub result: String,
    /// The AuthorizationPolicy that decided; null when none did.
    pub decided_by: Option<PolicyRefView>,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyView {
    /// `namespace/name`; null for somebody whom the mesh does not know.
    pub workload: Option<String>,
    /// The verified SPIFFE ID; null on plaintext.
    pub identity: Option<String>,
    /// Its address in the mesh.
    pub address: Option<String>,
    /// `namespace/name` of the service that was dialled; always null for a source.
    pub service: Option<String>,
    /// The workload port that was meant; always null for a source.
    pub port: Option<u16>,
}

/// What one proxy saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaneView {
    /// `source` or `destination`.
    pub lane: String,
    /// When it accepted the connection.
    pub started: String,
    /// From accept to end.
    pub took_ns: u64,
    /// How it ended here.
    pub verdict: String,
    /// ztunnel's flag here.
    pub flag: String,
    /// The stable code of what went wrong here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who has to act, as this side sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// ztunnel's sentence here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The authority of the CONNECT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hbone_addr: Option<String>,
}

/// One step of one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// `source` or `destination`.
    pub lane: String,
    /// Which step.
    pub stage: String,
    /// Since that lane accepted the connection.
    pub at_ns: u64,
    /// What it found out.
    pub says: String,
    /// Whether the lane ended here, unwell.
    pub failed: bool,
}

impl RecordView {
    /// The view of `record`, without its text.
    pub fn of(record: &Record, semantics: Semantics) -> Self {
        let failure = record.failure();
        Self {
            id: record.id,
            verdict: verdict(record.verdict()),
            stage: record.stage().to_string(),
            code: record.code().map(str::to_owned),
            flag: record.flag().to_string(),
            wire: record.wire().map(|wire| wire.to_string()),
            semantics: semantics.to_string(),
            why: record.why(),
            hint: record.hint().map(str::to_owned),
            error: failure.map(|failure| failure.error.clone()),
            decided_by: failure.and_then(|failure| Some(failure.policy.as_ref()?.into())),
            peer_authentication: effective(record).map(ModeView::from),
            authorization: AuthorizationView::of(record),
            started: rfc3339(record.started()),
            took_ns: nanoseconds(record.took()),
            to_backend: record.to_backend(),
            to_client: record.to_client(),
            source: PartyView::of(&record.source_party()),
            destination: PartyView {
                port: record.destination_port(),
                ..PartyView::of(&record.destination_party())
            },
            lanes: record.halves().map(LaneView::of).collect(),
            steps: stages(record).into_iter().map(StepView::of).collect(),
            client: None,
            server: None,
            policies: Vec::new(),
            differs: None,
            to_allow: None,
            now: None,
            text: None,
        }
    }

    /// The view of `record` with all that can be said about it, and its text.
    pub fn explained(record: &Record, snapshot: &Snapshot) -> Self {
        let beyond = recorded(snapshot, record);
        Self {
            client: Some(ClientView::from(&beyond.symptoms)),
            server: Some(ServerView::from(&beyond.symptoms)),
            policies: beyond.considered.iter().map(ConsideredView::from).collect(),
            differs: beyond.differs.as_ref().map(DiffersView::from),
            to_allow: Some(beyond.to_allow.clone()),
            now: beyond.now.map(verdict),
            text: Some(explain_text(record) + &recorded_text(&beyond)),
            ..Self::of(record, snapshot.mesh.semantics())
        }
    }
}

/// The mode that policy was asked for at the callee.
fn effective(record: &Record) -> Option<&Effective> {
    record
        .facts()
        .filter_map(|fact| if let Fact::Mode(effective) = fact { Some(effective) } else { None })
        .last()
}

impl AuthorizationView {
    fn of(record: &Record) -> Self {
        let refusal = record
            .failure()
            .filter(|failure| (failure.verdict, failure.stage) == (Verdict::Deny, Stage::Authz));
        let result = match (refusal, record.permit()) {
            (Some(_), _) => "deny",
            (None, Some(_)) => "allow",
            (None, None) => "not_reached",
        };
        let decided_by = match refusal {
            Some(failure) => failure.policy.as_ref(),
            None => record.permit().and_then(Permit::allowed_by),
        };
        Self { result: result.to_owned(), decided_by: decided_by.map(PolicyRefView::from) }
    }
}

impl PartyView {
    pub(crate) fn of(party: &Party) -> Self {
        Self {
            workload: party.workload.as_ref().map(|workload| workload.name.to_string()),
            identity: party.identity.as_ref().map(|identity| identity.to_string()),
            address: party.addr.map(|addr| addr.to_string()),
            service: party.service.as_ref().map(|service| service.name.to_string()),
            port: None,
        }
    }
}

impl LaneView {
    fn of(half: &Half) -> Self {
        let failure = half.outcome.failure();
        Self {
            lane: half.reporter.name().to_owned(),
            started: rfc3339(half.started),
            took_ns: nanoseconds(half.took),
            verdict: verdict(half.outcome.verdict()),
            flag: half.outcome.flag().to_string(),
            code: failure.map(|failure| failure.code.to_owned()),
            side: failure.map(|failure| failure.side.to_string()),
            error: failure.map(|failure| failure.error.clone()),
            hbone_addr: half.hbone_addr.as_deref().map(str::to_owned),
        }
    }
}

impl StepView {
    fn of(row: Row) -> Self {
        Self {
            lane: row.lane.name().to_owned(),
            stage: row.stage.to_string(),
            at_ns: nanoseconds(row.at),
            says: row.says,
            failed: row.failed,
        }
    }
}

fn verdict(verdict: Verdict) -> String {
    verdict.name().to_ascii_lowercase()
}

impl Kind for RecordView {
    /// The name that `explain -o json` has, with and without a running mesh.
    const KIND: &'static str = "Explanation";
}
