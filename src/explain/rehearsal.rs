//! Observed connections through policies that do not hold yet: who would break, and how many.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::addr::MeshAddr;
use crate::explain::connection::{Arrival, Connection};
use crate::explain::decide::decide;
use crate::explain::recorded::connection;
use crate::explain::what_if::{Extent, with_mode};
use crate::mesh::{Mesh, Reach, UnknownName, Workload};
use crate::policy::{First, MtlsMode, PeerAuthentication, Policies, PolicySet, Snapshot};
use crate::reason::{Reason, Side};
use crate::telemetry::{Opening, Record, Reporter, Verdict, Wire};

/// What a mode is tried on: workloads, and one port of theirs or all.
#[derive(Clone, Debug)]
pub struct Target {
    /// The workloads, each with the workload port if one was named.
    pub workloads: Vec<(Arc<Workload>, Option<u16>)>,
}

/// Why a target is none.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A name that the mesh does not know.
    #[error("{0}")]
    Unknown(#[from] UnknownName),
    /// A workload outside the mesh has no proxy that could demand anything.
    #[error("{workload} is not in the mesh: no proxy stands before it, so no mode holds")]
    NotInMesh {
        /// It.
        workload: String,
    },
}

impl Reason for TargetError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(unknown) => unknown.code(),
            Self::NotInMesh { .. } => "explain.not_in_mesh",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown(unknown) => unknown.hint(),
            Self::NotInMesh { .. } => Some("label its pod istio.io/dataplane-mode: ambient first".to_owned()),
        }
    }
}

impl Target {
    /// Reads `reviews`, `reviews.default`, `default/reviews` or `reviews:9080`: a service stands for all workloads behind
    /// it, and its port for theirs.
    ///
    /// # Errors
    ///
    /// An unknown name, or workloads outside the mesh only.
    pub fn read(mesh: &Mesh, text: &str) -> Result<Self, TargetError> {
        let (name, port) = match text.rsplit_once(':').map(|(name, port)| (name, port.parse::<u16>())) {
            Some((name, Ok(port))) => (name, Some(port)),
            _ => (text, None),
        };
        let service = mesh.find_service(name).filter(|service| !service.endpoints.is_empty());
        let all: Vec<(Arc<Workload>, Option<u16>)> = match service {
            Some(service) => {
                let endpoints = service.endpoints.iter();
                let target =
                    |ports: &BTreeMap<u16, u16>| port.map(|port| ports.get(&port).copied().unwrap_or(port));
                endpoints.map(|endpoint| (Arc::clone(&endpoint.workload), target(&endpoint.ports))).collect()
            }
            None => vec![(mesh.find_workload(name)?, port)],
        };
        let workloads: Vec<_> =
            all.iter().filter(|(workload, _)| workload.reach.in_mesh()).cloned().collect();
        match (workloads.is_empty(), all.first()) {
            (true, Some((outside, _))) => Err(TargetError::NotInMesh { workload: outside.name.to_string() }),
            _ => Ok(Self { workloads }),
        }
    }

    fn includes(&self, connection: &Connection) -> bool {
        self.workloads.iter().any(|(workload, port)| {
            workload.name == connection.destination.name && port.is_none_or(|port| port == connection.port)
        })
    }
}

/// Connections of one source over one wire to one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RehearsalRow {
    /// `NAMESPACE/NAME` of the caller, or its address.
    pub source: String,
    /// What it speaks.
    pub wire: Wire,
    /// To which workload port.
    pub port: u16,
    /// How many connections.
    pub connections: usize,
    /// How many of them are open.
    pub open: usize,
    /// What becomes of them now.
    pub now: Verdict,
    /// What would become of them.
    pub then: Verdict,
    /// Why, where that is another.
    pub why: Option<String>,
}

/// The whole rehearsal.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// What was seen, those that would break first.
    pub rows: Vec<RehearsalRow>,
    /// The policies that would make it so, one for each target workload.
    pub changed: Vec<Arc<PeerAuthentication>>,
}

impl Rehearsal {
    /// The rows that would break.
    pub fn breaking(&self) -> impl Iterator<Item = &RehearsalRow> {
        self.rows.iter().filter(|row| row.now == Verdict::Allow && row.then != Verdict::Allow)
    }
}

