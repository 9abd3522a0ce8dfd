//! What can be said about a recorded connection beyond its record: asked of the policies as they are now.

use crate::addr::MeshAddr;
use crate::explain::connection::{Arrival, Connection};
use crate::explain::decide::decide;
use crate::explain::explanation::{Differs, considered, told};
use crate::explain::question::Caller;
use crate::explain::remedies::{Case, remedies};
use crate::explain::symptoms::{Symptoms, symptoms};
use crate::explain::what_if::{other_semantics, resolved};
use crate::mesh::Reach;
use crate::policy::{Considered, First, Snapshot};
use crate::telemetry::{Record, Reporter, Verdict, Wire};

/// What a record does not hold.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What each end saw.
    pub symptoms: Symptoms,
    /// Every policy that has to do with it.
    pub considered: Vec<Considered>,
    /// What the other semantics would say.
    pub differs: Option<Differs>,
    /// What would let it through.
    pub to_allow: Vec<String>,
    /// The verdict that the policies would give now, where it is another than the record's.
    pub now: Option<Verdict>,
}

/// Completes `record`.
pub fn recorded(snapshot: &Snapshot, record: &Record) -> Recorded {
    let failure = record.failure();
    let backend = record.destination_party().workload.map(|workload| workload.backend.clone());
    let symptoms = symptoms(record.wire(), failure, backend.as_ref());
    let Some(connection) = connection(snapshot, record) else {
        return Recorded { symptoms, considered: Vec::new(), differs: None, to_allow: Vec::new(), now: None };
    };
    let policies = &snapshot.policies;
    let decided = decide(policies, &connection);
    let own = policies.policies();
    let caller = record.source_party().workload.map(Caller::Workload);
    let case = Case {
        settings: policies.settings(),
        policies: &own,
        caller: caller.as_ref(),
        connection: &connection,
    };
    let settings = other_semantics(policies.settings());
    let other = resolved(&settings, &connection.destination, &own);
    let theirs = decide(&other, &connection);
    let verdict = decided.failure().map_or(Verdict::Allow, |failure| failure.verdict);
    // Only policy is asked again: what broke on the way may break again or not.
    let changed = record.verdict() != Verdict::Fail && verdict != record.verdict();
    Recorded {
        symptoms,
        considered: considered(snapshot, &connection, &decided),
        differs: Some(told(&settings.semantics, (&connection, &connection), (&theirs, decided.failure()))),
        to_allow: failure.map(|failure| remedies(&case, failure)).unwrap_or_default(),
        now: changed.then_some(verdict),
    }
}

/// The connection that the record is of, as it arrived at its destination.
pub(in crate::explain) fn connection(snapshot: &Snapshot, record: &Record) -> Option<Connection> {
    let destination = record.destination_party().workload?;
    // Its labels may have changed since.
    let destination = snapshot.mesh.workload(&destination.name).cloned().unwrap_or(destination);
    let first = match record.wire()? {
        Wire::Hbone => None,
        Wire::Mtls => Some(First::MeshTls),
        Wire::Tls => Some(First::AppTls),
        Wire::Raw => Some(First::Raw),
    };
    let source = record.source_party();
    let arrival = match (first, destination.reach) {
        (None, _) => Arrival::Hbone,
        (Some(first), Reach::Plain) => Arrival::Uncaptured(first),
        (Some(first), _) => Arrival::Captured(first),
    };
    let inbound = record.halves().find(|half| half.reporter == Reporter::Destination);
    let shown = inbound.map_or_else(|| source.identity.clone(), |half| half.source.identity.clone());
    let address = source.addr?;
    Some(Connection {
        source_addr: MeshAddr::new(address.ip(), address.port()),
        shown,
        port: record.destination_port()?,
        destination,
        arrival,
        originates: false,
    })
}
