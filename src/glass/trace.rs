//! [`trace`]: a record and what was kept of its bytes in, a [`Sequence`] out.

use std::time::{Duration, Instant};

use crate::glass::afterword::{Facts, phases};
use crate::glass::details;
use crate::glass::frames::Frame;
use crate::glass::message::MessageKind;
use crate::glass::opened::Wire;
use crate::glass::sequence::{Detail, Event, Lane, Sequence, Tone};
use crate::glass::share::Share;
use crate::glass::step_events::{self, Shown, nanoseconds};
use crate::glass::tapped::Direction;
use crate::glass::{relay_events, wire_events};
use crate::sniff::FirstBytes;
use crate::telemetry::{self, Half, Record, Reporter, Stage, destination_name, source_name};

/// Frames that keep a connection going and mean nothing to a reader.
const HOUSEKEEPING: [&str; 3] = ["WINDOW_UPDATE", "PING", "PRIORITY"];

/// Draws a record; with `bytes`, each message is taken apart in [`Sequence::details`].
///
/// It reads what taps kept while the connection lived, so it may be asked at any time after. Without taps there are the
/// record's own steps, and a note that says so.
pub fn trace(record: &Record, bytes: bool) -> Sequence {
    let wire = Wire::of(record);
    let share = Share::of(record, wire.as_ref());
    let mut drawing = Drawing::new(record, (wire.as_ref(), &share), bytes);
    drawing.draw();
    let Drawing { mut events, details, .. } = drawing;
    // Stable, so that what one place tells in one moment keeps its order.
    events.sort_by_key(|event| event.at_ns);
    let facts = Facts { record, wire: wire.as_ref(), is_reused: share.is_reused };
    Sequence {
        id: record.id,
        source: source_name(record),
        destination: destination_name(record),
        verdict: record.verdict().name().to_ascii_lowercase(),
        flag: record.flag().name().to_owned(),
        code: record.code().map(str::to_owned),
        wire: record.wire().map(|wire| wire.name().to_owned()),
        why: record.why(),
        took_ns: nanoseconds(record.took()),
        lanes: facts.lanes(),
        handshake: facts.handshake(),
        reused_tunnel: facts.reused_tunnel(),
        phases: phases(record),
        eavesdropper: facts.eavesdropper(),
        notes: facts.notes(),
        next: facts.next(bytes),
        events,
        details,
    }
}

/// The events while they are gathered.
struct Drawing<'a> {
    record: &'a Record,
    wire: Option<&'a Wire>,
    share: &'a Share<'a>,
    wants_details: bool,
    begin: Instant,
    end: Instant,
    /// Between which lanes the TLS runs.
    between: (Lane, Lane),
    events: Vec<Event>,
    details: Vec<Detail>,
}

