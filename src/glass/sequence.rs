//! [`Sequence`]: one connection as events between four lanes, ready to be drawn.
//!
//! ```text
//!   app ── the client   source ── its proxy   destination ── the server's proxy   backend ── the server
//! ```

use serde::{Deserialize, Serialize};

/// A lane of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lane {
    /// The application that connected.
    App,
    /// Its proxy.
    Source,
    /// The proxy of the workload that was dialled.
    Destination,
    /// That workload's application.
    Backend,
}

/// Who stands in a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stander {
    /// The lane.
    pub lane: Lane,
    /// A short name.
    pub name: String,
    /// Whether this mesh's own proxies saw its side; else it is drawn from what the other side saw.
    pub is_seen: bool,
}

/// What an event is to a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tone {
    /// It happened.
    #[default]
    Plain,
    /// Something was checked, and is good.
    Good,
    /// Here it ended.
    Bad,
    /// What a reader should know at this point.
    Note,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When, in nanoseconds since the first proxy accepted the connection.
    pub at_ns: u64,
    /// Where; for an arrow, where it begins.
    pub lane: Lane,
    /// Where an arrow ends; null for what happens in one lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Lane>,
    /// `ClientHello`, `CONNECT`, `route`.
    pub name: String,
    /// What it says.
    pub says: String,
    /// How many bytes it has, without what carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Whether it was encrypted on the wire.
    #[serde(default)]
    pub encrypted: bool,
    /// Whether it was sent and did not arrive, as far as the receiver's own proxy saw.
    #[serde(default)]
    pub lost: bool,
    /// What it is to a reader.
    pub tone: Tone,
    /// Its number in `details`, where those were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<usize>,
}

/// What the two ends of the TLS agreed on, as far as they got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// The version.
    pub version: Option<String>,
    /// The cipher suite.
    pub suite: Option<String>,
    /// The group of the key exchange.
    pub group: Option<String>,
    /// The protocol that the server chose (ALPN).
    pub alpn: Option<String>,
    /// Those that the client offered.
    pub alpn_offered: Vec<String>,
    /// The host that the client named (SNI).
    pub server_name: Option<String>,
    /// Whether the server asked for another ClientHello.
    pub was_retried: bool,
}

/// How long a part of the way took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// `tls`, `connect`, `first byte`.
    pub name: String,
    /// In nanoseconds.
    pub took_ns: u64,
}

/// One part of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its name in the RFC.
    pub name: String,
    /// Where it begins in the message.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// How deep it is nested.
    pub depth: u8,
    /// What it says.
    pub value: String,
    /// What that is for.
    pub meaning: String,
}

/// One message, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Who sent it: `client` or `server`.
    pub from: String,
    /// Its name.
    pub name: String,
    /// The message in hexadecimal, decrypted; of a long one the beginning.
    pub hex: String,
    /// Its whole length in bytes.
    pub length: usize,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// What somebody on the network sees of it.
    pub eavesdropped: String,
}

/// What somebody on the network between the two proxies sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Eavesdropper {
    /// What can be read.
    pub sees: Vec<String>,
    /// What cannot.
    pub does_not_see: Vec<String>,
}

/// One connection as a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sequence {
    /// `#ID` in every command.
    pub id: u64,
    /// Who dialled.
    pub source: String,
    /// Who was dialled, with the port.
    pub destination: String,
    /// `allow`, `deny` or `fail`.
    pub verdict: String,
    /// ztunnel's flag.
    pub flag: String,
    /// The stable code; null when it was delivered.
    pub code: Option<String>,
    /// `hbone`, `mtls`, `tls` or `raw`; null when it ended before that was known.
    pub wire: Option<String>,
    /// Why, in one line.
    pub why: String,
    /// How long it took.
    pub took_ns: u64,
    /// The four lanes.
    pub lanes: Vec<Stander>,
    /// What the TLS between the proxies agreed on; null where there was none, or nothing of it was kept.
    pub handshake: Option<Handshake>,
    /// Whether it went through a tunnel that was there already; null where there was no tunnel.
    pub reused_tunnel: Option<bool>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// How long the parts of the way took.
    pub phases: Vec<Phase>,
    /// What somebody on the network sees.
    pub eavesdropper: Eavesdropper,
    /// What else a reader should know.
    pub notes: Vec<String>,
    /// What to do next: commands, or sentences that name one.
    pub next: Vec<String>,
    /// Each message byte by byte, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

impl Lane {
    /// All of them, from left to right.
    pub const ALL: [Self; 4] = [Self::App, Self::Source, Self::Destination, Self::Backend];
}

impl Event {
    /// Something that happened in `lane`.
    pub(crate) fn at(at_ns: u64, lane: Lane, name: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            at_ns,
            lane,
            to: None,
            name: name.into(),
            says: says.into(),
            bytes: None,
            encrypted: false,
            lost: false,
            tone: Tone::Plain,
            detail: None,
        }
    }

    /// The same as an arrow to `to`.
    pub(crate) fn towards(self, to: Lane) -> Self {
        Self { to: Some(to), ..self }
    }

    /// The same in another tone.
    pub(crate) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}
