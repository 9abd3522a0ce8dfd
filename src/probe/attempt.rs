//! [`Attempt`]: one connection that was made to find out, and how it ended.

use std::time::Duration;

use crate::tls::Alert;

/// The alert of a server that speaks none of the protocols offered (RFC 7301 §3.2).
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// What a connection tries, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trial {
    /// Waits for a greeting, then sends a harmless HTTP/1.1 request in plaintext.
    Raw,
    /// TLS as any client speaks it: no ALPN, no certificate.
    Tls,
    /// TLS with the ALPN by which a sidecar marks mesh mTLS; no certificate.
    Sidecar,
    /// TLS with ALPN `h2`, as a tunnel begins; no certificate.
    H2,
    /// Mesh mTLS with a certificate.
    SidecarMtls,
    /// TLS with ALPN `h2` and a certificate, then a CONNECT.
    Hbone,
    /// TLS without ALPN and with a certificate.
    Mtls,
}

impl Trial {
    /// All of them, in their order.
    pub const ALL: [Self; 7] =
        [Self::Raw, Self::Tls, Self::Sidecar, Self::H2, Self::SidecarMtls, Self::Hbone, Self::Mtls];

    /// Its name in evidence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Tls => "tls",
            Self::Sidecar => "tls-istio",
            Self::H2 => "tls-h2",
            Self::SidecarMtls => "mtls-istio",
            Self::Hbone => "hbone",
            Self::Mtls => "mtls",
        }
    }

    /// Whether it shows a client certificate.
    pub fn needs_certificate(self) -> bool {
        matches!(self, Self::SidecarMtls | Self::Hbone | Self::Mtls)
    }
}

/// How far a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// TCP itself.
    Dial,
    /// Connected, and nothing sent yet.
    Listen,
    /// The TLS handshake.
    Handshake,
    /// After what we sent: plaintext, or all of our side of a handshake. In TLS 1.3 a client certificate is refused
    /// here, when the handshake looks done to the client (reference/failures.md 0.4).
    Answer,
}

impl Phase {
    /// Its name in evidence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Listen => "listen",
            Self::Handshake => "handshake",
            Self::Answer => "answer",
        }
    }
}

/// What ended the waiting, in that phase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Nothing more needed to be known.
    Enough,
    /// Bytes came; [`Attempt::bytes`] has the first.
    Answered,
    /// The answer to a CONNECT.
    Status(u16),
    /// A FIN.
    Closed,
    /// A RST; in the phase [`Phase::Dial`] a refused connection.
    Reset,
    /// Nothing, until we stopped waiting.
    Silent,
    /// An alert of TLS.
    Alert(Alert),
    /// Bytes that are no TLS, though we sent a ClientHello.
    NotTls {
        /// The first of them, in hexadecimal and as text.
        first: String,
    },
    /// Our own ClientHello.
    Echoed,
    /// Something else, in words.
    Failed {
        /// What happened.
        problem: String,
    },
}

/// What a TLS server showed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The TLS version.
    pub version: String,
    /// The cipher suite.
    pub suite: String,
    /// The application protocol that it chose.
    pub alpn: Option<String>,
    /// The one SPIFFE ID of its certificate, if it has exactly one.
    pub identity: Option<String>,
    /// Whose certificate it says it is: a URI, a host name or a subject.
    pub name: String,
    /// Who signed it, as it says.
    pub issuer: String,
    /// The CAs of which it asks for a client certificate; empty when it names none, `None` when it does not ask.
    pub asks: Option<Vec<String>>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt {
    /// What it tried.
    pub trial: Trial,
    /// How far it came.
    pub phase: Phase,
    /// How that ended.
    pub end: End,
    /// The server's side of a handshake that the client took for finished.
    pub shown: Option<Shown>,
    /// The first bytes of an answer; a few dozen at most.
    pub bytes: Vec<u8>,
    /// From the beginning of the phase to its end.
    pub after: Duration,
}

impl Attempt {
    /// An attempt that got no further than `phase`.
    pub fn ended(trial: Trial, phase: Phase, end: End, after: Duration) -> Self {
        Self { trial, phase, end, shown: None, bytes: Vec::new(), after }
    }

    /// Whether there was a connection at all.
    pub fn is_connected(&self) -> bool {
        self.phase != Phase::Dial
    }

    /// Whether it was cut without a word: neither bytes nor an alert.
    pub fn is_cut(&self) -> bool {
        let wordless = self.shown.is_none() && self.bytes.is_empty();
        self.is_connected() && wordless && matches!(self.end, End::Closed | End::Reset)
    }

    /// Whether the server did as a mesh does: a SPIFFE identity, and a request for the client's.
    pub fn is_mesh(&self) -> bool {
        self.asks() && self.shown.as_ref().is_some_and(|shown| shown.identity.is_some())
    }

    /// Whether the server chose one of the ALPN values of mesh mTLS.
    pub fn chose_istio(&self) -> bool {
        self.chosen().is_some_and(|alpn| alpn.starts_with("istio"))
    }

    /// The application protocol that the server chose.
    pub fn chosen(&self) -> Option<&str> {
        self.shown.as_ref()?.alpn.as_deref()
    }

    /// The alert that ended it.
    pub fn alert(&self) -> Option<Alert> {
        match self.end {
            End::Alert(alert) => Some(alert),
            _ => None,
        }
    }

    /// Whether none of the application protocols that were offered, or the lack of any, would do.
    pub fn refuses_alpn(&self) -> bool {
        self.alert().is_some_and(|alert| alert.number == NO_APPLICATION_PROTOCOL)
    }

    /// Whether the server asked for a client certificate.
    pub fn asks(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.asks.is_some())
    }

    /// Whether the connection went on after we had shown a certificate.
    pub fn is_accepted(&self) -> bool {
        let went_on = matches!(self.end, End::Answered | End::Silent | End::Closed | End::Status(_));
        self.trial.needs_certificate() && self.shown.is_some() && went_on
    }
}
