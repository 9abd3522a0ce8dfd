//! [`Watcher`]: which phases a connection's bytes reach, without any key.
//!
//! TLS 1.3 hides what its records hold, not how many there are, how long they are and who sends them. A flight is taken to
//! be one record, as rustls sends it on both sides; a client that puts each message into a record of its own (OpenSSL, Go)
//! seems to be done with its handshake one record too early, and a server that sends tickets seems to say its SETTINGS twice.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::fault::phase::Phase;
use crate::glass::Direction;

/// Type, two bytes of version, two of length (RFC 8446 §5.1).
const HEADER: usize = 5;

/// The longest ciphertext: TLS 1.2's, which is the longer one (RFC 5246 §6.2.3).
const LONGEST: usize = (1 << 14) + 2048;

/// What encryption adds to a record: its true type and the tag of any suite that a mesh uses (RFC 8446 §5.2).
const SEALED: usize = 17;

/// An alert is two bytes (RFC 8446 §6); so is close_notify, which is none of a handshake's messages.
const ALERT: usize = 2;

/// HTTP/2's own frames that come together: SETTINGS of all its parameters, its acknowledgement, WINDOW_UPDATE, PING, with the
/// preface (RFC 9113 §6.5, §6.9, §6.7, §3.4). A CONNECT with baggage is longer.
const OWN_FRAMES: usize = 24 + 9 + 7 * 6 + 9 + 13 + 17;

/// Lengths of what HTTP/2 says for itself after its first SETTINGS: their acknowledgement, WINDOW_UPDATE, PING, RST_STREAM, and
/// two of them together (RFC 9113 §6.5, §6.9, §6.7, §6.4). Anything else answers or carries; data of so few bytes is missed.
const OWN_ANSWERS: [usize; 5] = [9, 13, 17, 22, 26];

/// `SHA-256("HelloRetryRequest")`: the random of a ServerHello that is none (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What can be forwarded: a record of TLS, or bytes that are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which way it goes.
    pub direction: Direction,
    /// Its bytes, a record's header among them.
    pub bytes: Bytes,
    /// The phases that are reached as it comes, the earlier one first.
    pub phases: Vec<Phase>,
    /// Whether the ClientHello has passed whole with it.
    pub completes_client_hello: bool,
}

/// Follows a connection. What it is given comes back, record by record, in the order of its direction.
#[derive(Debug, Default)]
pub struct Watcher {
    to_server: Side,
    to_client: Side,
    reached: Vec<Phase>,
    /// What of the ClientHello is still to come.
    hello_left: usize,
    /// Encrypted records of the client since the server's flight.
    of_client: usize,
    /// Encrypted records of the server since then; its first is its SETTINGS (RFC 9113 §3.4).
    of_server: usize,
}

#[derive(Debug, Default)]
struct Side {
    buffer: BytesMut,
    is_raw: bool,
}

impl Watcher {
    /// Nothing has passed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what came one way; gives what is whole.
    pub fn push(&mut self, direction: Direction, bytes: &[u8]) -> Vec<Piece> {
        self.side(direction).buffer.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(record) = self.side(direction).next() {
            pieces.push(self.piece(direction, record));
        }
        pieces
    }

    /// What is left when a direction has ended: the beginning of a record.
    pub fn rest(&mut self, direction: Direction) -> Option<Piece> {
        let side = self.side(direction);
        side.is_raw = true;
        side.next().map(|bytes| self.piece(direction, bytes))
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn piece(&mut self, direction: Direction, bytes: Bytes) -> Piece {
        let before = self.reached.len();
        if direction == Direction::ToServer {
            self.reach(Phase::FirstByte);
        }
        let mut completes_client_hello = false;
        match (self.side(direction).is_raw, bytes.first(), bytes.get(HEADER..)) {
            (false, Some(22), Some(payload)) if direction == Direction::ToServer => {
                completes_client_hello = self.client_hello(payload);
            }
            (false, Some(22), Some(payload)) => self.server_hello(payload),
            (false, Some(23), Some(payload)) => self.sealed(direction, payload.len()),
            (false, ..) => {}
            (true, ..) if direction == Direction::ToServer => self.reach(Phase::FirstData),
            (true, ..) => self.reach(Phase::Answer),
        }
        let phases = self.reached.get(before..).unwrap_or_default().to_vec();
        Piece { direction, bytes, phases, completes_client_hello }
    }

    /// Whether this record ends it: a long one takes several.
    fn client_hello(&mut self, payload: &[u8]) -> bool {
        match (payload, self.has_reached(Phase::ClientHello)) {
            ([1, high, middle, low, ..], false) => {
                let length = u32::from_be_bytes([0, *high, *middle, *low]);
                self.hello_left = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(4);
                self.reach(Phase::ClientHello);
            }
            (_, true) if self.hello_left > 0 => {}
            _ => return false,
        }
        self.hello_left = self.hello_left.saturating_sub(payload.len());
        self.hello_left == 0
    }

    fn server_hello(&mut self, payload: &[u8]) {
        // Type, three bytes of length, two of version, then the random (RFC 8446 §4.1.3).
        let is_retry = payload.get(6..38) == Some(RETRY.as_slice());
        if payload.first() == Some(&2) && !is_retry {
            self.reach(Phase::ServerHello);
        }
    }

    fn sealed(&mut self, direction: Direction, length: usize) {
        let length = length.saturating_sub(SEALED);
        match direction {
            // Early data, or an alert about the server's flight.
            Direction::ToServer if !self.has_reached(Phase::Certificate) || length == ALERT => {}
            Direction::ToServer => self.of_client(length),
            Direction::ToClient if length == ALERT || !self.has_reached(Phase::ServerHello) => {}
            Direction::ToClient => self.of_server(length),
        }
    }

    fn of_client(&mut self, length: usize) {
        self.of_client += 1;
        match self.of_client {
            1 => return self.reach(Phase::ClientCertificate),
            2 => self.reach(Phase::HandshakeDone),
            _ => {}
        }
        if self.has_reached(Phase::Answer) && !OWN_ANSWERS.contains(&length) {
            self.reach(Phase::FirstData);
        } else if length > OWN_FRAMES {
            self.reach(Phase::ConnectRequest);
        }
    }

    fn of_server(&mut self, length: usize) {
        if !self.has_reached(Phase::Certificate) {
            return self.reach(Phase::Certificate);
        }
        self.of_server += 1;
        if self.of_server == 1 || OWN_ANSWERS.contains(&length) || !self.has_reached(Phase::ConnectRequest) {
            return;
        }
        let is_answered = self.has_reached(Phase::Answer);
        self.reach(if is_answered { Phase::FirstData } else { Phase::Answer });
    }

    fn has_reached(&self, phase: Phase) -> bool {
        self.reached.contains(&phase)
    }

    /// Each phase comes once.
    fn reach(&mut self, phase: Phase) {
        if !self.has_reached(phase) {
            self.reached.push(phase);
        }
    }
}

impl Side {
    /// The next whole record; all there is, once there was something that is none.
    fn next(&mut self) -> Option<Bytes> {
        let kind = *self.buffer.first()?;
        let major = self.buffer.get(1).copied().unwrap_or(3);
        self.is_raw |= !(20..=24).contains(&kind) || major != 3;
        if !self.is_raw {
            let [_, _, _, high, low] = *self.buffer.first_chunk::<HEADER>()?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length <= LONGEST {
                return (self.buffer.remaining() >= HEADER + length)
                    .then(|| self.buffer.split_to(HEADER + length).freeze());
            }
            self.is_raw = true;
        }
        Some(self.buffer.split().freeze())
    }
}

#[cfg(test)]
mod tests;
