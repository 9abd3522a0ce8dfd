//! [`Share`]: what of a tunnel is one connection's.

use std::time::{Duration, Instant};

use crate::glass::frames::Frame;
use crate::glass::opened::Wire;
use crate::telemetry::Record;

/// What of a tunnel, or of a TLS connection of its own, is one connection's.
pub(crate) struct Share<'a> {
    /// Its frames: those of its stream, and of a tunnel that it was the first in also those before.
    pub(crate) frames: Vec<(Instant, &'a Frame)>,
    /// Whether the tunnel was there before it, so that the handshake is another connection's.
    pub(crate) is_reused: bool,
}

impl<'a> Share<'a> {
    /// That of `record`, which went over `wire`.
    pub(crate) fn of(record: &Record, wire: Option<&'a Wire>) -> Self {
        let all = wire.map(Wire::frames).unwrap_or_default();
        match stream(record, &all) {
            // A client's first stream is number 1 (RFC 9113 §5.1.1).
            Some(stream) => {
                let is_reused = record.is_reused() || stream != 1;
                Self { frames: own_frames(all, stream, !is_reused), is_reused }
            }
            // The CONNECT itself never came: all that there is tells how far it got.
            None if record.is_reused() => Self { frames: Vec::new(), is_reused: true },
            None => Self { frames: all, is_reused: false },
        }
    }
}

fn own_frames(all: Vec<(Instant, &Frame)>, stream: u32, first: bool) -> Vec<(Instant, &Frame)> {
    let opened = all.iter().find(|(_, frame)| frame.stream == stream).map(|(at, _)| *at);
    let before = |at: Instant| opened.is_some_and(|opened| at <= opened + SETTLING);
    let own = |at: Instant, frame: &Frame| {
        frame.stream == stream || frame.stream == 0 && (first && before(at) || frame.name == "GOAWAY")
    };
    all.into_iter().filter(|(at, frame)| own(*at, frame)).collect()
}

/// SETTINGS are acknowledged about when the first stream opens.
const SETTLING: Duration = Duration::from_millis(50);

/// The stream of this connection in its tunnel: the one whose CONNECT carries its trace, else the nearest with its authority.
fn stream(record: &Record, frames: &[(Instant, &Frame)]) -> Option<u32> {
    let has = |frame: &Frame, name: &str, wanted: &str| {
        frame.headers.iter().any(|(known, value)| known == name && value.contains(wanted))
    };
    let trace = record.halves().find_map(|half| half.join.trace).map(|trace| trace.to_string());
    let by_trace = trace.and_then(|trace| frames.iter().find(|(_, frame)| has(frame, "traceparent", &trace)));
    let by_authority = || {
        let half = record.halves().next()?;
        let authority = half.hbone_addr.as_deref()?;
        let candidates = frames.iter().filter(|(_, frame)| has(frame, ":authority", authority));
        let away = |at: &Instant| {
            at.saturating_duration_since(half.since) + half.since.saturating_duration_since(*at)
        };
        candidates.min_by_key(|(at, _)| away(at))
    };
    by_trace.or_else(by_authority).map(|(_, frame)| frame.stream)
}
