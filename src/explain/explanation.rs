//! [`explain`]: everything that can be said about a question.

use std::sync::Arc;

use crate::explain::arrive::{Arrived, arrive};
use crate::explain::connection::Connection;
use crate::explain::decide::{Decided, Step, decide};
use crate::explain::question::{Caller, Question};
use crate::explain::remedies::{Case, remedies};
use crate::explain::symptoms::{Symptoms, symptoms};
use crate::explain::what_if::{Extent, other_semantics, resolved, with_mode};
use crate::identity::SpiffeId;
use crate::mesh::{Reach, Semantics, Service, Workload};
use crate::policy::{
    Considered, Effective, MtlsMode, PolicyRef, Snapshot, considered_modes, considered_rules,
};
use crate::telemetry::{Failure, Flag, Stage, Verdict, Wire};

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Who calls.
    pub caller: Caller,
    /// The workload that is reached; `None` outside the mesh.
    pub destination: Option<Arc<Workload>>,
    /// The service that was dialled.
    pub service: Option<Arc<Service>>,
    /// The workload port.
    pub port: u16,
    /// What crosses the network.
    pub wire: Option<Wire>,
    /// Whose rules decided.
    pub semantics: Semantics,
    /// The verified identity of the caller.
    pub identity: Option<SpiffeId>,
    /// Every step, the caller's side first.
    pub steps: Vec<Step>,
    /// Why it ended, if it did.
    pub failure: Option<Failure>,
    /// Why, in one line.
    pub why: String,
    /// The mode that held.
    pub effective: Option<Effective>,
    /// Whether AuthorizationPolicy was asked.
    pub reached_authz: bool,
    /// The ALLOW that matched.
    pub allowed_by: Option<PolicyRef>,
    /// Every policy that had to do with it.
    pub considered: Vec<Considered>,
    /// What each end sees.
    pub symptoms: Symptoms,
    /// What the other semantics would say.
    pub differs: Option<Differs>,
    /// What would let it through.
    pub to_allow: Vec<String>,
}

/// The verdict under the other semantics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Which.
    pub semantics: Semantics,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its stage.
    pub stage: Stage,
    /// Its code.
    pub code: Option<&'static str>,
    /// Its reason.
    pub why: String,
    /// Whether anything but the words is other than here.
    pub matters: bool,
}

impl Explanation {
    /// The answer in one word.
    pub fn verdict(&self) -> Verdict {
        self.failure.as_ref().map_or(Verdict::Allow, |failure| failure.verdict)
    }

    /// Where it ended; `relay` where it was let through.
    pub fn stage(&self) -> Stage {
        self.failure.as_ref().map_or(Stage::Relay, |failure| failure.stage)
    }

    /// ztunnel's flag.
    pub fn flag(&self) -> Flag {
        self.failure.as_ref().map_or(Flag::None, |failure| failure.flag)
    }
}

/// Answers `question` about `snapshot`.
pub fn explain(snapshot: &Snapshot, question: &Question) -> Explanation {
    match question.under.and_then(|mode| under(snapshot, question, mode)) {
        Some(other) => answer(&other, question),
        None => answer(snapshot, question),
    }
}

/// The snapshot with `mode` for the workload that is reached.
fn under(snapshot: &Snapshot, question: &Question, mode: MtlsMode) -> Option<Snapshot> {
    let destination = arrive(snapshot, question).connection?.destination;
    let settings = snapshot.policies.settings();
    let (policies, _) =
        with_mode(&snapshot.policies.policies(), settings, &destination, (Extent::Everything, mode));
    let policies = resolved(settings, &destination, &policies);
    Some(snapshot.with_policies(policies))
}

fn answer(snapshot: &Snapshot, question: &Question) -> Explanation {
    let Arrived { connection, service, steps, passed_over, lost } = arrive(snapshot, question);
    match connection {
        Some(connection) => {
            let mut explanation = arrived(snapshot, question, (connection, service, steps));
            explanation.considered.extend(passed_over);
            explanation
        }
        None => {
            let failure = lost.map(|lost| Failure::from_reason(Stage::Route, Flag::Connect, &*lost));
            gone(snapshot, question, failure, steps)
        }
    }
}

