//! [`HeaderTable`]: reading the header blocks of one direction (RFC 7541).

use std::collections::VecDeque;

use crate::glass::huffman;
use crate::glass::reader::Reader;

/// The size of a dynamic table until somebody says otherwise (RFC 9113 §6.5.2).
const DEFAULT_SIZE: usize = 4096;

/// The largest dynamic table that is kept, whatever the sender says. A block may refer [`MAX_HEADERS`] times to one entry, so
/// this also bounds what a single block unpacks to, at 16 MiB; ztunnel and Envoy stay at the default.
const LARGEST_SIZE: usize = 1 << 16;

/// What an entry counts beyond its bytes (RFC 7541 §4.1).
const ENTRY_OVERHEAD: usize = 32;

/// The most headers of one block; an indexed one is a single byte and may stand for thousands.
const MAX_HEADERS: usize = 256;

/// A name and a value, as bytes.
pub(crate) type Header = (Vec<u8>, Vec<u8>);

/// The dynamic table of one direction.
#[derive(Debug)]
pub(crate) struct HeaderTable {
    entries: VecDeque<Header>,
    size: usize,
    limit: usize,
}

impl Default for HeaderTable {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 0, limit: DEFAULT_SIZE }
    }
}

impl HeaderTable {
    /// Decodes a whole block; `None` where it breaks the rules, after which the table is of no use.
    pub(crate) fn decode(&mut self, block: &[u8]) -> Option<Vec<Header>> {
        let mut rest = Reader::new(block);
        let mut headers = Vec::new();
        while let Some(first) = rest.bytes().first().copied() {
            if headers.len() == MAX_HEADERS {
                return None;
            }
            match first {
                // RFC 7541 §6.1: both from a table.
                0x80.. => headers.push(self.get(integer(&mut rest, 7)?)?),
                // RFC 7541 §6.2.1: and it is remembered.
                0x40..0x80 => {
                    let header = self.literal(&mut rest, 6)?;
                    self.insert(header.clone());
                    headers.push(header);
                }
                // RFC 7541 §6.3.
                0x20..0x40 => {
                    self.limit = integer(&mut rest, 5)?;
                    if self.limit > LARGEST_SIZE {
                        return None;
                    }
                    self.evict();
                }
                // RFC 7541 §6.2.2 and §6.2.3: not remembered, or never to be.
                _ => headers.push(self.literal(&mut rest, 4)?),
            }
        }
        Some(headers)
    }

    fn literal(&self, rest: &mut Reader<'_>, bits: u8) -> Option<Header> {
        let name = match integer(rest, bits)? {
            0 => string(rest)?,
            index => self.get(index)?.0,
        };
        Some((name, string(rest)?))
    }

    /// RFC 7541 §2.3.3: the static table from 1, the dynamic one behind it, latest first.
    fn get(&self, index: usize) -> Option<Header> {
        let index = index.checked_sub(1)?;
        match STATIC.get(index) {
            Some((name, value)) => Some((name.as_bytes().to_vec(), value.as_bytes().to_vec())),
            None => self.entries.get(index - STATIC.len()).cloned(),
        }
    }

    fn insert(&mut self, header: Header) {
        self.size += cost(&header);
        self.entries.push_front(header);
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.limit {
            let Some(header) = self.entries.pop_back() else { break };
            self.size -= cost(&header);
        }
    }
}

fn cost((name, value): &Header) -> usize {
    name.len() + value.len() + ENTRY_OVERHEAD
}

/// A number that begins in the low `bits` of a byte (RFC 7541 §5.1).
fn integer(rest: &mut Reader<'_>, bits: u8) -> Option<usize> {
    /// Four bytes behind the first hold every size that we would take.
    const MOST_BYTES: u32 = 4;
    let mask = (1_u64 << bits) - 1;
    let mut number = rest.take(1)?.number() & mask;
    if number == mask {
        for place in 0..=MOST_BYTES {
            let byte = rest.take(1)?.number();
            if place == MOST_BYTES {
                return None;
            }
            number += (byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    usize::try_from(number).ok()
}

/// A text, plain or in Huffman's code (RFC 7541 §5.2).
fn string(rest: &mut Reader<'_>) -> Option<Vec<u8>> {
    let is_huffman = rest.bytes().first()? & 0x80 != 0;
    let length = integer(rest, 7)?;
    let bytes = rest.take(length)?.bytes();
    if is_huffman { huffman::decode(bytes) } else { Some(bytes.to_vec()) }
}

/// RFC 7541 Appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests;
