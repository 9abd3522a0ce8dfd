//! The steps of a connection into a workload, in the data path's order (`proxy/inbound.rs`, `proxy/captured.rs`).

use std::time::Duration;

use crate::explain::connection::{Arrival, Connection};
use crate::identity::SpiffeId;
use crate::mesh::BackendKind;
use crate::policy::{Effective, First, Permit, PolicyRef, PolicySet, authorize, peer_auth};
use crate::telemetry::{Failure, Flag, Reporter, Stage};
use crate::tls::{Role, TlsCause, TlsError};

/// The deadline of a handshake, as `proxy::Deadlines` has it by default.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub lane: Reporter,
    /// Which.
    pub stage: Stage,
    /// What it found out.
    pub says: String,
    /// Whether the connection ended here, unwell.
    pub failed: bool,
}

/// What became of a connection at the workload that was asked for.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The steps.
    pub steps: Vec<Step>,
    /// The mode that held; `None` where PeerAuthentication was not asked.
    pub effective: Option<Effective>,
    /// The peer's identity, once verified.
    pub identity: Option<SpiffeId>,
    /// Whether AuthorizationPolicy was asked.
    pub reached_authz: bool,
    /// The ALLOW that matched, whatever came after it.
    pub allowed_by: Option<PolicyRef>,
    /// A permit, or why there is none. `Ok(None)`: nobody was asked, for the workload is not in the mesh.
    pub outcome: Result<Option<Permit>, Box<Failure>>,
}

impl Decided {
    /// Why it ended, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        self.outcome.as_ref().err().map(|failure| &**failure)
    }

    fn step(&mut self, stage: Stage, says: impl Into<String>) {
        self.steps.push(Step { lane: Reporter::Destination, stage, says: says.into(), failed: false });
    }

    fn end(mut self, outcome: Result<Option<Permit>, Failure>) -> Self {
        if let Err(failure) = &outcome {
            let (stage, says) = (failure.stage, failure.why.clone());
            self.steps.push(Step { lane: Reporter::Destination, stage, says, failed: true });
        }
        self.outcome = outcome.map_err(Box::new);
        self
    }
}

/// Decides `connection` under `policies`.
pub(in crate::explain) fn decide(policies: &PolicySet, connection: &Connection) -> Decided {
    let mut decided = at_the_door(policies, connection);
    let let_in = decided.outcome.is_ok();
    match application(connection).filter(|_| let_in) {
        Some(cause) => {
            let failure = tls_failure(Role::Client, cause);
            let (stage, says) = (failure.stage, failure.why.clone());
            decided.steps.push(Step { lane: Reporter::Source, stage, says, failed: true });
            decided.outcome = Err(Box::new(failure));
            decided
        }
        None => decided,
    }
}

/// What the application makes of TLS that the caller's proxy speaks to it; `None` where it gets along, or nobody can know.
fn application(connection: &Connection) -> Option<TlsCause> {
    let is_direct = connection.arrival == Arrival::Uncaptured(First::MeshTls);
    if !connection.originates && !is_direct {
        return None;
    }
    match connection.destination.backend {
        BackendKind::Tls if is_direct => {
            Some(TlsCause::UnknownIssuer { issuer: "the application's own CA".to_owned(), sent: 1 })
        }
        BackendKind::Tls | BackendKind::At(_) => None,
        BackendKind::Echo | BackendKind::Slow => Some(TlsCause::Echo),
        BackendKind::Http | BackendKind::ServerFirst => {
            Some(TlsCause::NotTls { first: "what an application answers that speaks no TLS".to_owned() })
        }
        BackendKind::Reset => Some(TlsCause::Reset { received: 0 }),
        BackendKind::Silent => Some(TlsCause::Timeout { within: HANDSHAKE, received: 0 }),
    }
}

/// What the data path decides, from accept to permit.
fn at_the_door(policies: &PolicySet, connection: &Connection) -> Decided {
    let nothing = Decided {
        steps: Vec::new(),
        effective: None,
        identity: None,
        reached_authz: false,
        allowed_by: None,
        outcome: Ok(None),
    };
    match &connection.arrival {
        Arrival::Hbone => hbone(policies, connection, nothing),
        Arrival::Captured(first) => captured(policies, connection, *first, nothing),
        Arrival::WrongDoor(first) => wrong_door(*first, nothing),
        Arrival::Uncaptured(_) => {
            let mut decided = nothing;
            decided.step(
                Stage::Accept,
                format!(
                    "{} is not in the mesh: its application is reached directly",
                    connection.destination.name
                ),
            );
            decided
        }
    }
}

