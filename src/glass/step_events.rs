//! The steps of a record as events: what each proxy found out, in its own lane.

use crate::glass::sequence::{Event, Lane, Tone};
use crate::sniff::{FirstBytes, Protocol};
use crate::telemetry::{Fact, Half, Outcome, Reporter, Stage, Step, Wire};

/// What else is shown of the connection, so that nothing is told twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// The CONNECT and its answer, as frames.
    pub(crate) connect: bool,
    /// The relayed bytes.
    pub(crate) relayed: bool,
    /// The other half.
    pub(crate) other: bool,
    /// When the server has seen the end of the client's handshake, in nanoseconds; `None` where no handshake is shown.
    pub(crate) handshaken: Option<u64>,
    /// When this side sent the alert by which it refused the other.
    pub(crate) refused: Option<u64>,
    /// Whether it went through a tunnel that was there already.
    pub(crate) reused: bool,
}

/// The first bytes, and what they mean. A ClientHello begins with its record: type 22, an old version, a length of two bytes,
/// and then its own type, 1 (RFC 8446 §5.1 and §4).
fn sniffed(first: &[u8], protocol: &Protocol) -> String {
    match first {
        [] => protocol.says(),
        [kind, high, low, one, two, hello, ..] if protocol.is_client_hello() => format!(
            "{kind:02x} {high:02x} {low:02x} {one:02x} {two:02x} {hello:02x}: a handshake record that begins with a ClientHello → {}",
            protocol.says()
        ),
        _ => format!("{} → {}", FirstBytes::of(first), protocol.says()),
    }
}

/// The events of one half; `offset` is when it was accepted, in nanoseconds since the first proxy accepted.
pub(crate) fn events(half: &Half, offset: u64, shown: Shown) -> Vec<Event> {
    let teller = Teller { half, shown, lane: lane(half.reporter) };
    // A connection waits for its turn between the accept and the step that records it.
    let at = |step: &Step| match step.fact {
        Fact::Accepted { .. } => offset,
        _ => offset + nanoseconds(step.at),
    };
    let mut events: Vec<Event> =
        half.steps.iter().filter_map(|step| teller.event(at(step), &step.fact)).collect();
    events.extend(teller.end(shown.refused.unwrap_or_else(|| offset + nanoseconds(half.took))));
    events
}

pub(crate) fn lane(reporter: Reporter) -> Lane {
    match reporter {
        Reporter::Source => Lane::Source,
        Reporter::Destination => Lane::Destination,
    }
}

pub(crate) fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

struct Teller<'a> {
    half: &'a Half,
    shown: Shown,
    lane: Lane,
}

impl Teller<'_> {
    fn event(&self, at: u64, fact: &Fact) -> Option<Event> {
        let note = |name: &str| Event::at(at, self.lane, name, fact.says());
        let arrow =
            |from: Lane, to: Lane, name: &str, says: String| Event::at(at, from, name, says).towards(to);
        Some(match fact {
            Fact::Accepted { door: "outbound", from } => {
                arrow(Lane::App, self.lane, "TCP", format!("from {from}, to the outbound door"))
            }
            // The tunnel's TCP is the dial of whoever made the tunnel.
            Fact::Accepted { .. } if self.shown.other => return None,
            Fact::Accepted { door: "hbone", .. } => return None,
            Fact::Accepted { door, from } => {
                arrow(Lane::App, self.lane, "TCP", format!("from {from}, to the {door} door"))
            }
            Fact::Asked { through, .. } => {
                let name = match *through {
                    "socks5" => "SOCKS5",
                    "http-connect" => "CONNECT",
                    _ => return Some(note("orig_dst")),
                };
                arrow(Lane::App, self.lane, name, fact.says())
            }
            Fact::Sniffed { protocol, first } => {
                Event::at(at, self.lane, "sniff", sniffed(first.as_slice(), protocol))
            }
            // On record with each stream, and true since the tunnel's own handshake.
            Fact::Handshaken { .. } if self.lane == Lane::Destination && self.shown.reused => return None,
            Fact::Handshaken { .. } => {
                let own = note("tls").toned(Tone::Good);
                match self.shown.handshaken.filter(|_| self.lane == Lane::Destination) {
                    Some(at_ns) => Event { at_ns, ..own },
                    None => own,
                }
            }
            Fact::Reused { .. } => note("reused").toned(Tone::Note),
            Fact::Connect { .. } | Fact::Answered { .. } if self.shown.connect => return None,
            Fact::Connect { .. } if self.shown.other && self.lane == Lane::Destination => return None,
            Fact::Connect { .. } => arrow(Lane::Source, Lane::Destination, "CONNECT", fact.says()),
            Fact::Answered { .. } if self.shown.other && self.lane == Lane::Source => return None,
            Fact::Answered { status } => {
                arrow(Lane::Destination, Lane::Source, &format!("status {status}"), String::new())
            }
            Fact::Permitted(_) => note("authz").toned(Tone::Good),
            Fact::Dialed { .. } => arrow(self.lane, self.dials(), "TCP", fact.says()),
            Fact::Relayed { .. } if self.shown.relayed => return None,
            Fact::Relayed { .. } | Fact::Routed { .. } | Fact::Mode(_) | Fact::Originated { .. } => {
                note(fact.stage().name())
            }
        })
    }

    /// Whom this proxy dials.
    fn dials(&self) -> Lane {
        let is_meshed = self.shown.other || matches!(self.half.wire, Some(Wire::Hbone | Wire::Mtls));
        match self.half.reporter {
            Reporter::Source if is_meshed => Lane::Destination,
            Reporter::Source | Reporter::Destination => Lane::Backend,
        }
    }

    /// How the half ended, if it ended unwell; and what whoever connected got of that.
    fn end(&self, at: u64) -> Vec<Event> {
        let Outcome::Failed(failure) = &self.half.outcome else { return Vec::new() };
        let says = format!("{} ({})", failure.why, failure.code);
        let mut events = vec![Event::at(at, self.lane, failure.stage.name(), says).toned(Tone::Bad)];
        let over_hbone = self.half.reporter == Reporter::Destination && self.half.wire == Some(Wire::Hbone);
        // A tunnel's client gets a status or an alert, which stands in its own place.
        let told_by_alert = self.half.reporter == Reporter::Destination && failure.stage == Stage::Tls;
        if !over_hbone && !told_by_alert {
            let client = match self.half.reporter {
                Reporter::Destination if self.shown.other => Lane::Source,
                _ => Lane::App,
            };
            let reset = Event::at(at, self.lane, "RST", "the connection is reset").towards(client);
            events.push(reset.toned(Tone::Bad));
        }
        events
    }
}
