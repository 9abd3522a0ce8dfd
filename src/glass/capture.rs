//! [`capture`]: records and what was kept of their bytes as one file that Wireshark opens decrypted.
//!
//! ```text
//!   app ──── leg 1 ────▶ its proxy ──── leg 2: the wire ────▶ proxy ──── leg 3 ────▶ backend
//! ```
//!
//! Addresses are those of the mesh, so that the file speaks as policies and logs do. What had a port of its own keeps it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use crate::glass::key_log::KeyLog;
use crate::glass::opened::{direction, tapped};
use crate::glass::packets::{CapturedConnection, Close};
use crate::glass::pcapng;
use crate::glass::step_events::nanoseconds;
use crate::glass::tapped::{Direction, Tapped};
use crate::io::Tap;
use crate::telemetry::{self, Fact, Half, Record, Reporter, Verdict, destination_name, source_name};

/// Ports that no connection of the mesh has, for legs whose own port nobody knows.
const UNKNOWN_PORTS: u16 = 20_000;

/// A file, and what is in it.
#[derive(Debug)]
pub struct Capture {
    /// The file's bytes, in pcapng.
    pub file: Vec<u8>,
    /// How many TCP connections: up to three for each record.
    pub legs: usize,
    /// How many secrets.
    pub secrets: usize,
}

/// Makes the file. A tunnel that several connections share is in it once.
pub fn capture<'a>(records: impl IntoIterator<Item = &'a Record>) -> Capture {
    let mut legs = Legs::default();
    for record in records {
        legs.add(record);
    }
    let key_log = (!legs.key_log.is_empty()).then(|| legs.key_log.to_text());
    Capture {
        file: pcapng::write(&legs.connections, key_log.as_deref()),
        legs: legs.connections.len(),
        secrets: legs.key_log.len(),
    }
}

#[derive(Default)]
struct Legs {
    connections: Vec<CapturedConnection>,
    key_log: KeyLog,
    /// The randoms by which tunnels are known, so that each is there once.
    tunnels: HashSet<(SocketAddr, SocketAddr, Instant)>,
}

impl Legs {
    fn add(&mut self, record: &Record) {
        let comment = comment(record);
        let (source, destination) = record.lanes();
        if let Some(half) = source {
            self.relayed(half, app_leg(record, half), &comment);
        }
        match [source, destination].into_iter().flatten().find(|half| half.taps.wire.is_some()) {
            Some(_) => self.wire(record, &comment),
            None => self.plain_wire(record, &comment),
        }
        if let Some(half) = destination {
            self.relayed(half, backend_leg(record, half), &comment);
        }
    }

    /// What an application said to its proxy, or a proxy to its application.
    fn relayed(&mut self, half: &Half, between: Option<(SocketAddr, SocketAddr)>, comment: &str) {
        let (Some(tap), Some((client, server))) = (&half.taps.relayed, between) else { return };
        if !tap.chunks().is_empty() {
            self.push(half, (tap, half.reporter), (client, server), comment);
        }
    }

    /// The TLS between the proxies, or between a client and a proxy. Of both ends' taps the one that saw more.
    fn wire(&mut self, record: &Record, comment: &str) {
        let seen = |half: &&Half| half.taps.wire.as_ref().map_or(0, |tap| tap.chunks().len());
        let Some(half) = record.halves().max_by_key(seen) else { return };
        let (Some(tap), Some((client, server))) = (&half.taps.wire, wire_leg(record)) else { return };
        if self.tunnels.insert((client, server, tap.began())) {
            self.push(half, (tap, half.reporter), (client, server), comment);
        }
    }

    /// The wire of a connection without TLS of the mesh's: as one of its proxies relayed it, or nothing but its end.
    fn plain_wire(&mut self, record: &Record, comment: &str) {
        let (source, destination) = record.lanes();
        let Some(half) = destination.or(source) else { return };
        let Some((client, server)) = wire_leg(record) else { return };
        match &half.taps.relayed {
            Some(tap) => self.push(half, (tap, half.reporter), (client, server), comment),
            None => {}
        }
    }

