//! The steps of a connection. One spelling serves as file name, metric label, code prefix and table row.

use std::fmt;

/// A step of a connection, on either side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// A socket was accepted.
    Accept,
    /// The destination that the application meant was learnt.
    OrigDst,
    /// The outbound side picked the wire.
    Route,
    /// The first bytes were read.
    Sniff,
    /// PeerAuthentication was asked.
    PeerAuth,
    /// The handshake.
    Tls,
    /// The HTTP/2 connection and the CONNECT.
    Hbone,
    /// AuthorizationPolicy was asked.
    Authz,
    /// The next hop was dialled.
    Dial,
    /// Bytes flowed.
    Relay,
}

impl Stage {
    /// Every stage, in the order in which a connection can meet them.
    pub const ALL: [Self; 10] = [
        Self::Accept,
        Self::OrigDst,
        Self::Route,
        Self::Sniff,
        Self::PeerAuth,
        Self::Tls,
        Self::Hbone,
        Self::Authz,
        Self::Dial,
        Self::Relay,
    ];

    /// The one spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::OrigDst => "orig_dst",
            Self::Route => "route",
            Self::Sniff => "sniff",
            Self::PeerAuth => "peer_auth",
            Self::Tls => "tls",
            Self::Hbone => "hbone",
            Self::Authz => "authz",
            Self::Dial => "dial",
            Self::Relay => "relay",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
