//! [`Records`]: putting one ClientHello together from the records it arrives in (RFC 8446 §5.1).
//!
//! A message may span any number of records, down to one byte in each, and a record may arrive in any number of reads.

use crate::sniff::client_hello::{self, ClientHello};
use crate::sniff::flaw::HelloFlaw;
use crate::sniff::limits::{MAX_HELLO, MAX_RECORD};

/// The content type of handshake records (RFC 8446 §5.1), and so the first byte of every TLS connection.
pub(crate) const HANDSHAKE: u8 = 0x16;

/// Record header: type, two bytes of version, two of length.
const RECORD_HEADER: usize = 5;

/// Handshake header: type, three bytes of length (RFC 8446 §4).
const MESSAGE_HEADER: usize = 4;

/// The handshake type of a ClientHello (RFC 8446 §4).
const CLIENT_HELLO: u8 = 1;

/// The progress of one hello. Each byte is looked at once, however many reads it takes.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// How many bytes of the connection were looked at.
    taken: usize,
    /// How much of the current record is still to come.
    left: usize,
    /// The handshake message so far, header included.
    message: Vec<u8>,
}

impl Records {
    /// Looks at what is new in `seen`, which holds the connection from its first byte.
    ///
    /// `None` while the hello is unfinished. The answer is a function of the shortest prefix that allows one, so it does
    /// not depend on how much more was already there.
    pub(crate) fn look(&mut self, seen: &[u8]) -> Option<Result<ClientHello, HelloFlaw>> {
        loop {
            let rest = seen.get(self.taken..)?;
            if self.left == 0 {
                match record_length(rest)? {
                    Ok(length) => self.left = length,
                    Err(flaw) => return Some(Err(flaw)),
                }
                self.taken += RECORD_HEADER;
                continue;
            }
            if rest.is_empty() {
                return None;
            }
            if let Some(answer) = self.append(rest.get(..self.left).unwrap_or(rest)) {
                return Some(answer);
            }
        }
    }

    fn append(&mut self, payload: &[u8]) -> Option<Result<ClientHello, HelloFlaw>> {
        self.taken += payload.len();
        self.left -= payload.len();
        self.message.extend_from_slice(payload);
        let length = match message_length(&self.message)? {
            Ok(length) => length,
            Err(flaw) => return Some(Err(flaw)),
        };
        // What follows the hello in its record is not ours to judge.
        let body = self.message.get(MESSAGE_HEADER..MESSAGE_HEADER + length)?;
        Some(client_hello::read(body))
    }
}

/// The length in a record header; `None` while too little of it is there. A wrong byte is noticed as it arrives.
fn record_length(header: &[u8]) -> Option<Result<usize, HelloFlaw>> {
    match *header {
        [found, ..] if found != HANDSHAKE => Some(Err(HelloFlaw::RecordType { found })),
        [_, major, ..] if major != 3 => Some(Err(HelloFlaw::RecordVersion { major, minor: None })),
        // RFC 8446 §5.1 says to ignore the version; in practice it was only ever one of these, junk is not.
        [_, major, minor, ..] if minor > 4 => {
            Some(Err(HelloFlaw::RecordVersion { major, minor: Some(minor) }))
        }
        [_, _, _, high, low, ..] => match u16::from_be_bytes([high, low]) {
            length @ 1..=MAX_RECORD => Some(Ok(usize::from(length))),
            found => Some(Err(HelloFlaw::RecordLength { found })),
        },
        _ => None,
    }
}

/// The length in the handshake header; `None` while too little of it is there.
fn message_length(message: &[u8]) -> Option<Result<usize, HelloFlaw>> {
    match *message {
        [found, ..] if found != CLIENT_HELLO => Some(Err(HelloFlaw::MessageType { found })),
        [_, high, middle, low, ..] => {
            let claimed = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            // Judged by its claim, so that nobody makes us read 16 MiB.
            Some(if claimed > MAX_HELLO { Err(HelloFlaw::TooLong { claimed }) } else { Ok(claimed) })
        }
        _ => None,
    }
}
