//! What was relayed as events: the application's own bytes, run by run, and who said that nothing more follows.

use crate::glass::sequence::{Event, Lane, Tone};
use crate::glass::step_events::{lane, nanoseconds};
use crate::io::{Chunk, Direction, Ended, Tap};
use crate::sniff::{self, FirstBytes};
use crate::telemetry::{Half, Reporter};

/// The events of what `half` relayed between its application and whoever is on the other side; nothing without a tap. Runs of
/// bytes are handed to `detail`, which may number them.
pub(crate) fn events(
    half: &Half,
    begin: u64,
    mut detail: impl FnMut(&Run<'_>) -> Option<usize>,
) -> Vec<Event> {
    let Some(tap) = &half.taps.relayed else { return Vec::new() };
    let offset = begin + nanoseconds(tap.began().saturating_duration_since(half.since));
    let own = lane(half.reporter);
    let (chunks, ends) = (tap.chunks(), tap.ends());
    let mut events: Vec<Event> = chunks
        .chunk_by(|one, next| one.direction == next.direction)
        .map(|chunks| {
            let run = Run::of(chunks);
            Event { detail: detail(&run), ..said(&run, half.reporter, offset) }
        })
        .collect();
    events.extend(ends.iter().filter_map(|ended| end(ended, half.reporter, offset)));
    if tap.is_full() {
        let at = chunks.last().map_or(offset, |chunk| offset + nanoseconds(chunk.at));
        let says = format!("{} bytes were kept, more were relayed", kept(tap));
        events.push(Event::at(at, own, "…", says).toned(Tone::Note));
    }
    events
}

fn kept(tap: &Tap) -> usize {
    tap.chunks().iter().map(|chunk| chunk.bytes.len()).sum()
}

/// Chunks that went the same way one after the other.
pub(crate) struct Run<'a> {
    chunks: &'a [Chunk],
    /// Which way.
    pub(crate) direction: Direction,
    /// Their bytes.
    pub(crate) bytes: Vec<u8>,
}

impl<'a> Run<'a> {
    fn of(chunks: &'a [Chunk]) -> Self {
        let direction = chunks.first().map_or(Direction::Out, |first| first.direction);
        Self {
            chunks,
            direction,
            bytes: chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect(),
        }
    }

    /// What its beginning is.
    pub(crate) fn says(&self) -> String {
        match (sniff::classify(&self.bytes), self.bytes.as_slice()) {
            (sniff::Verdict::Known(protocol), _) if protocol.is_client_hello() => {
                format!("16: a TLS handshake record → {}", protocol.says())
            }
            (_, [kind @ 20..=23, 3, ..]) => format!("{kind:02x}: a TLS record, {}", record(*kind)),
            _ => FirstBytes::of(&self.bytes).to_string(),
        }
    }
}

/// What a record's type says of its content (RFC 8446 §5.1).
fn record(kind: u8) -> &'static str {
    match kind {
        20 => "change_cipher_spec",
        21 => "an alert",
        22 => "a handshake message",
        _ => "application_data: encrypted",
    }
}

/// Between which lanes a direction runs that a proxy shares with its application.
fn way(reporter: Reporter, direction: Direction) -> (Lane, Lane) {
    match (reporter, direction) {
        (Reporter::Source, Direction::Out) => (Lane::App, Lane::Source),
        (Reporter::Source, Direction::In) => (Lane::Source, Lane::App),
        (Reporter::Destination, Direction::Out) => (Lane::Destination, Lane::Backend),
        (Reporter::Destination, Direction::In) => (Lane::Backend, Lane::Destination),
    }
}

fn said(run: &Run<'_>, reporter: Reporter, offset: u64) -> Event {
    let at = run.chunks.first().map_or(offset, |first| offset + nanoseconds(first.at));
    let (from, to) = way(reporter, run.direction);
    let length = u64::try_from(run.bytes.len()).unwrap_or(u64::MAX);
    Event { bytes: Some(length), ..Event::at(at, from, "bytes", run.says()).towards(to) }
}

fn end(ended: &Ended, reporter: Reporter, offset: u64) -> Option<Event> {
    let at = offset + nanoseconds(ended.at);
    let (from, to) = way(reporter, ended.direction);
    let is_own_application = matches!(from, Lane::App | Lane::Backend);
    let who = match ended.direction {
        Direction::Out => "client",
        Direction::In => "server",
    };
    Some(match (ended.is_reset, is_own_application) {
        (true, true) => {
            Event::at(at, from, "RST", format!("the {who} broke the connection")).towards(to).toned(Tone::Bad)
        }
        (true, false) => return None,
        (false, _) => Event::at(at, from, "FIN", format!("nothing more follows from the {who}")).towards(to),
    })
}