fn hbone(policies: &PolicySet, connection: &Connection, mut decided: Decided) -> Decided {
    decided.step(Stage::Accept, "hbone door, port 15008");
    let peer = match verified(policies, connection) {
        Ok(peer) => peer,
        Err(failure) => return decided.end(Err(failure)),
    };
    decided.step(Stage::Tls, format!("peer is {peer} (TLSv1.3, mutual, ALPN h2)"));
    decided.identity = Some(peer.clone());
    decided.step(
        Stage::Hbone,
        format!(
            "CONNECT {}",
            connection.destination.address_towards(connection.source_addr.ip(), connection.port)
        ),
    );
    mode(policies, connection, &mut decided);
    match peer_auth::hbone(policies, &connection.destination, connection.port) {
        Ok(admitted) => {
            let permit = authorize(policies, admitted, &connection.request(Some(&peer)));
            authorized(decided, permit)
        }
        Err(denial) => decided.end(Err(Failure::denied(Stage::PeerAuth, &denial))),
    }
}

fn captured(policies: &PolicySet, connection: &Connection, first: First, mut decided: Decided) -> Decided {
    decided.step(Stage::Accept, format!("captured door, port {}", connection.port));
    decided.step(
        Stage::Sniff,
        match first {
            First::Raw => "no TLS ClientHello: plaintext, which carries no identity",
            First::MeshTls => "a TLS ClientHello with one of Istio's ALPN protocols: mesh mutual TLS",
            First::AppTls => {
                "a TLS ClientHello without Istio's ALPN: the application's own TLS, opaque to the mesh"
            }
        },
    );
    mode(policies, connection, &mut decided);
    let admitted = match peer_auth::captured(policies, &connection.destination, connection.port, first) {
        Ok(admitted) => admitted,
        Err(denial) => return decided.end(Err(Failure::denied(Stage::PeerAuth, &denial))),
    };
    if !admitted.terminates_mtls() {
        let permit = authorize(policies, admitted, &connection.request(None));
        return authorized(decided, permit);
    }
    match verified(policies, connection) {
        Ok(peer) => {
            decided.step(Stage::Tls, format!("peer is {peer} (TLSv1.3, mutual)"));
            decided.identity = Some(peer.clone());
            let permit = authorize(policies, admitted, &connection.request(Some(&peer)));
            authorized(decided, permit)
        }
        Err(failure) => decided.end(Err(failure)),
    }
}

/// What 15008 makes of a client that does not speak HBONE.
fn wrong_door(first: First, mut decided: Decided) -> Decided {
    decided.step(Stage::Accept, "hbone door, port 15008");
    let cause = match first {
        First::Raw => TlsCause::NotTls { first: "no TLS record".to_owned() },
        First::MeshTls | First::AppTls => TlsCause::NoCertificate,
    };
    decided.end(Err(tls_failure(Role::Server, cause)))
}

fn mode(policies: &PolicySet, connection: &Connection, decided: &mut Decided) {
    let effective = policies.effective(&connection.destination.name, connection.port);
    decided.step(Stage::PeerAuth, effective.to_string());
    decided.effective = Some(effective.clone());
}

fn authorized(mut decided: Decided, permit: Result<Permit, crate::policy::Denial>) -> Decided {
    decided.reached_authz = true;
    match permit {
        Ok(permit) => {
            decided.step(Stage::Authz, permit.why());
            decided.allowed_by = permit.allowed_by().cloned();
            decided.end(Ok(Some(permit)))
        }
        Err(denial) => decided.end(Err(Failure::denied(Stage::Authz, &denial))),
    }
}

/// The verifier's judgement of the certificate that the client shows: its chain is taken for good.
fn verified(policies: &PolicySet, connection: &Connection) -> Result<SpiffeId, Failure> {
    let own = &policies.settings().trust_domain;
    let aliases = policies.trust_domain_aliases(&connection.destination);
    let accepts = |shown: &SpiffeId| {
        shown.trust_domain() == own || aliases.iter().any(|alias| alias == shown.trust_domain())
    };
    match &connection.shown {
        None => Err(tls_failure(Role::Server, TlsCause::NoCertificate)),
        Some(shown) if !accepts(shown) => {
            Err(tls_failure(Role::Server, TlsCause::wrong_trust_domain(own, aliases, shown)))
        }
        Some(shown) => Ok(shown.clone()),
    }
}

fn tls_failure(role: Role, cause: TlsCause) -> Failure {
    let error = TlsError::foreseen(role, cause);
    Failure::from_reason(Stage::Tls, Flag::TlsFailure, &error).because(error.plain())
}
