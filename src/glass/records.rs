//! [`records`]: the record layer of both directions (RFC 8446 §5.1), whatever pieces the bytes came in.

use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::glass::tapped::{Both, Direction, Tapped};

/// Type, two bytes of version, two of length.
pub(crate) const HEADER: usize = 5;

/// The longest ciphertext: TLS 1.2's, which is the longer one (RFC 5246 §6.2.3; TLS 1.3 has 2^14 + 256).
const LONGEST: usize = (1 << 14) + 2048;

/// One record, or what stands where one should be.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) direction: Direction,
    /// When its last byte passed.
    pub(crate) at: u64,
    /// Where it stands in its direction, header included.
    pub(crate) range: Range<usize>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Whole {
        header: [u8; HEADER],
        payload: Bytes,
    },
    /// These bytes begin no record; nothing after them in this direction is looked at.
    NotTls(Bytes),
    /// The tap ended within a record.
    Unfinished(Bytes),
}

#[derive(Debug, Default)]
struct Side {
    buffer: BytesMut,
    taken: usize,
    last_at: u64,
    broken: bool,
}

/// Takes a connection apart, in the order in which records became whole.
pub(crate) fn records(tapped: &Tapped) -> Vec<Record> {
    let mut sides = Both::<Side>::default();
    let mut found = Vec::new();
    for chunk in &tapped.chunks {
        let side = sides.of(chunk.direction);
        if side.broken {
            continue;
        }
        side.buffer.extend_from_slice(&chunk.bytes);
        side.last_at = chunk.at;
        while let Some(body) = side.next() {
            found.push(side.record(chunk.direction, body));
        }
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        let side = sides.of(direction);
        if !side.buffer.is_empty() {
            let rest = side.buffer.split().freeze();
            found.push(side.record(direction, Body::Unfinished(rest)));
        }
    }
    found
}

impl Side {
    fn next(&mut self) -> Option<Body> {
        let header = *self.buffer.first_chunk::<HEADER>()?;
        let [kind, major, _, high, low] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(20..=24).contains(&kind) || major != 3 || length > LONGEST {
            self.broken = true;
            return Some(Body::NotTls(self.buffer.split().freeze()));
        }
        if self.buffer.len() < HEADER + length {
            return None;
        }
        self.buffer.advance(HEADER);
        Some(Body::Whole { header, payload: self.buffer.split_to(length).freeze() })
    }

    fn record(&mut self, direction: Direction, body: Body) -> Record {
        let length = match &body {
            Body::Whole { payload, .. } => HEADER + payload.len(),
            Body::NotTls(bytes) | Body::Unfinished(bytes) => bytes.len(),
        };
        let range = self.taken..self.taken + length;
        self.taken = range.end;
        Record { direction, at: self.last_at, range, body }
    }
}
