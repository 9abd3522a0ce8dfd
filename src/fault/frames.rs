//! The few HTTP/2 frames that a scripted server needs (RFC 9113 §4.1, §6), made and read by hand: what keeps to the protocol
//! cannot break it on purpose.

use std::io;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest that a peer may send before it is told otherwise (RFC 9113 §4.2).
const LONGEST: u32 = 1 << 14;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

/// Of SETTINGS and PING.
pub(crate) const ACK: u8 = 1;
/// Of DATA and HEADERS.
pub(crate) const END_STREAM: u8 = 1;
/// Of HEADERS.
const END_HEADERS: u8 = 4;

/// SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §6.5.2).
pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
/// SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 §6.5.2).
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
/// NO_ERROR (RFC 9113 §7).
const NO_ERROR: u32 = 0;
/// REFUSED_STREAM (RFC 9113 §7).
pub(crate) const REFUSED_STREAM: u32 = 7;
/// CANCEL (RFC 9113 §7).
pub(crate) const CANCEL: u32 = 8;

/// A frame as it is on the wire.
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Bytes,
}

/// The next frame.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Frame> {
    let word = stream.read_u32().await?;
    let flags = stream.read_u8().await?;
    let id = stream.read_u32().await? & 0x7fff_ffff;
    let [kind, ..] = word.to_le_bytes();
    let length = word >> 8;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut payload = BytesMut::zeroed(usize::try_from(length).unwrap_or(0));
    stream.read_exact(&mut payload).await?;
    Ok(Frame { kind, flags, stream: id, payload: payload.freeze() })
}

/// SETTINGS with these values.
pub(crate) fn settings(values: &[(u16, u32)]) -> Bytes {
    let mut payload = BytesMut::new();
    for (name, value) in values {
        payload.put_u16(*name);
        payload.put_u32(*value);
    }
    frame(SETTINGS, 0, 0, &payload)
}

/// The answer to SETTINGS or PING.
pub(crate) fn acknowledge(asked: &Frame) -> Bytes {
    let payload = if asked.kind == PING { asked.payload.clone() } else { Bytes::new() };
    frame(asked.kind, ACK, 0, &payload)
}

/// GOAWAY without an error; streams up to `last` count as taken.
pub(crate) fn go_away(last: u32) -> Bytes {
    let mut payload = BytesMut::new();
    payload.put_u32(last);
    payload.put_u32(NO_ERROR);
    frame(GOAWAY, 0, 0, &payload)
}

/// RST_STREAM.
pub(crate) fn reset(stream: u32, why: u32) -> Bytes {
    frame(RST_STREAM, 0, stream, &why.to_be_bytes())
}

/// HEADERS with a status, as a literal that nobody indexes (RFC 7541 §6.2.2, name 8 of the static table).
pub(crate) fn status(stream: u32, status: u16) -> Bytes {
    let mut payload = BytesMut::from([8, 3].as_slice());
    payload.extend_from_slice(format!("{status:03}").as_bytes());
    let ends = if status == 200 { 0 } else { END_STREAM };
    frame(HEADERS, END_HEADERS | ends, stream, &payload)
}

/// DATA, and whether it ends the stream.
pub(crate) fn data(stream: u32, bytes: &[u8], ends: bool) -> Bytes {
    frame(DATA, if ends { END_STREAM } else { 0 }, stream, bytes)
}

/// As much room as `data` took, for all streams and for its own.
pub(crate) fn room(data: &Frame) -> Bytes {
    let room = u32::try_from(data.payload.len()).unwrap_or(0);
    let mut bytes = BytesMut::new();
    if room > 0 {
        bytes.extend_from_slice(&frame(WINDOW_UPDATE, 0, 0, &room.to_be_bytes()));
        bytes.extend_from_slice(&frame(WINDOW_UPDATE, 0, data.stream, &room.to_be_bytes()));
    }
    bytes.freeze()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(9 + payload.len());
    let length = u32::try_from(payload.len()).unwrap_or(0);
    bytes.put_uint(length.into(), 3);
    bytes.put_u8(kind);
    bytes.put_u8(flags);
    bytes.put_u32(stream);
    bytes.extend_from_slice(payload);
    bytes.freeze()
}
