//! How the connection of a question arrives: what the caller's side chooses, or what the client is said to speak.

use std::sync::Arc;

use crate::addr::MeshAddr;
use crate::explain::connection::{Arrival, Connection};
use crate::explain::decide::Step;
use crate::explain::question::{Caller, Manner, Question};
use crate::mesh::{Place, Reach, Service, Workload};
use crate::policy::{Considered, First, PolicyKind, PolicyRef, RuleRef, Snapshot, considered_clients};
use crate::proxy::{Because, Chosen, HBONE, Route, RouteError, route};
use crate::telemetry::{Reporter, Stage};

/// Where a client is said to have its port; policies compare the address only.
const EPHEMERAL: u16 = 40_000;

/// How the connection of a question arrives.
#[derive(Debug)]
pub(in crate::explain) struct Arrived {
    /// It; `None` when it ends in the caller's own proxy, or leaves the mesh.
    pub(in crate::explain) connection: Option<Connection>,
    /// The service that was dialled.
    pub(in crate::explain) service: Option<Arc<Service>>,
    /// What the caller's side did.
    pub(in crate::explain) steps: Vec<Step>,
    /// The DestinationRules that did not decide.
    pub(in crate::explain) passed_over: Vec<Considered>,
    /// Why there is nowhere to go.
    pub(in crate::explain) lost: Option<Box<RouteError>>,
}

/// Lets the caller's side choose, or takes the client's word for what it speaks.
pub(in crate::explain) fn arrive(snapshot: &Snapshot, question: &Question) -> Arrived {
    let chosen = match choose(snapshot, question) {
        Ok(chosen) => chosen,
        Err(error) => {
            let says = error.to_string();
            let step = Step { lane: Reporter::Source, stage: Stage::Route, says, failed: true };
            return Arrived {
                connection: None,
                service: None,
                steps: vec![step],
                passed_over: Vec::new(),
                lost: Some(Box::new(error)),
            };
        }
    };
    let service = chosen.service.clone();
    let steps = vec![Step {
        lane: Reporter::Source,
        stage: Stage::Route,
        says: route_says(question, &chosen),
        failed: false,
    }];
    let connection = connection(question, &chosen);
    let passed_over = passed_over(snapshot, question, &chosen);
    Arrived { connection, service, steps, passed_over, lost: None }
}

/// The data path's own choice. A caller without a proxy has none: its bytes go where they are sent, as they are.
fn choose(snapshot: &Snapshot, question: &Question) -> Result<Chosen, RouteError> {
    let somebody = stranger(snapshot);
    let source = match &question.caller {
        Caller::Workload(workload) => Some(workload),
        Caller::Address(_) | Caller::Identity(..) => somebody.as_ref(),
    };
    match source {
        Some(source) => route(snapshot, Place::Direct, source, question.dialled, 0),
        None => Err(RouteError::NoPlace { workload: question.dialled.to_string() }),
    }
}

/// The DestinationRules that might have had a say in how the caller's proxy connects.
fn passed_over(snapshot: &Snapshot, question: &Question, chosen: &Chosen) -> Vec<Considered> {
    let (Caller::Workload(caller), None, Some(service)) =
        (&question.caller, question.manner, &chosen.service)
    else {
        return Vec::new();
    };
    let subset = chosen.subset.as_ref().map(|route| &*route.subset);
    let mut considered: Vec<Considered> =
        chosen.because.rule().map(|rule| obeyed(rule, chosen)).into_iter().collect();
    considered.extend(considered_clients(&snapshot.destination_rules, caller, (service, subset)));
    considered
}

/// The rule that the caller's proxy found, and what it made of it.
fn obeyed(rule: &RuleRef, chosen: &Chosen) -> Considered {
    let policy = PolicyRef {
        kind: PolicyKind::DestinationRule,
        name: rule.name.clone(),
        rule: None,
        source: rule.source.clone(),
    };
    let decided = matches!(chosen.because, Because::Rule(_) | Because::NoCredential(_));
    Considered {
        policy,
        decided,
        is_for_others: false,
        why: format!("{}: {}", chosen.wire(), chosen.because),
    }
}

/// Any workload, out of the mesh, for a caller that is none.
fn stranger(snapshot: &Snapshot) -> Option<Arc<Workload>> {
    let any = snapshot.mesh.workloads().next()?;
    Some(Arc::new(Workload { reach: Reach::Plain, ..(**any).clone() }))
}

fn route_says(question: &Question, chosen: &Chosen) -> String {
    let to = match chosen.route.workload() {
        Some(workload) => format!("{} at {}", workload.name, chosen.to),
        None => chosen.to.to_string(),
    };
    match (question.manner, &question.caller) {
        (Some(manner), _) => format!("{manner} straight to {to}, as asked for"),
        (None, Caller::Identity(..)) => format!("hbone straight to {to}: the caller shows a mesh identity"),
        (None, _) => format!("{} to {to}: {}", chosen.wire(), chosen.because),
    }
}

fn connection(question: &Question, chosen: &Chosen) -> Option<Connection> {
    let destination = Arc::clone(chosen.route.workload()?);
    let (source_addr, identity) = match &question.caller {
        Caller::Workload(workload) => {
            let identity = workload.reach.in_mesh().then(|| workload.identity.clone());
            (workload.address_towards(chosen.to.ip(), EPHEMERAL), identity)
        }
        Caller::Address(address) => (MeshAddr::new(*address, EPHEMERAL), None),
        Caller::Identity(identity, address) => (MeshAddr::new(*address, EPHEMERAL), Some(identity.clone())),
    };
    let port = chosen.to.port();
    let arrival = match (question.manner, &question.caller) {
        (Some(manner), _) => spoken(manner, &destination, port),
        (None, Caller::Identity(..)) => spoken(Manner::Hbone, &destination, port),
        (None, _) => match &chosen.route {
            Route::Hbone(_) => Arrival::Hbone,
            Route::Mtls(_) => spoken(Manner::Mtls, &destination, port),
            Route::Plain(_) if chosen.originate.is_some() => spoken(Manner::Tls, &destination, port),
            Route::Plain(_) => spoken(Manner::Raw, &destination, port),
        },
    };
    let originates = question.manner.is_none() && chosen.originate.is_some();
    // One-way TLS and plaintext show nothing, whoever speaks them.
    let shows = matches!(arrival, Arrival::Hbone | Arrival::Captured(First::MeshTls));
    Some(Connection {
        source_addr,
        shown: identity.filter(|_| shows),
        destination,
        port,
        arrival,
        originates,
    })
}

fn spoken(manner: Manner, destination: &Workload, port: u16) -> Arrival {
    let first = match manner {
        Manner::Hbone if destination.reach == Reach::Hbone => return Arrival::Hbone,
        Manner::Hbone | Manner::Mtls => First::MeshTls,
        Manner::Tls => First::AppTls,
        Manner::Raw => First::Raw,
    };
    match (destination.reach, port) {
        (Reach::Hbone, HBONE) => Arrival::WrongDoor(first),
        (Reach::Plain, _) => Arrival::Uncaptured(first),
        _ => Arrival::Captured(first),
    }
}