fn arrived(
    snapshot: &Snapshot,
    question: &Question,
    (connection, service, mut steps): (Connection, Option<Arc<Service>>, Vec<Step>),
) -> Explanation {
    let policies = &snapshot.policies;
    let decided = decide(policies, &connection);
    let failure = decided.failure().cloned();
    let permit = decided.outcome.as_ref().ok().and_then(Option::as_ref);
    let why = match (&failure, permit) {
        (Some(failure), _) => failure.why.clone(),
        (None, Some(permit)) => permit.why(),
        (None, None) => format!("{} is not in the mesh: no policy is asked", connection.destination.name),
    };
    let own = policies.policies();
    let case = Case {
        settings: policies.settings(),
        policies: &own,
        caller: Some(&question.caller),
        connection: &connection,
    };
    let to_allow = failure.as_ref().map(|failure| remedies(&case, failure)).unwrap_or_default();
    let wire = Some(connection.wire());
    let explanation = Explanation {
        caller: question.caller.clone(),
        destination: Some(Arc::clone(&connection.destination)),
        service,
        port: connection.port,
        wire,
        semantics: policies.semantics(),
        identity: decided.identity.clone(),
        steps: Vec::new(),
        why,
        effective: decided.effective.clone(),
        reached_authz: decided.reached_authz,
        allowed_by: decided.allowed_by.clone(),
        considered: considered(snapshot, &connection, &decided),
        symptoms: symptoms(wire, failure.as_ref(), Some(&connection.destination.backend)),
        differs: Some(differs(snapshot, question, (&connection, failure.as_ref()))),
        to_allow,
        failure,
    };
    steps.extend(decided.steps);
    Explanation { steps, ..explanation }
}

/// A connection that never reached a workload: nowhere to go, or out of the mesh.
fn gone(snapshot: &Snapshot, question: &Question, failure: Option<Failure>, steps: Vec<Step>) -> Explanation {
    let why = failure.as_ref().map_or_else(
        || format!("{} belongs to no workload: it is passed through as it is", question.dialled),
        |failure| failure.why.clone(),
    );
    Explanation {
        caller: question.caller.clone(),
        destination: None,
        service: None,
        port: question.dialled.port(),
        wire: failure.is_none().then_some(Wire::Raw),
        semantics: snapshot.policies.semantics(),
        identity: None,
        steps,
        why,
        effective: None,
        reached_authz: false,
        allowed_by: None,
        considered: Vec::new(),
        symptoms: symptoms(None, failure.as_ref(), None),
        differs: None,
        to_allow: Vec::new(),
        failure,
    }
}

/// Every policy that had to do with a decision, whether or not it decided.
pub(in crate::explain) fn considered(
    snapshot: &Snapshot,
    connection: &Connection,
    decided: &Decided,
) -> Vec<Considered> {
    let destination = &connection.destination;
    if destination.reach == Reach::Plain {
        return Vec::new();
    }
    let policies = &snapshot.policies;
    let mut considered = considered_modes(policies, destination, connection.port);
    let request = connection.request(decided.identity.as_ref());
    considered.extend(considered_rules(policies, &request, decided.reached_authz));
    considered
}

/// The same question under the other semantics, the caller's choice of wire included.
fn differs(
    snapshot: &Snapshot,
    question: &Question,
    (connection, failure): (&Connection, Option<&Failure>),
) -> Differs {
    let settings = other_semantics(snapshot.policies.settings());
    let policies = resolved(&settings, &connection.destination, &snapshot.policies.policies());
    let other = snapshot.with_policies(policies);
    let arrived = arrive(&other, question).connection;
    let arrived = arrived.as_ref().unwrap_or(connection);
    told(&settings.semantics, (arrived, connection), (&decide(&other.policies, arrived), failure))
}

/// One line about the other semantics' decision.
pub(in crate::explain) fn told(
    semantics: &Semantics,
    (other, here): (&Connection, &Connection),
    (decided, failure): (&Decided, Option<&Failure>),
) -> Differs {
    let verdict = |failure: Option<&Failure>| failure.map_or(Verdict::Allow, |failure| failure.verdict);
    let stage = |failure: Option<&Failure>| failure.map_or(Stage::Relay, |failure| failure.stage);
    let code = |failure: Option<&Failure>| failure.map(|failure| failure.code);
    let theirs = decided.failure();
    let why = match &decided.outcome {
        Ok(Some(permit)) => permit.why(),
        Ok(None) => "no policy is asked".to_owned(),
        Err(failure) => failure.why.clone(),
    };
    Differs {
        semantics: *semantics,
        verdict: verdict(theirs),
        stage: stage(theirs),
        code: code(theirs),
        matters: (verdict(theirs), code(theirs), other.wire())
            != (verdict(failure), code(failure), here.wire()),
        why,
    }
}
