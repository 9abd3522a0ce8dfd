//! [`EndpointFault`]: what an HBONE server does wrong by itself, and when.

use std::fmt;
use std::str::FromStr;

use crate::fault::error::FaultError;
use crate::fault::words::read_number;
use crate::mesh::nearest;

/// What an HBONE server does with a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointWhat {
    /// GOAWAY with NO_ERROR, and no stream of the client's counts as taken (RFC 9113 §6.8).
    GoAway,
    /// RST_STREAM with CANCEL for the CONNECT (RFC 9113 §6.4).
    ResetStream,
    /// RST_STREAM with REFUSED_STREAM for the CONNECT: nothing was done for it (RFC 9113 §8.7).
    RefuseStream,
    /// SETTINGS_MAX_CONCURRENT_STREAMS of this (RFC 9113 §6.5.2); what comes is answered all the same.
    MaxStreams(u32),
    /// SETTINGS_INITIAL_WINDOW_SIZE of this, and never a WINDOW_UPDATE (RFC 9113 §6.9): whoever reads it does not read.
    Window(u32),
    /// TLS without ALPN, and HTTP/1.1 in it.
    Http1,
    /// From here on nothing is read and nothing said, PINGs included, and nobody is told: a process that is stopped.
    Freeze,
    /// The tunnel's TCP connection is reset, as by a machine that does not know it.
    Vanish,
    /// The CONNECT is answered with this status.
    Status(u16),
}

/// When a server does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointPhase {
    /// In its first words, before any request.
    Preface,
    /// When the CONNECT has come, in the place of its answer.
    Connect,
    /// When another CONNECT has come on a tunnel that has answered one, in the place of its answer.
    Reuse,
    /// Behind a 200.
    Answer,
    /// When the first DATA has come.
    FirstData,
}

/// What an HBONE server does wrong by itself, and when: `h2:goaway@connect`, `h2:status=503`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndpointFault {
    what: EndpointWhat,
    at: EndpointPhase,
}

const PHASES: [(&str, EndpointPhase); 5] = [
    ("preface", EndpointPhase::Preface),
    ("connect", EndpointPhase::Connect),
    ("reuse", EndpointPhase::Reuse),
    ("answer", EndpointPhase::Answer),
    ("first-data", EndpointPhase::FirstData),
];

/// Those without a value.
const PLAIN: [(&str, EndpointWhat); 6] = [
    ("h2:goaway", EndpointWhat::GoAway),
    ("h2:rst-stream", EndpointWhat::ResetStream),
    ("h2:refuse-stream", EndpointWhat::RefuseStream),
    ("h2:http1", EndpointWhat::Http1),
    ("h2:freeze", EndpointWhat::Freeze),
    ("h2:vanish", EndpointWhat::Vanish),
];

/// Those with one.
const VALUED: [&str; 3] = ["h2:max-streams", "h2:window", "h2:status"];

/// The largest window that there is (RFC 9113 §6.9.1).
const WIDEST: u32 = 0x7fff_ffff;

impl EndpointWhat {
    /// When it happens if nobody says.
    pub fn usual_phase(self) -> Option<EndpointPhase> {
        match self {
            Self::MaxStreams(_) | Self::Window(_) | Self::Http1 => Some(EndpointPhase::Preface),
            Self::RefuseStream | Self::Status(_) => Some(EndpointPhase::Connect),
            Self::GoAway | Self::ResetStream | Self::Freeze | Self::Vanish => None,
        }
    }

    /// Whether it can happen then.
    pub fn can_be_at(self, at: EndpointPhase) -> bool {
        let instead_of_an_answer = matches!(at, EndpointPhase::Connect | EndpointPhase::Reuse);
        match self {
            Self::GoAway | Self::Freeze => true,
            // A reset behind an answer may overtake it.
            Self::Vanish => at != EndpointPhase::Answer,
            // There is a stream to reset only once the client has opened it.
            Self::ResetStream => at != EndpointPhase::Preface,
            // SETTINGS may come at any time (RFC 9113 §6.5); behind an answer they meet a tunnel that is in use.
            Self::MaxStreams(_) => matches!(at, EndpointPhase::Preface | EndpointPhase::Answer),
            Self::Window(_) | Self::Http1 => at == EndpointPhase::Preface,
            Self::RefuseStream | Self::Status(_) => instead_of_an_answer,
        }
    }
}