    fn push(
        &mut self,
        half: &Half,
        (tap, reporter): (&Tap, Reporter),
        (client, server): (SocketAddr, SocketAddr),
        comment: &str,
    ) {
        let (tapped, key_log) = tapped(tap, reporter);
        self.key_log.extend(&key_log);
        let closes = closes(half, (tap, reporter), &tapped);
        self.connections.push(CapturedConnection {
            client,
            server,
            begun: begun(half, tap),
            tapped,
            comments: Vec::new(),
            comment: Some(comment.to_owned()),
            closes,
        });
    }
}

/// The ends that the tap saw; a connection that failed without one ended in a reset.
fn closes(half: &Half, (tap, reporter): (&Tap, Reporter), tapped: &Tapped) -> Vec<Close> {
    let ends = tap.ends();
    let mut closes: Vec<Close> = ends
        .iter()
        .map(|end| Close {
            direction: direction(reporter, end.direction),
            at: nanoseconds(end.at),
            is_reset: end.is_reset,
        })
        .collect();
    if closes.is_empty() && half.outcome.verdict() != Verdict::Allow {
        let end = (half.since + half.took).saturating_duration_since(tap.began());
        let last = tapped.chunks.last().map_or(0, |chunk| chunk.at);
        closes.push(Close { direction: Direction::ToClient, at: nanoseconds(end).max(last), is_reset: true });
    }
    closes
}

/// When a tap began, in nanoseconds since 1970.
fn begun(half: &Half, tap: &Tap) -> u64 {
    let before = half.since.saturating_duration_since(tap.began());
    let after = tap.began().saturating_duration_since(half.since);
    let since_epoch = half.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    nanoseconds((since_epoch + after).saturating_sub(before))
}

fn app_leg(record: &Record, half: &Half) -> Option<(SocketAddr, SocketAddr)> {
    let routed = record.facts().find_map(|fact| match fact {
        Fact::Routed { to, .. } => Some(to.0),
        _ => None,
    });
    Some((half.source.addr?, routed.or(half.destination.addr)?))
}

fn wire_leg(record: &Record) -> Option<(SocketAddr, SocketAddr)> {
    let (source, destination) = record.lanes();
    let server = source.or(destination)?.destination.addr?;
    // The source's proxy dials from the workload's address with a port of its own.
    let dialled =
        source.and_then(|half| Some(SocketAddr::new(half.source.addr?.ip(), half.join.socket?.port())));
    let accepted = destination.and_then(|half| half.source.addr);
    Some((dialled.or(accepted).or(source.and_then(|half| half.source.addr))?, server))
}

fn backend_leg(record: &Record, half: &Half) -> Option<(SocketAddr, SocketAddr)> {
    let workload = half.destination.workload.as_ref()?;
    let port = UNKNOWN_PORTS + u16::try_from(record.id % 10_000).unwrap_or(0);
    let server = workload.address(record.destination_port()?).0;
    Some((SocketAddr::new(server.ip(), port), server))
}

/// What a reader of the file is told of a connection: verdict, who, which policy, why.
fn comment(record: &Record) -> String {
    let (source, destination) = (record.source_party(), record.destination_party());
    let identity = |id: Option<crate::identity::SpiffeId>| id.map_or("none".to_owned(), |id| id.to_string());
    let policy = record
        .failure()
        .and_then(|failure| failure.policy.as_ref())
        .or_else(|| record.permit().and_then(crate::policy::Permit::allowed_by));
    let policy = policy.map_or("none".to_owned(), ToString::to_string);
    let code = record.code().map(|code| format!(" ({code})")).unwrap_or_default();
    format!(
        "#{} {} -> {}: {} flag {} wire {}\nsource identity: {}\ndestination identity: {}\npolicy: {policy}\nwhy: {}{code}",
        record.id,
        source_name(record),
        destination_name(record),
        record.verdict(),
        record.flag(),
        record.wire().map_or("-", telemetry::Wire::name),
        identity(source.identity),
        identity(destination.identity),
        record.why(),
    )
}
