//! [`Expected`]: what must be seen of a connection, at which end, and how exactly.

use std::fmt;

/// Who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The client itself: its socket, its program.
    Client,
    /// The proxy of the caller.
    Source,
    /// The proxy of the callee.
    Destination,
    /// The connection as a whole, of which both ends tell one part.
    Connection,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// `allow`, `deny` or `fail`.
    Verdict,
    /// Where it ended: `tls`, `peer_auth`, ….
    Stage,
    /// The stable code: `tls.unknown_issuer`.
    Code,
    /// ztunnel's flag.
    Flag,
    /// `hbone`, `mtls`, `tls` or `raw`.
    Wire,
    /// The policy that refused: `AuthorizationPolicy default/nobody`.
    Policy,
    /// The TLS alert, and who sent it: `unknown_ca from server`.
    Alert,
    /// Our plain sentence.
    Why,
    /// ztunnel's sentence, in the log of that end.
    Error,
    /// The client's own words, or what it was answered.
    Sees,
    /// The exit code: of the program, or the one that curl would have had.
    Exit,
    /// The HTTP status that the client was answered.
    Status,
}

/// How exactly it must be that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// One of these, to the letter.
    Is(Vec<String>),
    /// All of these somewhere in it.
    Holds(Vec<String>),
}

/// One thing that must be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// By whom.
    pub end: End,
    /// What.
    pub aspect: Aspect,
    /// How exactly.
    pub want: Want,
}

/// All that must be seen of one connection; in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Each must hold.
    pub wanted: Vec<Wanted>,
    /// Ways in which it may come out, of which each connection must be one: for what is a race.
    pub outcomes: Vec<Possible>,
}

/// One way in which a connection may come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possible {
    /// Each must hold.
    pub wanted: Vec<Wanted>,
    /// In how many of the runs it must come out like this.
    pub at_least: u32,
}

impl Expected {
    /// Whether anything is expected of a proxy, so that a record is worth waiting for.
    pub(crate) fn asks_proxies(&self) -> bool {
        let all = self.wanted.iter().chain(self.outcomes.iter().flat_map(|outcome| &outcome.wanted));
        all.into_iter().any(|wanted| wanted.end != End::Client)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Connection => "connection",
        })
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Verdict => "verdict",
            Self::Stage => "stage",
            Self::Code => "code",
            Self::Flag => "flag",
            Self::Wire => "wire",
            Self::Policy => "policy",
            Self::Alert => "alert",
            Self::Why => "why",
            Self::Error => "error",
            Self::Sees => "sees",
            Self::Exit => "exit",
            Self::Status => "status",
        })
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(one) => f.write_str(&one.join(" or ")),
            Self::Holds(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| format!("…{part}…")).collect();
                f.write_str(&parts.join(" and "))
            }
        }
    }
}
