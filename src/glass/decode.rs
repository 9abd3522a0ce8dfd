//! [`decode`]: a tapped connection and its secrets in, its messages out.

use std::ops::Range;

use bytes::Bytes;

use crate::glass::field::{Fields, hex};
use crate::glass::handshake::{self, Joined, Joiner, Means, Reading};
use crate::glass::hello::Chosen;
use crate::glass::key_log::{KeyLog, SecretLabel};
use crate::glass::message::{Epoch, Flaw, Message, MessageKind};
use crate::glass::names;
use crate::glass::opener::{Opener, Suite};
use crate::glass::records::{Body, Record, records};
use crate::glass::tapped::{Both, Direction, Tapped};

/// The version that is decrypted (RFC 8446 §4.2.1).
const TLS13: u16 = 0x0304;

/// The most messages of one connection: a gigabyte in full records.
const MAX_MESSAGES: usize = 1 << 16;

/// A connection taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Its messages, in the order in which they became whole.
    pub messages: Vec<Message>,
    /// What the two sides agreed on.
    pub agreed: Agreed,
    /// Whether there were more messages than are kept.
    pub is_cut: bool,
}

/// What two sides agreed on, as far as the handshake got. Names are those of IANA with their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The client's random, by which key logs know the connection.
    pub client_random: Option<[u8; 32]>,
    /// The host that the client named (SNI).
    pub server_name: Option<String>,
    /// The protocols that the client offered (ALPN).
    pub alpn_offered: Vec<String>,
    /// The protocol that the server chose; readable with keys only.
    pub alpn: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The cipher suite.
    pub suite: Option<String>,
    /// The group of the key exchange.
    pub group: Option<String>,
    /// Whether the server asked for a second ClientHello.
    pub was_retried: bool,
}

/// Takes a connection apart. Nothing is verified: neither certificates nor signatures nor Finished.
///
/// Only TLS 1.3 is decrypted (AES-GCM and ChaCha20-Poly1305); without secrets the encrypted records stay
/// [`MessageKind::Sealed`] and say so. Any bytes will do: what is no TLS becomes a message that says that. The result is
/// at most some tens of times as large as the tapped bytes.
pub fn decode(tapped: &Tapped, key_log: &KeyLog) -> Decoded {
    let mut decoder = Decoder { key_log, decoded: Decoded::default(), sides: Both::default(), version: None };
    for record in records(tapped) {
        decoder.record(record);
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        decoder.leftover(direction, tapped.length(direction));
    }
    decoder.decoded
}

struct Decoder<'a> {
    key_log: &'a KeyLog,
    decoded: Decoded,
    sides: Both<Side>,
    version: Option<u16>,
}

/// What one direction is at.
#[derive(Debug)]
struct Side {
    keys: Result<Opener, Flaw>,
    epoch: Epoch,
    suite: u16,
    joiner: Joiner,
    changed_cipher: bool,
    last_at: u64,
}

impl Default for Side {
    fn default() -> Self {
        Self {
            keys: Err(Flaw::TooEarly),
            epoch: Epoch::Plain,
            suite: 0,
            joiner: Joiner::default(),
            changed_cipher: false,
            last_at: 0,
        }
    }
}

/// Where some content came from.
#[derive(Clone)]
struct Origin {
    direction: Direction,
    at: u64,
    raw: Range<usize>,
    encrypted: bool,
    epoch: Epoch,
}

impl Origin {
    fn message(&self, kind: MessageKind, bytes: Bytes) -> Message {
        Message {
            direction: self.direction,
            at: self.at,
            kind,
            encrypted: self.encrypted,
            epoch: self.epoch,
            raw: self.raw.clone(),
            bytes,
            fields: Vec::new(),
            certificates: Vec::new(),
            flaw: None,
        }
    }
}

