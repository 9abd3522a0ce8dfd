//! W3C Trace Context: the `traceparent` header that joins both ends of a tunnel into one trace.
//!
//! Not here: spans, sampling decisions, and `tracestate`, which a proxy of this kind never touches.

use std::fmt;

use rand::Rng;

/// The only length that version 00 has, and the only one read here (W3C Trace Context §3.2.2):
/// 2 of version, 32 of trace id, 16 of parent id, 2 of flags, and three dashes.
const LENGTH: usize = 55;

/// The caller recorded the trace; every other bit is reserved (W3C Trace Context §3.2.2.5).
const SAMPLED: u8 = 0x01;

/// A trace's id, printed as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub [u8; 16]);

/// One hop's position in a trace, printed as `00-<trace id>-<parent id>-<flags>`.
///
/// Values made here never hold an id of zeros, which the standard forbids; a caller who fills the fields keeps that up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// Names the whole trace; not all zeros.
    pub trace_id: [u8; 16],
    /// Names the sender's span; not all zeros.
    pub parent_id: [u8; 8],
    /// Bit 0 is "sampled"; the others are kept as they came.
    pub flags: u8,
}

impl TraceContext {
    /// The start of a new trace: random ids and no flags, as ztunnel sends it.
    pub fn fresh() -> Self {
        Self { trace_id: random_id(), parent_id: random_id(), flags: 0 }
    }

    /// The next hop of the same trace: a new parent id, and of the flags only "sampled", because the reserved
    /// ones must be sent as zero (W3C Trace Context §3.2.2.5).
    pub fn child(&self) -> Self {
        Self { trace_id: self.trace_id, parent_id: random_id(), flags: self.flags & SAMPLED }
    }

    /// The trace's id as a value that prints itself.
    pub fn id(&self) -> TraceId {
        TraceId(self.trace_id)
    }

    /// Reads a header value of exactly 55 characters; anything malformed is `None`, and no input panics.
    ///
    /// Later versions are read as version 00 and version `ff` is refused, as are capitals and ids of zeros
    /// (W3C Trace Context §3.2.2 and §4.3). The fields are found by their dashes and measured one by one: the
    /// real ztunnel checks the total length only and panics on 55 characters with too few dashes.
    pub fn parse(value: &str) -> Option<Self> {
        if value.len() != LENGTH {
            return None;
        }
        let mut fields = value.split('-');
        let [version] = hex(fields.next()?)?;
        let trace_id = hex(fields.next()?)?;
        let parent_id = hex(fields.next()?)?;
        let [flags] = hex(fields.next()?)?;
        let sound = version != 0xff && trace_id != [0; 16] && parent_id != [0; 8] && fields.next().is_none();
        sound.then_some(Self { trace_id, parent_id, flags })
    }
}

/// Random bytes that are not all zero.
fn random_id<const N: usize>() -> [u8; N] {
    let mut id = [0; N];
    while id == [0; N] {
        rand::rng().fill(&mut id[..]);
    }
    id
}

/// Exactly `N` bytes as lower-case hex.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Writes `bytes` as lower-case hex from the front of `text`, as far as there is room; what is left of it is returned.
fn write_hex<'a>(text: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (pairs, _) = text.as_chunks_mut::<2>();
    for ([high, low], byte) in pairs.iter_mut().zip(bytes) {
        (*high, *low) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]);
    }
    text.get_mut(2 * bytes.len()..).unwrap_or_default()
}

/// Writes what is ASCII.
fn write_ascii(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(text).unwrap_or_default())
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 32];
        write_hex(&mut text, &self.0);
        write_ascii(f, &text)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each field behind the dash before it; a number at a time, the standard library takes 7 000 instructions.
        let mut text = [b'-'; LENGTH];
        let mut rest = &mut text[..];
        for field in [&[0][..], &self.trace_id, &self.parent_id, &[self.flags]] {
            rest = write_hex(rest, field).get_mut(1..).unwrap_or_default();
        }
        write_ascii(f, &text)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn check(value: &str, expect: Option<&str>) {
        assert_eq!(TraceContext::parse(value).map(|found| found.to_string()).as_deref(), expect, "{value}");
    }

    #[test]
    fn reads_and_refuses() {
        check(GOOD, Some(GOOD));
        check(&GOOD.replace("00-0", "cc-0"), Some(GOOD));
        check(&GOOD.replace("00-0", "ff-0"), None);
        check(&GOOD.to_uppercase(), None);
        check(&format!("{GOOD}-"), None);
        check(&GOOD[..54], None);
        check("", None);
        check("00-00000000000000000000000000000000-b7ad6b7169203331-01", None);
        check("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", None);
    }

    /// The value that panics the real ztunnel's connection task (hbone.md section 12, item 12), and its relatives.
    #[test]
    fn fifty_five_characters_with_too_few_or_too_many_dashes() {
        check(&format!("00-{}", "0".repeat(52)), None);
        check(&"0".repeat(55), None);
        check(&"-".repeat(55), None);
        check(&format!("00-{}-{}", "1".repeat(32), "2".repeat(19)), None);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01-1", None);
        check(&format!("00-{}é", "1".repeat(50)), None);
    }

    #[test]
    fn fresh_and_child() {
        let (fresh, marked) = (TraceContext::fresh(), TraceContext { flags: 0xff, ..TraceContext::fresh() });
        assert_eq!(TraceContext::parse(&fresh.to_string()), Some(fresh));
        assert_eq!((fresh.flags, marked.child().flags), (0, SAMPLED));
        assert_eq!(fresh.child().id(), fresh.id());
        assert_ne!(fresh.child().parent_id, fresh.parent_id);
        assert_ne!(TraceContext::fresh().id(), fresh.id());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_prints_back(
            value in prop_oneof![any::<String>(), "[0-9a-f-]{55}", "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"],
        ) {
            if let Some(found) = TraceContext::parse(&value) {
                prop_assert_eq!(&found.to_string()[2..], &value[2..]);
            }
        }

        #[test]
        fn what_is_printed_reads_back(trace_id: [u8; 16], parent_id: [u8; 8], flags: u8) {
            let context = TraceContext { trace_id, parent_id, flags };
            let sound = trace_id != [0; 16] && parent_id != [0; 8];
            prop_assert_eq!(TraceContext::parse(&context.to_string()), sound.then_some(context));
        }
    }
}
