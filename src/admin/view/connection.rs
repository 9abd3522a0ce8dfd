//! Connections as the proxies of the mesh hold them: one row per side, as ztunnel's own dump has it.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::record::PartyView;
use crate::admin::view::time::{nanoseconds, rfc3339};
use crate::telemetry::{Half, OpenConnection, Party, Reporter, Wire};

/// One side of a connection, open or finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// `#ID`, the same for both sides.
    pub id: u64,
    /// `open` or `finished`.
    pub state: String,
    /// `Inbound` or `Outbound`.
    pub direction: String,
    /// The workload whose proxy this is, `namespace/name`; null when its identity never became known.
    pub workload: Option<String>,
    /// `HBONE`, `MTLS`, `TLS` or `TCP`; null when it ended before that was known.
    pub protocol: Option<String>,
    /// Who dialled.
    pub source: PartyView,
    /// Who was dialled.
    pub destination: PartyView,
    /// When it was accepted.
    pub started: String,
    /// How long ago that was; for a finished one, how long it took.
    pub age_ns: u64,
    /// Bytes from the client towards the backend so far.
    pub to_backend: u64,
    /// Bytes from the backend towards the client so far.
    pub to_client: u64,
}

impl ConnectionView {
    /// The view of one that relays, at `now`.
    pub fn open(connection: &OpenConnection, now: SystemTime) -> Self {
        let opening = &connection.opening;
        let parties = Parties {
            reporter: opening.reporter,
            source: &opening.source,
            destination: &opening.destination,
        };
        Self {
            id: connection.id,
            state: "open".to_owned(),
            direction: parties.direction(),
            workload: parties.own(),
            protocol: Some(protocol(opening.wire)),
            source: PartyView::of(&opening.source),
            destination: destination(&opening.destination),
            started: rfc3339(opening.started),
            age_ns: nanoseconds(now.duration_since(opening.started).unwrap_or_default()),
            to_backend: opening.counts.to_backend(),
            to_client: opening.counts.to_client(),
        }
    }

    /// The view of one side of record `id`.
    pub fn finished(id: u64, half: &Half) -> Self {
        let parties =
            Parties { reporter: half.reporter, source: &half.source, destination: &half.destination };
        Self {
            id,
            state: "finished".to_owned(),
            direction: parties.direction(),
            workload: parties.own(),
            protocol: half.wire.map(protocol),
            source: PartyView::of(&half.source),
            destination: destination(&half.destination),
            started: rfc3339(half.started),
            age_ns: nanoseconds(half.took),
            to_backend: half.to_backend,
            to_client: half.to_client,
        }
    }

    /// The verified identity of the other side; none on plaintext.
    pub fn peer_identity(&self) -> Option<&str> {
        let peer = if self.direction == "Inbound" { &self.source } else { &self.destination };
        peer.identity.as_deref()
    }
}

/// What both kinds of connection know about their ends.
struct Parties<'a> {
    reporter: Reporter,
    source: &'a Party,
    destination: &'a Party,
}

impl Parties<'_> {
    fn direction(&self) -> String {
        let word = match self.reporter {
            Reporter::Source => "Outbound",
            Reporter::Destination => "Inbound",
        };
        word.to_owned()
    }

    fn own(&self) -> Option<String> {
        let own = match self.reporter {
            Reporter::Source => self.source,
            Reporter::Destination => self.destination,
        };
        own.workload.as_ref().map(|workload| workload.name.to_string())
    }
}

fn destination(party: &Party) -> PartyView {
    PartyView { port: party.addr.map(|addr| addr.port()), ..PartyView::of(party) }
}

/// ztunnel's words for what it knows, HBONE and TCP, and ours for what a sidecar would see.
fn protocol(wire: Wire) -> String {
    let word = match wire {
        Wire::Hbone => "HBONE",
        Wire::Mtls => "MTLS",
        Wire::Tls => "TLS",
        Wire::Raw => "TCP",
    };
    word.to_owned()
}

impl Kind for ConnectionView {
    const KIND: &'static str = "Connection";
}