impl Decoder<'_> {
    fn record(&mut self, record: Record) {
        let is_old = self.version.is_some_and(|version| version != TLS13);
        let side = self.sides.of(record.direction);
        side.last_at = record.at;
        let mut origin = Origin {
            direction: record.direction,
            at: record.at,
            raw: record.range,
            encrypted: false,
            epoch: side.epoch,
        };
        let (header, payload) = match record.body {
            Body::Whole { header, payload } => (header, payload),
            Body::NotTls(bytes) => return self.push(origin.message(MessageKind::NotTls, bytes)),
            Body::Unfinished(bytes) => return self.push(origin.message(MessageKind::Unfinished, bytes)),
        };
        let kind = header[0];
        origin.encrypted = kind == 23 || side.changed_cipher && is_old && kind != 20;
        if !origin.encrypted {
            side.changed_cipher |= kind == 20;
            return self.content(&origin, kind, payload);
        }
        match side.open(header, &payload, is_old) {
            Ok((kind, plain)) => self.content(&origin, kind, plain),
            Err(flaw) => {
                let sealed = origin.message(MessageKind::Sealed, payload);
                self.push(Message { flaw: Some(flaw), ..sealed });
            }
        }
    }

    /// The content of one record, decrypted.
    fn content(&mut self, origin: &Origin, kind: u8, bytes: Bytes) {
        match kind {
            20 => self.push(origin.message(MessageKind::ChangeCipherSpec, bytes)),
            21 => self.push(alert(origin, bytes)),
            22 => {
                for joined in self.sides.of(origin.direction).joiner.push(&bytes, &origin.raw) {
                    self.handshake(origin, joined);
                }
            }
            23 => self.push(origin.message(MessageKind::ApplicationData, bytes)),
            other => self.push(origin.message(MessageKind::OtherRecord(other), bytes)),
        }
    }

    fn handshake(&mut self, origin: &Origin, joined: Joined) {
        // Until the server has chosen, a message that is no hello cannot be told apart; TLS 1.3 is what we speak.
        let reading = handshake::read(&joined.bytes, self.version.is_none_or(|version| version == TLS13));
        let origin = Origin { raw: joined.raw, ..origin.clone() };
        let Reading { kind, fields, certificates, flaw, means } = reading;
        let message = Message { fields, certificates, flaw, ..origin.message(kind, joined.bytes) };
        if kind == MessageKind::EncryptedExtensions {
            let alpn = message.value("application_layer_protocol_negotiation");
            self.decoded.agreed.alpn = alpn.map(str::to_owned);
        }
        self.push(message);
        match means {
            Means::Offered(offered) => {
                let agreed = &mut self.decoded.agreed;
                agreed.client_random = Some(offered.random);
                agreed.server_name = offered.server_name;
                agreed.alpn_offered = offered.alpn;
            }
            Means::Chosen(chosen) => self.chosen(&chosen),
            Means::Finished => self.finished(origin.direction),
            Means::KeyUpdate => self.sides.of(origin.direction).update(),
            Means::Nothing => {}
        }
    }

    /// After the ServerHello both directions are encrypted (RFC 8446 §2).
    fn chosen(&mut self, chosen: &Chosen) {
        let agreed = &mut self.decoded.agreed;
        agreed.version = Some(names::version(chosen.version));
        agreed.suite = Some(names::suite(chosen.suite));
        agreed.group = chosen.group.map(names::group);
        agreed.was_retried |= chosen.retry;
        if chosen.retry {
            return;
        }
        self.version = Some(chosen.version);
        if chosen.version == TLS13 {
            for direction in [Direction::ToServer, Direction::ToClient] {
                self.sides.of(direction).suite = chosen.suite;
                self.use_secret(direction, Epoch::Handshake);
            }
        }
    }

    /// Each side's traffic keys begin after its own Finished (RFC 8446 §7.3).
    fn finished(&mut self, direction: Direction) {
        if self.version == Some(TLS13) {
            self.use_secret(direction, Epoch::Traffic(0));
        }
    }

    fn use_secret(&mut self, direction: Direction, epoch: Epoch) {
        let label = match (direction, epoch) {
            (Direction::ToServer, Epoch::Traffic(_)) => SecretLabel::ClientTraffic,
            (Direction::ToClient, Epoch::Traffic(_)) => SecretLabel::ServerTraffic,
            (Direction::ToServer, _) => SecretLabel::ClientHandshake,
            (Direction::ToClient, _) => SecretLabel::ServerHandshake,
        };
        let random = self.decoded.agreed.client_random;
        let secret = random.and_then(|random| self.key_log.secret(label, &random));
        let side = self.sides.of(direction);
        side.epoch = epoch;
        side.keys = match (Suite::of(side.suite), secret) {
            (None, _) => Err(Flaw::Suite(side.suite)),
            (_, None) => Err(Flaw::NoSecret(label)),
            (Some(suite), Some(secret)) => Opener::new(suite, secret).ok_or(Flaw::Suite(side.suite)),
        };
    }

    fn leftover(&mut self, direction: Direction, end: usize) {
        let side = self.sides.of(direction);
        if let Some(Joined { bytes, raw }) = side.joiner.leftover(end) {
            let encrypted = side.epoch != Epoch::Plain;
            let origin = Origin { direction, at: side.last_at, raw, encrypted, epoch: side.epoch };
            self.push(origin.message(MessageKind::Unfinished, bytes));
        }
    }

    fn push(&mut self, message: Message) {
        if self.decoded.messages.len() < MAX_MESSAGES {
            self.decoded.messages.push(message);
        } else {
            self.decoded.is_cut = true;
        }
    }
}

impl Side {
    /// Decrypts, and takes the type off the end, behind which there are only zeros (RFC 8446 §5.4).
    fn open(&mut self, header: [u8; 5], payload: &[u8], is_old: bool) -> Result<(u8, Bytes), Flaw> {
        if is_old {
            return Err(Flaw::OldVersion);
        }
        let opener = self.keys.as_mut().map_err(|flaw| *flaw)?;
        let mut plain = opener.open(header, payload).ok_or(Flaw::WrongKey)?;
        let kind = loop {
            match plain.pop() {
                Some(0) => {}
                Some(kind) => break kind,
                None => return Err(Flaw::Malformed),
            }
        };
        Ok((kind, Bytes::from(plain)))
    }

    /// The sender's next keys (RFC 8446 §7.2).
    fn update(&mut self) {
        if let (Epoch::Traffic(updates), Ok(opener)) = (self.epoch, &self.keys) {
            self.epoch = Epoch::Traffic(updates.saturating_add(1));
            self.keys = opener.updated().ok_or(Flaw::Suite(self.suite));
        }
    }
}

/// An alert: its level, which TLS 1.3 ignores, and its number (RFC 8446 §6).
fn alert(origin: &Origin, bytes: Bytes) -> Message {
    let [level, number] = *bytes else {
        let kind = MessageKind::OtherRecord(21);
        return Message { flaw: Some(Flaw::Malformed), ..origin.message(kind, bytes) };
    };
    let mut fields = Fields::default();
    let word = match level {
        1 => "warning".to_owned(),
        2 => "fatal".to_owned(),
        _ => hex(&[level]),
    };
    fields.add(
        "level",
        0..1,
        word,
        "TLS 1.3 ignores it: all alerts but close_notify and user_canceled end the connection.",
    );
    let (name, meaning) = names::alert(number);
    fields.add("description", 1..2, format!("{name} ({number})"), meaning);
    let kind = MessageKind::Alert { level, number };
    Message { fields: fields.into_list(), ..origin.message(kind, bytes) }
}

#[cfg(test)]
mod tests;
