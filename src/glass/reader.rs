//! [`Reader`]: reading a structure while knowing where in it each part stands.

use std::ops::Range;

/// A part of a message and its place. Every read either succeeds whole or says `None`.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Where this part stands in the whole.
    pub(crate) fn range(&self) -> Range<usize> {
        self.at..self.at + self.bytes.len()
    }

    /// The same with the `prefix` bytes of length in front.
    pub(crate) fn range_with(&self, prefix: usize) -> Range<usize> {
        self.at.saturating_sub(prefix)..self.at + self.bytes.len()
    }

    /// The next `length` bytes as a part of their own.
    pub(crate) fn take(&mut self, length: usize) -> Option<Self> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        let part = Self { bytes: taken, at: self.at };
        self.at += length;
        self.bytes = rest;
        Some(part)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> Self {
        let rest = self.clone();
        self.at += self.bytes.len();
        self.bytes = &[];
        rest
    }

    /// A vector with a length of `prefix` bytes in front (RFC 8446 §3.4).
    pub(crate) fn vector(&mut self, prefix: usize) -> Option<Self> {
        let length = self.take(prefix)?.number();
        self.take(usize::try_from(length).ok()?)
    }

    /// This part as one number in network order; of more than eight bytes, the last eight.
    pub(crate) fn number(&self) -> u64 {
        self.bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The same for parts of two bytes.
    pub(crate) fn u16(&self) -> u16 {
        self.bytes.iter().fold(0, |number, byte| number << 8 | u16::from(*byte))
    }

    /// All that is left as numbers of two bytes; `None` if a byte is over.
    pub(crate) fn all_u16(&self) -> Option<Vec<u16>> {
        let (pairs, rest) = self.bytes.as_chunks::<2>();
        rest.is_empty().then(|| pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
    }
}
