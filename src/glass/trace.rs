//! [`trace`]: a record and what was kept of its bytes in, a [`Sequence`] out.

use std::time::{Duration, Instant};

use crate::glass::details;
use crate::glass::frames::Frame;
use crate::glass::message::MessageKind;
use crate::glass::opened::Wire;
use crate::glass::sequence::{Detail, Eavesdropper, Event, Handshake, Lane, Phase, Sequence, Stander, Tone};
use crate::glass::step_events::{self, Shown, nanoseconds};
use crate::glass::tapped::Direction;
use crate::glass::{relay_events, wire_events};
use crate::sniff::FirstBytes;
use crate::telemetry::{self, Fact, Half, Party, Record, Reporter, destination_name, source_name};

/// Frames that keep a connection going and mean nothing to a reader.
const HOUSEKEEPING: [&str; 3] = ["WINDOW_UPDATE", "PING", "PRIORITY"];

/// Draws a record; with `bytes`, each message is taken apart in [`Sequence::details`].
///
/// It reads what taps kept while the connection lived, so it may be asked at any time after. Without taps there are the
/// record's own steps, and a note that says so.
pub fn trace(record: &Record, bytes: bool) -> Sequence {
    let wire = Wire::of(record);
    let mut drawing = Drawing::new(record, wire.as_ref(), bytes);
    drawing.draw();
    let Drawing { mut events, details, .. } = drawing;
    // Stable, so that what one place tells in one moment keeps its order.
    events.sort_by_key(|event| event.at_ns);
    let facts = Facts { record, wire: wire.as_ref() };
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

/// Whether this connection's tunnel was there before it.
fn is_reused(record: &Record) -> bool {
    record.facts().any(|fact| matches!(fact, Fact::Reused { .. }))
}

/// The events while they are gathered.
struct Drawing<'a> {
    record: &'a Record,
    wire: Option<&'a Wire>,
    wants_details: bool,
    begin: Instant,
    end: Instant,
    /// Between which lanes the TLS runs.
    between: (Lane, Lane),
    events: Vec<Event>,
    details: Vec<Detail>,
}

impl<'a> Drawing<'a> {
    fn new(record: &'a Record, wire: Option<&'a Wire>, wants_details: bool) -> Self {
        let begin = record.halves().map(|half| half.since).min().unwrap_or_else(Instant::now);
        let end = record.halves().map(|half| half.since + half.took).max().unwrap_or(begin);
        let between = ends(record);
        Self { record, wire, wants_details, begin, end, between, events: Vec::new(), details: Vec::new() }
    }

    fn draw(&mut self) {
        let frames = self.wire.map(|wire| own_frames(self.record, wire)).unwrap_or_default();
        let (source, destination) = self.record.lanes();
        for half in self.record.halves() {
            let shown = Shown {
                connect: frames.iter().any(|(_, frame)| frame.name == "HEADERS"),
                relayed: half.taps.relayed.is_some(),
                other: source.is_some() && destination.is_some(),
                handshaken: self.wire.and_then(|wire| self.handshaken(wire)),
                reused: is_reused(self.record),
            };
            let begin = self.since(half.since);
            self.events.extend(step_events::events(half, begin, shown));
            self.events.extend(relay_events::events(half, begin));
        }
        let Some(wire) = self.wire else { return };
        if !is_reused(self.record) {
            self.messages(wire);
        }
        self.frames(&frames);
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

/// The frames of this connection: those of its stream, and of a tunnel that it was the first in also those before.
fn own_frames<'a>(record: &Record, wire: &'a Wire) -> Vec<(Instant, &'a Frame)> {
    let all = wire.frames();
    let Some(stream) = stream(record, &all) else {
        // The CONNECT itself never came: all that there is tells how far it got.
        return if is_reused(record) { Vec::new() } else { all };
    };
    let first = !is_reused(record) && stream == 1;
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

/// How long the parts of the way took, as the first proxy measured them.
fn phases(record: &Record) -> Vec<Phase> {
    let Some(half) = record.halves().next() else { return Vec::new() };
    let name = |fact: &Fact| match fact {
        Fact::Routed { .. } => Some("route"),
        Fact::Sniffed { .. } => Some("sniff"),
        Fact::Dialed { .. } => Some("dial"),
        Fact::Handshaken { .. } | Fact::Originated { .. } => Some("tls"),
        Fact::Answered { .. } => Some("connect"),
        Fact::Permitted(_) => Some("policy"),
        _ => None,
    };
    let mut last = Duration::ZERO;
    let mut phases = Vec::new();
    for step in &half.steps {
        if let Some(name) = name(&step.fact) {
            phases.push(Phase { name: name.to_owned(), took_ns: nanoseconds(step.at.saturating_sub(last)) });
            last = step.at;
        }
    }
    phases.extend(first_byte(half));
    phases
}

/// From accept to the first byte of the answer.
fn first_byte(half: &Half) -> Option<Phase> {
    let tap = half.taps.relayed.as_ref()?;
    let chunk = tap.chunks().into_iter().find(|chunk| chunk.direction == crate::io::Direction::In)?;
    let began = tap.began().saturating_duration_since(half.since);
    Some(Phase { name: "answer's first byte at".to_owned(), took_ns: nanoseconds(began + chunk.at) })
}

/// What is said beside the events.
struct Facts<'a> {
    record: &'a Record,
    wire: Option<&'a Wire>,
}

impl Facts<'_> {
    fn lanes(&self) -> Vec<Stander> {
        let (source, destination) = self.record.lanes();
        let stander = |lane, name: String, is_seen| Stander { lane, name, is_seen };
        let seen = |half: Option<&Half>| half.is_some();
        let is_tunnel = self.record.wire() == Some(telemetry::Wire::Hbone);
        let proxy = |half: Option<&Half>, party: &Party| {
            let is_meshed = party.workload.as_ref().is_some_and(|workload| workload.reach.in_mesh());
            let exists = half.is_some() || is_tunnel || is_meshed;
            if exists { "its proxy".to_owned() } else { "no proxy".to_owned() }
        };
        vec![
            stander(Lane::App, source_name(self.record), seen(source)),
            stander(Lane::Source, proxy(source, &self.record.source_party()), seen(source)),
            stander(
                Lane::Destination,
                proxy(destination, &self.record.destination_party()),
                seen(destination),
            ),
            stander(Lane::Backend, destination_name(self.record), seen(destination)),
        ]
    }

