//! [`frames`]: the HTTP/2 frames inside a decrypted connection (RFC 9113).

use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::glass::field::{Field, Fields, text};
use crate::glass::frame_parts::{self, Block};
use crate::glass::hpack::HeaderTable;
use crate::glass::message::{Message, MessageKind};
use crate::glass::tapped::{Both, Direction};

/// What a client says first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Length, type, flags, stream (RFC 9113 §4.1).
const HEADER: usize = 9;

/// The most frames of one connection.
const MAX_FRAMES: usize = 1 << 16;

/// The longest header block that is put together: four times what ztunnel takes.
const MAX_BLOCK: usize = 1 << 18;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which way it went.
    pub direction: Direction,
    /// When its last byte passed, in nanoseconds since the connection began.
    pub at: u64,
    /// `HEADERS`, `DATA` and so on; `preface` for the client's first 24 bytes.
    pub name: &'static str,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// The flags that are set, by name.
    pub flags: Vec<&'static str>,
    /// Where it stands in the plaintext of its direction.
    pub range: Range<usize>,
    /// The frame with its header.
    pub bytes: Bytes,
    /// Its parts; their ranges lie in `bytes`.
    pub fields: Vec<Field>,
    /// The headers of the block that ends with this frame, escaped for a terminal.
    pub headers: Vec<(String, String)>,
    /// Where in `bytes` the application's own bytes stand: DATA only, without padding.
    pub data: Option<Range<usize>>,
    /// Whether its parts, or its headers, do not have the shape that they should.
    pub is_malformed: bool,
}

/// The frames of decrypted messages, in the order in which they became whole; nothing when the client speaks no HTTP/2.
pub fn frames(messages: &[Message]) -> Vec<Frame> {
    let data = || messages.iter().filter(|message| message.kind == MessageKind::ApplicationData);
    let client = data().filter(|message| message.direction == Direction::ToServer);
    let start: Vec<u8> =
        client.flat_map(|message| message.bytes.iter().copied()).take(PREFACE.len()).collect();
    if start != PREFACE {
        return Vec::new();
    }
    let mut sides = Both::<Side>::default();
    sides.of(Direction::ToServer).awaits_preface = true;
    let mut found = Vec::new();
    for message in data() {
        let side = sides.of(message.direction);
        side.buffer.extend_from_slice(&message.bytes);
        while let Some(bytes) = side.whole().filter(|_| found.len() < MAX_FRAMES) {
            found.push(side.frame(message.direction, message.at, bytes));
        }
    }
    found
}

/// One direction.
#[derive(Debug, Default)]
struct Side {
    buffer: BytesMut,
    taken: usize,
    awaits_preface: bool,
    table: HeaderTable,
    /// A block that CONTINUATIONs go on with.
    block: BytesMut,
    /// Whether a block did not decode: then the table is not what the sender's is.
    is_lost: bool,
}

impl Side {
    /// The next whole frame, or the preface.
    fn whole(&mut self) -> Option<Bytes> {
        if self.awaits_preface {
            return (self.buffer.len() >= PREFACE.len())
                .then(|| self.buffer.split_to(PREFACE.len()).freeze());
        }
        let [high, middle, low] = *self.buffer.first_chunk::<3>()?;
        let length = HEADER + usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?;
        (self.buffer.len() >= length).then(|| self.buffer.split_to(length).freeze())
    }

    fn frame(&mut self, direction: Direction, at: u64, bytes: Bytes) -> Frame {
        let range = self.taken..self.taken + bytes.len();
        self.taken = range.end;
        let mut frame = Frame {
            direction,
            at,
            name: "preface",
            stream: 0,
            flags: Vec::new(),
            range,
            bytes: bytes.clone(),
            fields: Vec::new(),
            headers: Vec::new(),
            data: None,
            is_malformed: false,
        };
        let mut fields = Fields::default();
        if self.awaits_preface {
            self.awaits_preface = false;
            let meaning =
                "HTTP/2 begins: the client's fixed first words, which an HTTP/1 server would refuse.";
            fields.add("preface", 0..bytes.len(), text(&bytes), meaning);
        } else {
            let parts = frame_parts::read(&bytes, &mut fields);
            (frame.name, frame.stream, frame.flags) = (parts.name, parts.stream, parts.flags);
            frame.data = parts.data;
            let headers = parts.block.map_or(Some(Vec::new()), |block| self.headers(&bytes, &block));
            frame.is_malformed = parts.is_malformed || headers.is_none();
            frame.headers = headers.unwrap_or_default();
            let place = fields.end().min(bytes.len());
            fields.within(|fields| {
                for (name, value) in &frame.headers {
                    fields.add(
                        name.clone(),
                        HEADER.min(place)..place,
                        value.clone(),
                        frame_parts::header(name),
                    );
                }
            });
        }
        frame.fields = fields.into_list();
        frame
    }

    /// The headers of a block, once it has ended; `None` when it does not decode.
    fn headers(&mut self, bytes: &[u8], block: &Block) -> Option<Vec<(String, String)>> {
        self.block.extend_from_slice(bytes.get(block.range.clone())?);
        if !block.is_end {
            self.is_lost |= self.block.len() > MAX_BLOCK;
            if self.is_lost {
                self.block.clear();
            }
            return Some(Vec::new());
        }
        let whole = self.block.copy_to_bytes(self.block.len());
        let headers = if self.is_lost { None } else { self.table.decode(&whole) };
        self.is_lost |= headers.is_none();
        Some(headers?.iter().map(|(name, value)| (text(name), text(value))).collect())
    }
}

#[cfg(test)]
mod tests;
