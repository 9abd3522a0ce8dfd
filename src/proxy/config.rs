//! This room's settings: deadlines and limits. Every wait has one.

use std::time::Duration;

use crate::hbone::Limits;

/// How long each step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// How long a silent client may stay silent before its bytes count as raw: server-speaks-first protocols wait that
    /// long for their banner.
    pub silence: Duration,
    /// From accept to the end of sniffing and handshake, or of a SOCKS5 or CONNECT request.
    pub handshake: Duration,
    /// One TCP dial; ztunnel's is 10 s too.
    pub dial: Duration,
    /// From our CONNECT to its answer: the destination's own dial, and then some.
    pub answer: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(1),
            handshake: Duration::from_secs(10),
            dial: Duration::from_secs(10),
            answer: Duration::from_secs(15),
        }
    }
}

/// The proxy's settings.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Deadlines.
    pub deadlines: Deadlines,
    /// HTTP/2 limits.
    pub hbone: Limits,
}
