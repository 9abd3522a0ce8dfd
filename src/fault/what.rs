//! [`What`]: what happens to a connection on its way.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::fault::error::FaultError;
use crate::fault::phase::Phase;
use crate::fault::words::{read_duration, read_number, write_duration};
use crate::knowledge::{ALERTS, alert};
use crate::mesh::nearest;

/// What happens to a connection on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Both ends get a reset.
    TcpReset,
    /// Both ends get a FIN, and what they still send is thrown away.
    TcpClose,
    /// Whoever would get the phase's bytes gets a FIN in their place; the other direction goes on.
    TcpHalfClose,
    /// Nothing passes any more, either way, and neither end is told: a cable that was pulled.
    TcpStall,
    /// Nobody listens.
    TcpRefuse,
    /// What asks for a connection is lost, as behind a firewall that drops.
    TcpDrop,
    /// What comes next comes so much later.
    Delay(Duration),
    /// A path with a smaller MTU and no ICMP: the first TLS record (or, without TLS, read) longer than this is lost in its
    /// direction, and everything behind it. Neither end hears that the other one gives up.
    DropSegmentsOver(usize),
    /// An alert of this number in the place of the phase's bytes, in plaintext and fatal, then a FIN both ways.
    TlsAlert(u8),
    /// The content of the phase's record has every bit inverted; its header is as it was.
    TlsGarbage,
    /// Half of the phase's record passes, then a FIN both ways.
    TlsTruncate,
    /// Whoever sends the phase's bytes falls silent. It still gets what the other end sends, but not that it gives up.
    TlsStall,
}

/// Those without a value.
const PLAIN: [(&str, What); 9] = [
    ("tcp:rst", What::TcpReset),
    ("tcp:close", What::TcpClose),
    ("tcp:half-close", What::TcpHalfClose),
    ("tcp:stall", What::TcpStall),
    ("tcp:refuse", What::TcpRefuse),
    ("tcp:drop", What::TcpDrop),
    ("tls:garbage", What::TlsGarbage),
    ("tls:truncate", What::TlsTruncate),
    ("tls:stall", What::TlsStall),
];

/// Those with one.
const VALUED: [&str; 3] = ["delay", "drop-segments-over", "tls:alert"];

impl What {
    /// When it happens if nobody says: only where any other time would be strange.
    pub fn usual_phase(self) -> Option<Phase> {
        matches!(self, Self::TcpRefuse | Self::TcpDrop | Self::DropSegmentsOver(_)).then_some(Phase::Connect)
    }

    /// Whether it can happen then.
    pub fn can_be_at(self, at: Phase) -> bool {
        match self {
            Self::TcpRefuse | Self::TcpDrop => at == Phase::Connect,
            // Once there are keys, an alert in plaintext is itself an error (RFC 8446 §5).
            Self::TlsAlert(_) => {
                matches!(at, Phase::ClientHello | Phase::AfterClientHello | Phase::ServerHello)
            }
            Self::TlsGarbage | Self::TlsTruncate | Self::TlsStall => !at.is_between_bytes(),
            // A direction ends behind its bytes.
            Self::TcpHalfClose => !matches!(at, Phase::Accept | Phase::Connect),
            Self::TcpReset | Self::TcpClose | Self::TcpStall | Self::Delay(_) | Self::DropSegmentsOver(_) => {
                true
            }
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(delay) => write!(f, "delay={}", write_duration(*delay)),
            Self::DropSegmentsOver(bytes) => write!(f, "drop-segments-over={bytes}"),
            Self::TlsAlert(number) => match alert(*number) {
                Some(known) => write!(f, "tls:alert={}", known.name),
                None => write!(f, "tls:alert={number}"),
            },
            plain => f.write_str(PLAIN.iter().find(|(_, what)| what == plain).map_or("", |(name, _)| name)),
        }
    }
}

impl FromStr for What {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if let Some((_, what)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(*what);
        }
        match text.split_once('=') {
            Some(("delay", value)) => read_duration("delay", value).map(Self::Delay),
            Some(("drop-segments-over", value)) => {
                read_number("drop-segments-over", "a number of bytes", value).map(Self::DropSegmentsOver)
            }
            Some(("tls:alert", value)) => read_alert(value).map(Self::TlsAlert),
            _ => Err(unknown(text)),
        }
    }
}

/// A name of the registry, or a number.
fn read_alert(text: &str) -> Result<u8, FaultError> {
    if let Some(known) = ALERTS.iter().find(|known| known.name == text) {
        return Ok(known.number);
    }
    let meant = nearest(text, ALERTS.iter().map(|known| known.name));
    text.parse().ok().ok_or_else(|| FaultError::Value {
        word: "tls:alert",
        expected: "the name of an alert, such as handshake_failure",
        found: text.to_owned(),
        meant,
    })
}

fn unknown(text: &str) -> FaultError {
    let known = PLAIN.iter().map(|(name, _)| *name).chain(VALUED);
    let word = text.split_once('=').map_or(text, |(word, _)| word);
    FaultError::What { found: text.to_owned(), meant: nearest(word, known) }
}
