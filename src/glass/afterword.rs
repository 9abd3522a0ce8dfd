//! What is said of a sequence beside its events: who stands in the lanes, how long the parts took, what the network sees, what to
//! do next.

use std::time::Duration;

use crate::glass::details;
use crate::glass::opened::Wire;
use crate::glass::sequence::{Eavesdropper, Handshake, Lane, Phase, Stander};
use crate::glass::step_events::nanoseconds;
use crate::io::{Direction, Tap};
use crate::knowledge;
use crate::telemetry::{self, Fact, Half, Party, Record, Reporter, destination_name, source_name};

/// How long the parts of the way took, as the first proxy measured them.
pub(crate) fn phases(record: &Record) -> Vec<Phase> {
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
    let chunk = tap.chunks().into_iter().find(|chunk| chunk.direction == Direction::In)?;
    let began = tap.began().saturating_duration_since(half.since);
    Some(Phase { name: "answer's first byte at".to_owned(), took_ns: nanoseconds(began + chunk.at) })
}

/// What is said beside the events.
pub(crate) struct Facts<'a> {
    pub(crate) record: &'a Record,
    pub(crate) wire: Option<&'a Wire>,
    /// Whether its tunnel was there before it.
    pub(crate) is_reused: bool,
}

impl Facts<'_> {
    pub(crate) fn lanes(&self) -> Vec<Stander> {
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

    pub(crate) fn handshake(&self) -> Option<Handshake> {
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

    pub(crate) fn reused_tunnel(&self) -> Option<bool> {
        let has_tunnel = self.record.facts().any(|fact| matches!(fact, Fact::Connect { .. }));
        has_tunnel.then_some(self.is_reused)
    }

    pub(crate) fn eavesdropper(&self) -> Eavesdropper {
        match (self.wire, self.record.wire()) {
            (Some(_), _) if self.is_reused => details::eavesdropper_of_a_tunnel(),
            (Some(wire), _) => details::eavesdropper(wire),
            (None, Some(telemetry::Wire::Raw)) => {
                let sees = "all of it: the bytes are in the clear, and nobody proves who they are".to_owned();
                Eavesdropper { sees: vec![sees], does_not_see: Vec::new() }
            }
            (None, Some(telemetry::Wire::Tls)) => {
                let hello = self.record.facts().find_map(|fact| match fact {
                    Fact::Sniffed { protocol, .. } => Some(protocol.says()),
                    _ => None,
                });
                let records = "records of the application's own TLS: when, and how long".to_owned();
                let hidden = "what the applications say, and neither does the mesh: it has no keys of theirs";
                Eavesdropper {
                    sees: hello.into_iter().chain([records]).collect(),
                    does_not_see: vec![hidden.to_owned()],
                }
            }
            (None, _) => Eavesdropper::default(),
        }
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        let taps = || self.record.halves().map(|half| &half.taps);
        let kept = || taps().flat_map(|taps| [&taps.wire, &taps.relayed]).flatten();
        let mut notes = Vec::new();
        if kept().next().is_none() {
            notes.push(
                "nothing was kept of its bytes, only its record: the mesh runs without --tap".to_owned(),
            );
        }
        if kept().any(Tap::is_forgotten) {
            notes.push("its bytes were forgotten again, because others came after it".to_owned());
        }
        if self.is_reused {
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

    pub(crate) fn next(&self, bytes: bool) -> Vec<String> {
        let id = self.record.id;
        let has_bytes =
            self.record.halves().any(|half| half.taps.wire.is_some() || half.taps.relayed.is_some());
        let mut next: Vec<String> = self.record.hint().map(str::to_owned).into_iter().collect();
        let known = self.record.code().and_then(|code| knowledge::by_code(code).next());
        next.extend(known.map(|row| format!("glasstunnel why {} ({})", row.id, row.name)));
        next.push(format!("glasstunnel explain '#{id}'"));
        if has_bytes && !bytes {
            next.push(format!("glasstunnel trace '#{id}' --bytes"));
        }
        if has_bytes {
            next.push(format!("glasstunnel capture --conn '#{id}' -w {id}.pcapng"));
        }
        next
    }
}