impl<'a> Drawing<'a> {
    fn new(
        record: &'a Record,
        (wire, share): (Option<&'a Wire>, &'a Share<'a>),
        wants_details: bool,
    ) -> Self {
        let own_tunnel = wire.filter(|_| !share.is_reused).and_then(Wire::any).map(|opened| opened.began);
        let begin =
            record.halves().map(|half| half.since).chain(own_tunnel).min().unwrap_or_else(Instant::now);
        let end = record.halves().map(|half| half.since + half.took).max().unwrap_or(begin);
        let between = ends(record);
        Self {
            record,
            wire,
            share,
            wants_details,
            begin,
            end,
            between,
            events: Vec::new(),
            details: Vec::new(),
        }
    }

    fn draw(&mut self) {
        let share = self.share;
        let (source, destination) = self.record.lanes();
        for half in self.record.halves() {
            let shown = Shown {
                connect: share.frames.iter().any(|(_, frame)| frame.name == "HEADERS"),
                relayed: half.taps.relayed.is_some(),
                other: source.is_some() && destination.is_some(),
                handshaken: self.wire.and_then(|wire| self.handshaken(wire)),
                refused: self.wire.and_then(|wire| self.refused(wire, half)),
                reused: share.is_reused,
            };
            let begin = self.since(half.since);
            self.events.extend(step_events::events(half, begin, shown));
            // Where there is TLS, its messages and frames tell it all, and better.
            let wants_details = self.wants_details && self.wire.is_none();
            let details = &mut self.details;
            let relayed = relay_events::events(half, begin, |run| {
                wants_details.then(|| details.push(details::of_run(run)))?;
                Some(details.len() - 1)
            });
            self.events.extend(relayed);
        }
        let Some(wire) = self.wire else { return };
        if !share.is_reused {
            self.messages(wire);
        }
        self.frames(&share.frames);
    }

    /// When `half` told the other end that it refuses it: its handshake failed there, whatever it waited for afterwards.
    fn refused(&self, wire: &Wire, half: &Half) -> Option<u64> {
        half.outcome.failure().filter(|failure| failure.stage == Stage::Tls)?;
        let own = match half.reporter {
            Reporter::Source => Direction::ToServer,
            Reporter::Destination => Direction::ToClient,
        };
        let messages = wire.messages();
        let alert = messages.iter().find(|(_, message)| {
            message.direction == own
                && matches!(message.kind, MessageKind::Alert { number, .. } if number != 0)
        });
        // One later than the alert, so that it stands behind it.
        alert.map(|(at, _)| self.since(*at) + 1)
    }

    /// When the server had read the client's Finished.
    fn handshaken(&self, wire: &Wire) -> Option<u64> {
        let opened = wire.received(Direction::ToServer)?;
        let mut messages = opened.decoded.messages.iter();
        let last =
            messages.find(|it| it.kind == MessageKind::Finished && it.direction == Direction::ToServer)?;
        // One later than the message, so that it stands behind it.
        Some(self.since(opened.began + Duration::from_nanos(last.at)) + 1)
    }

    fn messages(&mut self, wire: &Wire) {
        let all = wire.messages();
        let was_asked = all.iter().any(|(_, message)| message.kind == MessageKind::CertificateRequest);
        let end = self.end;
        for (at, message) in all.into_iter().filter(|(at, _)| *at <= end) {
            let is_content = message.kind == MessageKind::ApplicationData;
            // What frames tell better, and what means nothing.
            if is_content && !self.is_opaque(wire) || message.kind == MessageKind::ChangeCipherSpec {
                continue;
            }
            let detail = self.detail(|| details::of_message(message));
            let (from, to) = self.way(message.direction);
            let lost = !wire.arrived(message.direction, message.raw.end);
            self.events.push(Event {
                bytes: Some(u64::try_from(message.bytes.len()).unwrap_or(u64::MAX)),
                encrypted: message.encrypted,
                lost,
                tone: wire_events::tone(message),
                detail,
                ..Event::at(self.since(at), from, message.name(), wire_events::says(message)).towards(to)
            });
            let is_last = message.kind == MessageKind::Finished && message.direction == Direction::ToServer;
            if is_last && was_asked {
                self.events.push(self.believes(at));
            }
        }
    }

    /// Whether what is inside the TLS is no HTTP/2, so that there are no frames to show.
    fn is_opaque(&self, wire: &Wire) -> bool {
        wire.any().is_some_and(|opened| opened.frames.is_empty())
    }

    /// The trap of TLS 1.3: the client is done before anybody has looked at its certificate (RFC 8446 §2).
    fn believes(&self, at: Instant) -> Event {
        let says = "the client now believes that the handshake is done; only now does the server look at its certificate";
        Event::at(self.since(at), self.between.0, "TLS 1.3", says).toned(Tone::Note)
    }

    fn frames(&mut self, frames: &[(Instant, &Frame)]) {
        let told = |frame: &Frame| !HOUSEKEEPING.contains(&frame.name);
        let frames: Vec<_> = frames.iter().filter(|(_, frame)| told(frame)).collect();
        for run in frames.chunk_by(|(_, one), (_, next)| is_run(one, next)) {
            let Some((at, first)) = run.first() else { continue };
            let mut details = run.iter().map(|(_, frame)| self.detail(|| details::of_frame(frame)));
            let detail = details.next().flatten();
            details.for_each(drop);
            let (from, to) = self.way(first.direction);
            let data = run.iter().filter_map(|(_, frame)| Some(frame.data.clone()?.len())).sum::<usize>();
            let bytes = if first.name == "DATA" { data } else { first.bytes.len() };
            self.events.push(Event {
                bytes: Some(u64::try_from(bytes).unwrap_or(u64::MAX)),
                encrypted: true,
                tone: frame_tone(first),
                detail,
                ..Event::at(self.since(*at), from, wire_events::frame_name(first), run_says(run)).towards(to)
            });
        }
    }

    fn detail(&mut self, make: impl FnOnce() -> Detail) -> Option<usize> {
        if !self.wants_details {
            return None;
        }
        self.details.push(make());
        Some(self.details.len() - 1)
    }

    fn way(&self, direction: Direction) -> (Lane, Lane) {
        match direction {
            Direction::ToServer => self.between,
            Direction::ToClient => (self.between.1, self.between.0),
        }
    }

    fn since(&self, moment: Instant) -> u64 {
        nanoseconds(moment.saturating_duration_since(self.begin))
    }
}

/// Between which lanes the TLS of a record runs.
fn ends(record: &Record) -> (Lane, Lane) {
    let (source, destination) = record.lanes();
    let is_tunnel = record.wire() == Some(telemetry::Wire::Hbone);
    let client = if source.is_some() || is_tunnel { Lane::Source } else { Lane::App };
    let is_meshed = destination.is_some() || is_tunnel || record.wire() == Some(telemetry::Wire::Mtls);
    (client, if is_meshed { Lane::Destination } else { Lane::Backend })
}

/// Whether two frames are one line: data after data.
fn is_run(one: &Frame, next: &Frame) -> bool {
    one.name == "DATA" && next.name == "DATA" && one.direction == next.direction
}

fn run_says(run: &[&(Instant, &Frame)]) -> String {
    let says = run.last().map(|(_, frame)| wire_events::frame_says(frame)).unwrap_or_default();
    let data: Vec<u8> = run
        .iter()
        .filter_map(|(_, frame)| frame.bytes.get(frame.data.clone()?))
        .flat_map(|data| data.iter().copied())
        .take(FirstBytes::CAPACITY)
        .collect();
    let ends =
        run.last().is_some_and(|(_, frame)| frame.name == "DATA" && frame.flags.contains(&"END_STREAM"));
    let mut says = match (run.len(), data.is_empty()) {
        (1, true) => says,
        (1, false) => format!("{says} · {}", FirstBytes::of(&data)),
        (count, _) => format!("{says} · {count} frames · {}", FirstBytes::of(&data)),
    };
    says.push_str(if ends { wire_events::END } else { "" });
    says
}

fn frame_tone(frame: &Frame) -> Tone {
    let status = frame.headers.iter().find(|(name, _)| name == ":status");
    let is_refusal = status.is_some_and(|(_, value)| value != "200");
    // A refusal is followed by RST_STREAM(NO_ERROR), which only says that the request need not go on (RFC 9113 §8.1).
    let is_reset =
        frame.name == "RST_STREAM" && !frame.fields.iter().any(|field| field.value.contains("NO_ERROR"));
    if is_refusal || is_reset { Tone::Bad } else { Tone::Plain }
}
