//! [`Opened`]: what one proxy's tap of a TLS connection says, and [`Wire`]: what both taps say together.

use std::time::Instant;

use crate::glass::decode::{Decoded, decode};
use crate::glass::frames::{Frame, frames};
use crate::glass::key_log::KeyLog;
use crate::glass::message::Message;
use crate::glass::tapped::{Direction, Tapped};
use crate::io::{self, Tap};
use crate::telemetry::{Record, Reporter};

/// Which way a tap's bytes went, in terms of client and server: the source's proxy is the client.
pub(crate) fn direction(reporter: Reporter, of_tap: io::Direction) -> Direction {
    match (reporter, of_tap) {
        (Reporter::Source, io::Direction::Out) | (Reporter::Destination, io::Direction::In) => {
            Direction::ToServer
        }
        (Reporter::Source, io::Direction::In) | (Reporter::Destination, io::Direction::Out) => {
            Direction::ToClient
        }
    }
}

/// What a tap kept, as the decoder and the capture file want it.
pub(crate) fn tapped(tap: &Tap, reporter: Reporter) -> (Tapped, KeyLog) {
    let mut tapped = Tapped::default();
    for chunk in tap.chunks() {
        let at = u64::try_from(chunk.at.as_nanos()).unwrap_or(u64::MAX);
        tapped.push(direction(reporter, chunk.direction), at, chunk.bytes);
    }
    let mut key_log = KeyLog::default();
    for secret in tap.secrets() {
        key_log.add(&secret.label, &secret.client_random, secret.secret_bytes());
    }
    (tapped, key_log)
}

/// One tap, decoded.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) began: Instant,
    pub(crate) decoded: Decoded,
    pub(crate) frames: Vec<Frame>,
    pub(crate) is_cut: bool,
    tapped: Tapped,
}

impl Opened {
    fn of(tap: &Tap, reporter: Reporter) -> Self {
        let (tapped, key_log) = tapped(tap, reporter);
        let decoded = decode(&tapped, &key_log);
        let frames = frames(&decoded.messages);
        Self { began: tap.began(), is_cut: tap.is_full() || decoded.is_cut, decoded, frames, tapped }
    }
}

/// The TLS of one connection as its two ends saw it; either may be missing.
///
/// What one end sent is told by its own tap, if there is one: it has what never arrived, such as the alert behind which
/// the network was cut.
#[derive(Debug)]
pub(crate) struct Wire {
    source: Option<Opened>,
    destination: Option<Opened>,
}

impl Wire {
    /// What the taps of a record say; `None` without any.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let (source, destination) = record.lanes();
        let opened = |half: Option<&crate::telemetry::Half>| {
            let half = half?;
            Some(Opened::of(half.taps.wire.as_ref()?, half.reporter))
        };
        let wire = Self { source: opened(source), destination: opened(destination) };
        (wire.source.is_some() || wire.destination.is_some()).then_some(wire)
    }

    /// Whoever knows best what went `direction`: its sender, else its receiver.
    pub(crate) fn sent(&self, direction: Direction) -> Option<&Opened> {
        match direction {
            Direction::ToServer => self.source.as_ref().or(self.destination.as_ref()),
            Direction::ToClient => self.destination.as_ref().or(self.source.as_ref()),
        }
    }

    /// Whoever knows best when what went `direction` arrived.
    pub(crate) fn received(&self, direction: Direction) -> Option<&Opened> {
        match direction {
            Direction::ToServer => self.destination.as_ref().or(self.source.as_ref()),
            Direction::ToClient => self.source.as_ref().or(self.destination.as_ref()),
        }
    }

    /// Whether bytes up to `end` of what went `direction` arrived; true where nobody could tell.
    pub(crate) fn arrived(&self, direction: Direction, end: usize) -> bool {
        let (Some(source), Some(destination)) = (&self.source, &self.destination) else { return true };
        let receiver = match direction {
            Direction::ToServer => destination,
            Direction::ToClient => source,
        };
        receiver.is_cut || receiver.tapped.length(direction) >= end
    }

    /// Whichever tap there is, the client's first.
    pub(crate) fn any(&self) -> Option<&Opened> {
        self.source.as_ref().or(self.destination.as_ref())
    }

    /// All messages, each as its sender knows it, with the moment.
    pub(crate) fn messages(&self) -> Vec<(Instant, &Message)> {
        self.ordered(|opened| opened.decoded.messages.iter().map(|it| (it.direction, it.at, it)).collect())
    }

    /// All frames, each as its sender knows it, with the moment.
    pub(crate) fn frames(&self) -> Vec<(Instant, &Frame)> {
        self.ordered(|opened| opened.frames.iter().map(|it| (it.direction, it.at, it)).collect())
    }

    fn ordered<'a, T>(
        &'a self,
        all: impl Fn(&'a Opened) -> Vec<(Direction, u64, &'a T)>,
    ) -> Vec<(Instant, &'a T)> {
        let mut ordered = Vec::new();
        for direction in [Direction::ToServer, Direction::ToClient] {
            let Some(opened) = self.sent(direction) else { continue };
            let own = all(opened).into_iter().filter(|(way, ..)| *way == direction);
            ordered.extend(own.map(|(_, at, it)| (opened.began + std::time::Duration::from_nanos(at), it)));
        }
        // Stable, so that what stands in one record keeps its order.
        ordered.sort_by_key(|(at, _)| *at);
        ordered
    }
}