/// A row in the making: who, over what, whither, and what of it.
type Key = (String, &'static str, u16, &'static str, &'static str);

/// Lets what was observed arrive at `target` as if `mode` held there.
///
/// `records` ended, `open` relay now; each connection is taken once.
pub fn rehearse(
    snapshot: &Snapshot,
    (target, mode): (&Target, MtlsMode),
    (records, open): (&[Arc<Record>], &[Arc<Opening>]),
) -> Rehearsal {
    let settings = snapshot.policies.settings();
    let mut policies: Policies = snapshot.policies.policies();
    let mut changed: Vec<Arc<PeerAuthentication>> = Vec::new();
    for (workload, port) in &target.workloads {
        let extent = port.map_or(Extent::BeyondExceptions, Extent::Port);
        let (with, policy) = with_mode(&policies, settings, workload, (extent, mode));
        policies = with;
        changed.retain(|earlier| earlier.name != policy.name);
        changed.push(policy);
    }
    let workloads: Vec<&Workload> = target.workloads.iter().map(|(workload, _)| &**workload).collect();
    let then = PolicySet::over(settings, &workloads, policies);
    let ended =
        records.iter().filter_map(|record| Some((connection(snapshot, record)?, caller(record), false)));
    let relaying = open.iter().filter_map(|opening| Some((still(snapshot, opening)?, opener(opening), true)));
    let mut rows: BTreeMap<Key, RehearsalRow> = BTreeMap::new();
    for (connection, source, is_open) in ended.chain(relaying) {
        if !target.includes(&connection) {
            continue;
        }
        let row = row(&connection, source, (&snapshot.policies, &then));
        let key = (row.source.clone(), row.wire.name(), row.port, row.now.name(), row.then.name());
        let row = rows.entry(key).or_insert(row);
        row.connections += 1;
        row.open += usize::from(is_open);
    }
    let mut rows: Vec<RehearsalRow> = rows.into_values().collect();
    rows.sort_by_key(|row| (row.then == Verdict::Allow, std::cmp::Reverse(row.connections)));
    Rehearsal { rows, changed }
}

fn row(connection: &Connection, source: String, (now, then): (&PolicySet, &PolicySet)) -> RehearsalRow {
    let verdict =
        |failure: Option<&crate::telemetry::Failure>| failure.map_or(Verdict::Allow, |it| it.verdict);
    let (now, then) = (decide(now, connection), decide(then, connection));
    let why = then.failure().filter(|_| verdict(now.failure()) != verdict(then.failure()));
    RehearsalRow {
        source,
        wire: connection.wire(),
        port: connection.port,
        connections: 0,
        open: 0,
        now: verdict(now.failure()),
        then: verdict(then.failure()),
        why: why.map(|failure| failure.why.clone()),
    }
}

fn caller(record: &Record) -> String {
    let party = record.source_party();
    named(party.workload.as_ref(), party.addr.map(|addr| addr.ip()))
}

fn opener(opening: &Opening) -> String {
    named(opening.source.workload.as_ref(), opening.source.addr.map(|addr| addr.ip()))
}

fn named(workload: Option<&Arc<Workload>>, address: Option<IpAddr>) -> String {
    let name = workload.map(|workload| workload.name.to_string());
    name.or_else(|| address.map(|address| address.to_string())).unwrap_or_else(|| "unknown".to_owned())
}

/// An open connection as it arrived. Its inbound half tells; what is only half in this mesh cannot be rehearsed.
fn still(snapshot: &Snapshot, opening: &Opening) -> Option<Connection> {
    if opening.reporter != Reporter::Destination {
        return None;
    }
    let name = &opening.destination.workload.as_ref()?.name;
    let destination = Arc::clone(snapshot.mesh.workload(name)?);
    let arrival = match (opening.wire, destination.reach) {
        (Wire::Hbone, _) => Arrival::Hbone,
        (_, Reach::Plain) => return None,
        (Wire::Mtls, _) => Arrival::Captured(First::MeshTls),
        (Wire::Tls, _) => Arrival::Captured(First::AppTls),
        (Wire::Raw, _) => Arrival::Captured(First::Raw),
    };
    let asked = opening.hbone_addr.as_deref().and_then(|addr| addr.rsplit_once(':')?.1.parse().ok());
    let port = asked.or_else(|| opening.destination.addr.map(|addr| addr.port()))?;
    let source = opening.source.addr?;
    Some(Connection {
        source_addr: MeshAddr::new(source.ip(), source.port()),
        shown: opening.source.identity.clone(),
        destination,
        port,
        arrival,
        originates: false,
    })
}
