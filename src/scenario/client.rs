//! [`Client`]: who connects, to whom, and how.

use std::time::Duration;

use crate::ca::Bend;
use crate::explain::Manner;
use crate::fault::Fault;
use crate::scenario::expected::Expected;
use crate::scenario::step::Step;
use crate::tls::ClientOffer;

/// One client, which connects once or several times.
#[derive(Clone, Debug)]
pub struct Client {
    /// What reports call it.
    pub name: String,
    /// The workload that it runs in.
    pub from: String,
    /// `NAME:PORT`; empty for a program that knows itself.
    pub to: String,
    /// What it speaks straight to the door of `to`; `None` goes through its own workload's proxy.
    pub manner: Option<Manner>,
    /// What it says; `None` is an HTTP GET, an empty text is silence.
    pub send: Option<String>,
    /// Whether a tunnel that is there already will not do.
    pub fresh_tunnel: bool,
    /// How many connections, one after the other unless `together`; at least 1.
    pub repeat: u32,
    /// Whether it makes all its connections at the same time.
    pub together: bool,
    /// How long it waits for all of it; `None` is longer than any deadline of a proxy.
    pub patience: Option<Duration>,
    /// What is between it and the door that it dials, where `manner` is one of its own.
    pub fault: Option<Fault>,
    /// Whether it says its part, hears the first bytes, and stays until all others are through.
    pub hold: bool,
    /// What it says when it goes on, if it stays; `None` is nothing, or the second HTTP GET of who says a GET.
    pub again: Option<String>,
    /// A real program instead, run as if inside the workload.
    pub command: Vec<String>,
    /// How it speaks TLS, where `manner` is TLS of its own.
    pub tls: TlsWish,
    /// The authority of its CONNECT, where `manner` is HBONE and it shall be another than what is dialled.
    pub authority: Option<String>,
    /// What happens to the mesh right before it connects.
    pub before: Vec<Step>,
    /// What must be seen.
    pub expect: Expected,
}

/// How a client speaks TLS of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsWish {
    /// The protocols that it offers.
    pub offer: ClientOffer,
    /// The host that it names; `None` is the one that it dials.
    pub server_name: Option<String>,
    /// What it shows if it is asked for a certificate.
    pub certificate: Shown,
}

/// What a client shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// No certificate.
    Nothing,
    /// A certificate of its workload, with that bend.
    Own(Bend),
}

impl Default for TlsWish {
    fn default() -> Self {
        Self { offer: ClientOffer::None, server_name: None, certificate: Shown::Nothing }
    }
}
