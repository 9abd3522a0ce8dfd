//! Joins the two halves of a connection, in whatever order they arrive.
//!
//! ```text
//!   first sight of a half ──▶ its partner's seat is taken? ── yes ──▶ the same #ID
//!                                         └─ no ──▶ the next #ID
//!
//!   a half ends: both ended ──▶ record          partner still relays ──▶ wait for it
//!                partner never seen ──▶ wait 2 s if it is expected, else record
//! ```
//!
//! Not here: time itself (callers say when it is), and what becomes of a record (`recorder.rs`).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use tokio::time::Instant;

use crate::mesh::Name;
use crate::telemetry::event::{HalfId, Opening};
use crate::telemetry::half::{Half, Join, Party, Reporter};
use crate::telemetry::partners::Partners;
use crate::telemetry::record::Record;
use crate::telemetry::stage::Stage;

/// How long an ended half waits for a partner that was never seen: both ends are in this process, so it is a matter of
/// milliseconds unless the partner never existed.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many ended halves may wait; beyond that the oldest goes out alone.
const WAITING: usize = 16_384;

/// All connections that have no record yet.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Joiner {
    last_id: u64,
    connections: HashMap<u64, Connection>,
    opened: HashMap<HalfId, (u64, Reporter)>,
    partners: Partners,
    /// How many of `connections` relay on at least one side.
    relaying: usize,
    /// Deadlines in ascending order; an entry whose connection has moved on is stale and harmless.
    waiting: VecDeque<(Instant, u64)>,
}

/// A connection in the making.
#[derive(Debug, Default)]
struct Connection {
    source: Seat,
    destination: Seat,
}

/// One side of it. Each open connection has two, so they are small.
#[derive(Debug, Default)]
enum Seat {
    #[default]
    Empty,
    Open(Arc<Opening>),
    /// Its end will not be heard of. It keeps its seat until its partner ends.
    Lost(Box<Join>),
    Ended(Box<Half>),
}

/// What a half says of itself at first sight.
struct Card<'a> {
    reporter: Reporter,
    join: Join,
    source: &'a Party,
    destination: &'a Party,
}

impl Joiner {
    /// Seats a half that relays now, and returns the connection's id.
    pub(in crate::telemetry) fn opened(&mut self, half: HalfId, opening: &Arc<Opening>) -> u64 {
        let (reporter, join) = (opening.reporter, opening.join);
        let card = Card { reporter, join, source: &opening.source, destination: &opening.destination };
        let id = self.seat(&card);
        let connection = self.connections.entry(id).or_default();
        self.relaying += usize::from(!connection.relays());
        *connection.seat(reporter) = Seat::Open(Arc::clone(opening));
        self.opened.insert(half, (id, reporter));
        id
    }

    /// Seats a half that ended; the record, if nothing is left to wait for.
    pub(in crate::telemetry) fn ended(
        &mut self,
        half_id: HalfId,
        mut half: Box<Half>,
        now: Instant,
    ) -> Option<Record> {
        let reporter = half.reporter;
        let id = match self.opened.remove(&half_id) {
            Some((id, _)) => id,
            None => {
                let card =
                    Card { reporter, join: half.join, source: &half.source, destination: &half.destination };
                self.seat(&card)
            }
        };
        let expects = expects_other(&half);
        let connection = self.connections.entry(id).or_default();
        // It goes on being found by what it was found by when it was first seen.
        half.join = connection.seat(reporter).join().unwrap_or(half.join);
        let relayed = connection.relays();
        *connection.seat(reporter) = Seat::Ended(half);
        self.relaying -= usize::from(relayed && !connection.relays());
        match (connection.seat(reporter.other()), expects) {
            (Seat::Open(..), _) => None,
            (Seat::Empty, true) => {
                self.waiting.push_back((now + PATIENCE, id));
                None
            }
            (Seat::Empty, false) | (Seat::Lost(_) | Seat::Ended(..), _) => self.take(id),
        }
    }

    /// Gives up a half whose end was lost; the record, if its partner has ended.
    pub(in crate::telemetry) fn lost(&mut self, half: HalfId) -> Option<Record> {
        let (id, reporter) = self.opened.remove(&half)?;
        let connection = self.connections.get_mut(&id)?;
        if !matches!(connection.seat(reporter.other()), Seat::Open(..)) {
            return self.take(id);
        }
        let seat = connection.seat(reporter);
        *seat = seat.join().map_or(Seat::Empty, |join| Seat::Lost(Box::new(join)));
        None
    }

    /// A connection whose partner did not come in time; call again until there is none.
    pub(in crate::telemetry) fn overdue(&mut self, now: Instant) -> Option<Record> {
        loop {
            let (deadline, id) = *self.waiting.front()?;
            if deadline > now && self.waiting.len() <= WAITING {
                return None;
            }
            self.waiting.pop_front();
            if self.connections.get(&id).is_some_and(Connection::waits_for_a_stranger)
                && let Some(record) = self.take(id)
            {
                return Some(record);
            }
        }
    }

