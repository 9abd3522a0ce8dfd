//! The parts of one HTTP/2 frame, by name and in words (RFC 9113 §4.1 and §6).

use std::ops::Range;

use crate::glass::field::{Fields, hex, text};
use crate::glass::reader::Reader;

/// What a frame is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) name: &'static str,
    pub(crate) stream: u32,
    pub(crate) flags: Vec<&'static str>,
    pub(crate) data: Option<Range<usize>>,
    pub(crate) block: Option<Block>,
    pub(crate) is_malformed: bool,
}

/// A piece of a header block, by its place in the frame.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) range: Range<usize>,
    pub(crate) is_end: bool,
}

/// The flags (RFC 9113 §6).
const END_STREAM: u64 = 1;
const ACK: u64 = 1;
const END_HEADERS: u64 = 4;
const PADDED: u64 = 8;
const PRIORITY: u64 = 0x20;

/// A frame type's name, its flags and what it is for.
type FrameType = (&'static str, &'static [(u64, &'static str)], &'static str);

/// Frame types by number (RFC 9113 §6).
const TYPES: [FrameType; 10] = [
    ("DATA", &[(END_STREAM, "END_STREAM"), (PADDED, "PADDED")], "The bytes inside the tunnel."),
    (
        "HEADERS",
        &[
            (END_STREAM, "END_STREAM"),
            (END_HEADERS, "END_HEADERS"),
            (PADDED, "PADDED"),
            (PRIORITY, "PRIORITY"),
        ],
        "A request or a response: of HBONE, the CONNECT or its status.",
    ),
    ("PRIORITY", &[], "A wish that nobody grants any more."),
    ("RST_STREAM", &[], "One stream ends at once, with a reason; the others go on."),
    ("SETTINGS", &[(ACK, "ACK")], "What the sender will take."),
    (
        "PUSH_PROMISE",
        &[(END_HEADERS, "END_HEADERS"), (PADDED, "PADDED")],
        "A response that nobody asked for.",
    ),
    ("PING", &[(ACK, "ACK")], "Is anybody there? The peer sends the same eight bytes back."),
    ("GOAWAY", &[], "No new streams, please; those up to a number go on."),
    ("WINDOW_UPDATE", &[], "The peer may send so many bytes more."),
    ("CONTINUATION", &[(END_HEADERS, "END_HEADERS")], "More of a header block."),
];

/// Reads a whole frame.
pub(crate) fn read(bytes: &[u8], fields: &mut Fields) -> Parts {
    let mut parts = Parts {
        name: "unknown frame",
        stream: 0,
        flags: Vec::new(),
        data: None,
        block: None,
        is_malformed: false,
    };
    let mut rest = Reader::new(bytes);
    let whole = head(&mut rest, &mut parts, fields).and_then(|(kind, flags)| {
        let mut body = unpadded(&mut rest, kind, flags, fields)?;
        payload(kind, flags, &mut body, &mut parts, fields)
    });
    if whole.is_none() {
        parts.is_malformed = true;
        let start = fields.end().min(bytes.len());
        let meaning = "From here on the bytes do not have the shape of this frame.";
        fields.add("(malformed)", start..bytes.len(), hex(bytes.get(start..).unwrap_or_default()), meaning);
    }
    parts
}

fn head(rest: &mut Reader<'_>, parts: &mut Parts, fields: &mut Fields) -> Option<(u64, u64)> {
    let length = rest.take(3)?;
    fields.add("length", length.range(), format!("{} bytes", length.number()), "How long the payload is.");
    let (kind, flags) = (rest.take(1)?, rest.take(1)?);
    let known = usize::try_from(kind.number()).ok().and_then(|number| TYPES.get(number));
    let (name, names, meaning) =
        known.copied().unwrap_or(("unknown frame", &[], "To be ignored (RFC 9113 §4.1)."));
    parts.name = name;
    fields.add("type", kind.range(), format!("{name} ({})", kind.number()), meaning);
    parts.flags = names.iter().filter(|(bit, _)| flags.number() & bit != 0).map(|(_, name)| *name).collect();
    let words = if parts.flags.is_empty() { "none".to_owned() } else { parts.flags.join(" ") };
    fields.add("flags", flags.range(), words, "END_STREAM is a half-close; END_HEADERS ends a header block.");
    let stream = rest.take(4)?;
    // RFC 9113 §4.1: the first bit is reserved.
    parts.stream = u32::try_from(stream.number() & 0x7fff_ffff).ok()?;
    let meaning = "Which stream; those of clients are odd, and 0 is the connection itself.";
    fields.add("stream_identifier", stream.range(), parts.stream.to_string(), meaning);
    Some((kind.number(), flags.number()))
}

/// The payload without its padding (RFC 9113 §6.1).
fn unpadded<'a>(rest: &mut Reader<'a>, kind: u64, flags: u64, fields: &mut Fields) -> Option<Reader<'a>> {
    if !matches!(kind, 0 | 1 | 5) || flags & PADDED == 0 {
        return Some(rest.rest());
    }
    let length = rest.take(1)?;
    fields.add("pad_length", length.range(), format!("{} bytes", length.number()), "Zeros at the end.");
    let padding = usize::try_from(length.number()).ok()?;
    rest.take(rest.bytes().len().checked_sub(padding)?)
}