impl EndpointFault {
    /// That, then.
    ///
    /// # Errors
    ///
    /// [`FaultError::Impossible`] says where it could be.
    pub fn new(what: EndpointWhat, at: EndpointPhase) -> Result<Self, FaultError> {
        if what.can_be_at(at) {
            return Ok(Self { what, at });
        }
        let possible: Vec<_> =
            PHASES.iter().filter(|(_, at)| what.can_be_at(*at)).map(|(name, _)| *name).collect();
        Err(FaultError::Impossible {
            what: what.to_string(),
            at: at.to_string(),
            possible: possible.join(", "),
        })
    }

    /// What the server does.
    pub fn what(self) -> EndpointWhat {
        self.what
    }

    /// When.
    pub fn at(self) -> EndpointPhase {
        self.at
    }
}

impl fmt::Display for EndpointWhat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxStreams(streams) => write!(f, "h2:max-streams={streams}"),
            Self::Window(bytes) => write!(f, "h2:window={bytes}"),
            Self::Status(status) => write!(f, "h2:status={status}"),
            plain => f.write_str(PLAIN.iter().find(|(_, what)| what == plain).map_or("", |(name, _)| name)),
        }
    }
}

impl fmt::Display for EndpointPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PHASES.iter().find(|(_, phase)| phase == self).map_or("", |(name, _)| name))
    }
}

impl fmt::Display for EndpointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what.usual_phase() == Some(self.at) {
            true => write!(f, "{}", self.what),
            false => write!(f, "{}@{}", self.what, self.at),
        }
    }
}

impl FromStr for EndpointWhat {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if let Some((_, what)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(*what);
        }
        match text.split_once('=') {
            Some(("h2:max-streams", value)) => {
                read_number("h2:max-streams", "a number of streams", value).map(Self::MaxStreams)
            }
            Some(("h2:window", value)) => read_window(value).map(Self::Window),
            Some(("h2:status", value)) => read_status(value).map(Self::Status),
            other => {
                let word = other.map_or(text, |(word, _)| word);
                let known = PLAIN.iter().map(|(name, _)| *name).chain(VALUED);
                Err(FaultError::What { found: text.to_owned(), meant: nearest(word, known) })
            }
        }
    }
}

/// A window that a peer may be given.
fn read_window(text: &str) -> Result<u32, FaultError> {
    let expected = "a number of bytes up to 2147483647";
    let bytes = read_number("h2:window", expected, text)?;
    match bytes <= WIDEST {
        true => Ok(bytes),
        false => Err(FaultError::Value { word: "h2:window", expected, found: text.to_owned(), meant: None }),
    }
}

/// A status that ends a request (RFC 9110 §15): three digits, and no interim one.
fn read_status(text: &str) -> Result<u16, FaultError> {
    let expected = "a status from 200 to 999";
    let status = read_number("h2:status", expected, text)?;
    match (200..=999).contains(&status) {
        true => Ok(status),
        false => Err(FaultError::Value { word: "h2:status", expected, found: text.to_owned(), meant: None }),
    }
}

impl FromStr for EndpointPhase {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let named = PHASES.iter().find(|(name, _)| *name == text);
        named.map(|(_, phase)| *phase).ok_or_else(|| {
            let meant = nearest(text, PHASES.iter().map(|(name, _)| *name));
            FaultError::Phase { found: text.to_owned(), meant }
        })
    }
}

impl FromStr for EndpointFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (what, at) = match text.split_once('@') {
            Some((what, at)) => (what.parse::<EndpointWhat>()?, at.parse()?),
            None => {
                let what = text.parse::<EndpointWhat>()?;
                (what, what.usual_phase().ok_or_else(|| FaultError::NoPhase { what: text.to_owned() })?)
            }
        };
        Self::new(what, at)
    }
}