    /// When [`Joiner::overdue`] has to be asked next.
    pub(in crate::telemetry) fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|(deadline, _)| *deadline)
    }

    /// What has ended, at the end of the process; nobody waits any more.
    pub(in crate::telemetry) fn flush(&mut self) -> Vec<Record> {
        let mut ids: Vec<u64> = self.connections.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// How many connections relay on at least one side.
    pub(in crate::telemetry) fn relaying(&self) -> usize {
        self.relaying
    }

    /// The id of the connection that `card` belongs to: its partner's, or a new one.
    fn seat(&mut self, card: &Card<'_>) -> u64 {
        let fits = |id: &u64| self.connections.get(id).is_some_and(|it| it.has_place_for(card));
        let partner = self.partners.of(card.reporter.other(), &card.join).find(fits);
        let id = partner.unwrap_or_else(|| {
            self.last_id += 1;
            self.last_id
        });
        self.partners.add(card.reporter, &card.join, id);
        id
    }

    /// Takes a connection out; `None` when no half of it has ended.
    fn take(&mut self, id: u64) -> Option<Record> {
        let connection = self.connections.remove(&id)?;
        self.relaying -= usize::from(connection.relays());
        let Connection { source, destination } = connection;
        for (reporter, seat) in [(Reporter::Source, &source), (Reporter::Destination, &destination)] {
            if let Some(join) = seat.join() {
                self.partners.remove(reporter, &join, id);
            }
        }
        let (source, destination) = (source.ended(), destination.ended());
        (source.is_some() || destination.is_some()).then_some(Record { id, source, destination })
    }
}

impl Connection {
    fn seat(&mut self, reporter: Reporter) -> &mut Seat {
        match reporter {
            Reporter::Source => &mut self.source,
            Reporter::Destination => &mut self.destination,
        }
    }

    fn relays(&self) -> bool {
        matches!(self.source, Seat::Open(..)) || matches!(self.destination, Seat::Open(..))
    }

    /// What the partner of `card` says, if there is one and `card`'s own seat is free.
    fn partner_of(&self, card: &Card<'_>) -> Option<(Join, &Party, &Party)> {
        match (card.reporter, &self.source, &self.destination) {
            (Reporter::Source, Seat::Empty, partner) | (Reporter::Destination, partner, Seat::Empty) => {
                partner.says()
            }
            _ => None,
        }
    }

    /// Whether `card` can be the other half: its seat is free, and nothing that both say is contradictory.
    ///
    /// A trace id comes from the peer, and streams of one tunnel share a socket, so neither is believed alone.
    fn has_place_for(&self, card: &Card<'_>) -> bool {
        let Some((join, source, destination)) = self.partner_of(card) else { return false };
        let traces_agree = match (join.trace, card.join.trace) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        traces_agree && agree(source, card.source) && agree(destination, card.destination)
    }

    fn waits_for_a_stranger(&self) -> bool {
        matches!(
            (&self.source, &self.destination),
            (Seat::Ended(..), Seat::Empty) | (Seat::Empty, Seat::Ended(..))
        )
    }
}

impl Seat {
    fn join(&self) -> Option<Join> {
        match self {
            Self::Empty => None,
            Self::Open(opening) => Some(opening.join),
            Self::Lost(join) => Some(**join),
            Self::Ended(half) => Some(half.join),
        }
    }

    fn says(&self) -> Option<(Join, &Party, &Party)> {
        match self {
            Self::Empty | Self::Lost(_) => None,
            Self::Open(opening) => Some((opening.join, &opening.source, &opening.destination)),
            Self::Ended(half) => Some((half.join, &half.source, &half.destination)),
        }
    }

    fn ended(self) -> Option<Box<Half>> {
        match self {
            Self::Ended(half) => Some(half),
            Self::Empty | Self::Open(..) | Self::Lost(_) => None,
        }
    }
}

/// Whether two views of one party can be of the same workload.
fn agree(one: &Party, other: &Party) -> bool {
    fn name(party: &Party) -> Option<&Name> {
        party.workload.as_ref().map(|workload| &workload.name)
    }
    match (name(one), name(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Whether the other half can exist at all: a caller that never got through has no callee.
fn expects_other(half: &Half) -> bool {
    let before_contact = [Stage::Accept, Stage::OrigDst, Stage::Route, Stage::Sniff, Stage::Dial];
    let alone = half.reporter == Reporter::Source
        && half.outcome.failure().is_some_and(|failure| before_contact.contains(&failure.stage));
    half.join.expects_other && !alone
}

#[cfg(test)]
mod tests;