fn payload(
    kind: u64,
    flags: u64,
    body: &mut Reader<'_>,
    parts: &mut Parts,
    fields: &mut Fields,
) -> Option<()> {
    match kind {
        0 => {
            parts.data = Some(body.range());
            fields.add(
                "data",
                body.range(),
                format!("{} bytes", body.bytes().len()),
                "What the application sent.",
            );
        }
        1 if flags & PRIORITY != 0 => {
            let priority = body.take(5)?;
            fields.add("priority", priority.range(), hex(priority.bytes()), "Deprecated.");
            block(flags, body, parts, fields);
        }
        1 | 9 => block(flags, body, parts, fields),
        3 => {
            let code = body.take(4)?;
            fields.add("error_code", code.range(), error(code.number()), "Why the stream ends.");
        }
        4 => settings(body, fields)?,
        5 => {
            let promised = body.take(4)?;
            fields.add(
                "promised_stream",
                promised.range(),
                promised.number().to_string(),
                "For which stream.",
            );
            block(flags, body, parts, fields);
        }
        6 => {
            let opaque = body.take(8)?;
            fields.add(
                "opaque_data",
                opaque.range(),
                hex(opaque.bytes()),
                "Eight bytes of the sender's choice.",
            );
        }
        7 => go_away(body, fields)?,
        8 => {
            let increment = body.take(4)?;
            let value = format!("{} bytes", increment.number() & 0x7fff_ffff);
            fields.add("window_size_increment", increment.range(), value, "How much more may be sent.");
        }
        _ => fields.add("payload", body.range(), hex(body.bytes()), "Not taken apart by this program."),
    }
    Some(())
}

fn block(flags: u64, body: &mut Reader<'_>, parts: &mut Parts, fields: &mut Fields) {
    let range = body.range();
    let value = format!("{} bytes", range.len());
    fields.add("field_block", range.clone(), value, "Headers, packed by HPACK (RFC 7541).");
    parts.block = Some(Block { range, is_end: flags & END_HEADERS != 0 });
}

fn settings(body: &mut Reader<'_>, fields: &mut Fields) -> Option<()> {
    while !body.is_empty() {
        let (number, value) = (body.take(2)?, body.take(4)?);
        let range = number.range().start..value.range().end;
        let known = SETTINGS.iter().find(|(known, _, _)| *known == number.number());
        match known {
            Some((_, name, meaning)) => fields.add(*name, range, value.number().to_string(), meaning),
            None => {
                let name = format!("setting {}", number.number());
                fields.add(name, range, value.number().to_string(), "To be ignored when unknown.");
            }
        }
    }
    Some(())
}

fn go_away(body: &mut Reader<'_>, fields: &mut Fields) -> Option<()> {
    let last = body.take(4)?;
    let value = (last.number() & 0x7fff_ffff).to_string();
    fields.add(
        "last_stream_id",
        last.range(),
        value,
        "Streams above it were not looked at and may be tried again.",
    );
    let code = body.take(4)?;
    fields.add("error_code", code.range(), error(code.number()), "Why; NO_ERROR is an orderly drain.");
    let debug = body.rest();
    if !debug.is_empty() {
        fields.add("debug_data", debug.range(), text(debug.bytes()), "For people.");
    }
    Some(())
}

/// Error codes (RFC 9113 §7).
fn error(number: u64) -> String {
    let name = usize::try_from(number).ok().and_then(|number| ERRORS.get(number));
    format!("{} ({number})", name.copied().unwrap_or("unknown"))
}

/// What a header is for; those of HBONE in ztunnel's way.
pub(crate) fn header(name: &str) -> &'static str {
    HEADERS.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning)
}

const ERRORS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// RFC 9113 §6.5.2 and, for 8, RFC 8441 §3.
const SETTINGS: [(u64, &str, &str); 7] = [
    (1, "SETTINGS_HEADER_TABLE_SIZE", "How many bytes of headers the peer may refer back to."),
    (2, "SETTINGS_ENABLE_PUSH", "Whether the server may send what nobody asked for."),
    (
        3,
        "SETTINGS_MAX_CONCURRENT_STREAMS",
        "How many streams the peer may have open; in HBONE, connections in one tunnel.",
    ),
    (
        4,
        "SETTINGS_INITIAL_WINDOW_SIZE",
        "How many bytes may be sent on a new stream before the first WINDOW_UPDATE.",
    ),
    (5, "SETTINGS_MAX_FRAME_SIZE", "The longest payload that the sender takes."),
    (6, "SETTINGS_MAX_HEADER_LIST_SIZE", "How many bytes of headers the sender takes, unpacked."),
    (8, "SETTINGS_ENABLE_CONNECT_PROTOCOL", "Whether CONNECT may name a protocol, such as websocket."),
];

const HEADERS: [(&str, &str); 8] = [
    (":method", "CONNECT asks for a tunnel."),
    (":authority", "Where the tunnel shall lead: the destination behind the proxy."),
    (":status", "200: the tunnel stands, and every byte from here on is the application's."),
    ("baggage", "Who the source is, for telemetry; nothing is decided by it."),
    ("forwarded", "Whom the source's proxy accepted the connection from."),
    ("traceparent", "The id by which traces join."),
    (":scheme", "Must not be in a CONNECT."),
    (":path", "Must not be in a CONNECT."),
];