    fn handshake(&self) -> Option<Handshake> {
        let agreed = &self.wire?.any()?.decoded.agreed;
        agreed.client_random?;
        let plain = |text: &Option<String>| {
            text.as_deref().map(|text| text.split(" (0x").next().unwrap_or(text).to_owned())
        };
        Some(Handshake {
            version: plain(&agreed.version),
            suite: plain(&agreed.suite),
            group: plain(&agreed.group),
            alpn: agreed.alpn.clone(),
            alpn_offered: agreed.alpn_offered.clone(),
            server_name: agreed.server_name.clone(),
            was_retried: agreed.was_retried,
        })
    }

    fn reused_tunnel(&self) -> Option<bool> {
        let has_tunnel = self.record.facts().any(|fact| matches!(fact, Fact::Connect { .. }));
        (has_tunnel && self.record.source.is_some()).then(|| is_reused(self.record))
    }

    fn eavesdropper(&self) -> Eavesdropper {
        match (self.wire, self.record.wire()) {
            (Some(wire), _) => details::eavesdropper(wire),
            (None, Some(telemetry::Wire::Raw)) => {
                let sees = "all of it: the bytes are in the clear, and nobody proves who they are".to_owned();
                Eavesdropper { sees: vec![sees], does_not_see: Vec::new() }
            }
            (None, _) => Eavesdropper::default(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let taps = || self.record.halves().map(|half| &half.taps);
        let kept = || taps().flat_map(|taps| [&taps.wire, &taps.relayed]).flatten();
        let mut notes = Vec::new();
        if kept().next().is_none() {
            notes.push(
                "nothing was kept of its bytes, only its record: the mesh runs without --tap".to_owned(),
            );
        }
        if kept().any(crate::io::Tap::is_forgotten) {
            notes.push("its bytes were forgotten again, because others came after it".to_owned());
        }
        if is_reused(self.record) {
            notes.push("it went through a tunnel that was there already: no handshake of its own, and none to show (--fresh-tunnel makes one)".to_owned());
        }
        let tls = self.wire.and_then(Wire::any);
        if tls.is_some_and(|opened| opened.decoded.agreed.was_retried) {
            notes.push("the server wanted a key share of another group: one round trip more, for the HelloRetryRequest".to_owned());
        }
        for (half, lane) in
            [(self.record.lanes().0, Reporter::Source), (self.record.lanes().1, Reporter::Destination)]
        {
            if half.is_none() {
                notes.push(format!(
                    "the {lane}'s side is drawn as the other one saw it: no proxy of this mesh recorded it"
                ));
            }
        }
        notes
    }

    fn next(&self, bytes: bool) -> Vec<String> {
        let id = self.record.id;
        let has_bytes = self.wire.is_some();
        let mut next: Vec<String> = self.record.hint().map(str::to_owned).into_iter().collect();
        next.push(format!("glasstunnel explain #{id}"));
        if has_bytes && !bytes {
            next.push(format!("glasstunnel trace #{id} --bytes"));
        }
        if has_bytes {
            next.push(format!("glasstunnel capture --conn #{id} -w {id}.pcapng"));
        }
        next
    }
}
