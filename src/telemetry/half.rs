//! One side's view of a connection: what a single ztunnel could know.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::identity::SpiffeId;
use crate::io::Tap;
use crate::mesh::{Service, Workload};
use crate::telemetry::fact::Step;
use crate::telemetry::outcome::{Outcome, Wire};
use crate::trace_context::TraceId;

/// Which side reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reporter {
    /// The proxy of the workload that dials.
    Source,
    /// The proxy of the workload that is dialled.
    Destination,
}

impl Reporter {
    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Source => Self::Destination,
            Self::Destination => Self::Source,
        }
    }

    /// `source` or `destination`, as metrics label it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }

    /// `outbound` or `inbound`, as access logs call it.
    pub fn direction(self) -> &'static str {
        match self {
            Self::Source => "outbound",
            Self::Destination => "inbound",
        }
    }
}

impl fmt::Display for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One end of a connection as a proxy knows it; unknown parts are absent.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// Its address, in the mesh's terms (the source's tunnel socket on an HBONE destination, as in ztunnel).
    pub addr: Option<SocketAddr>,
    /// The workload.
    pub workload: Option<Arc<Workload>>,
    /// The verified identity; absent on plaintext.
    pub identity: Option<SpiffeId>,
    /// The service that was dialled; only for destinations.
    pub service: Option<Arc<Service>>,
}

/// How the two halves of one connection find each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Join {
    /// The trace id that travelled on the CONNECT.
    pub trace: Option<TraceId>,
    /// The local socket address of the source's own dial, which the destination sees as its peer; only for a dial that
    /// carries this connection alone.
    pub socket: Option<SocketAddr>,
    /// Whether this process also hosts the other side, so that its half is worth waiting for.
    pub expects_other: bool,
}

/// What was kept of a connection's bytes on one side, where somebody looks into connections.
#[derive(Clone, Debug, Default)]
pub struct Taps {
    /// The records of its TLS, with their secrets. A tunnel's is shared by all connections in it.
    pub wire: Option<Tap>,
    /// What was relayed: the application's own bytes.
    pub relayed: Option<Tap>,
}

/// One side's finished view of a connection.
#[derive(Clone, Debug)]
pub struct Half {
    /// Which side.
    pub reporter: Reporter,
    /// How it finds the other half.
    pub join: Join,
    /// When the connection was accepted here.
    pub started: SystemTime,
    /// The same moment, of the clock that never goes back: what orders the two sides of a connection.
    pub since: Instant,
    /// From accept to end.
    pub took: Duration,
    /// Who dialled.
    pub source: Party,
    /// Who was dialled.
    pub destination: Party,
    /// The authority of the CONNECT, as ztunnel's `dst.hbone_addr`.
    pub hbone_addr: Option<Arc<str>>,
    /// What the bytes were; absent when it ended before that was known.
    pub wire: Option<Wire>,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes from the client towards the backend.
    pub to_backend: u64,
    /// Bytes from the backend towards the client.
    pub to_client: u64,
    /// Whether it ended before the real ztunnel tracks a connection (bad CONNECT, failed inbound handshake): logged as
    /// `connection failed` at WARN, and counted by no connection metric (reference/hbone.md 10.1, 10.3).
    pub early: bool,
    /// What was kept of its bytes.
    pub taps: Taps,
}

impl Half {
    /// Whether the peer showed a certificate: then, and only then, identities are more than a guess.
    pub fn is_mutual_tls(&self) -> bool {
        is_mutual_tls(self.wire, &self.source)
    }
}

/// The same question for a half that still relays.
pub(in crate::telemetry) fn is_mutual_tls(wire: Option<Wire>, source: &Party) -> bool {
    matches!(wire, Some(Wire::Hbone | Wire::Mtls)) && source.identity.is_some()
}
