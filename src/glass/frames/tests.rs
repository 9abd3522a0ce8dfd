//! Tests of HTTP/2's frames.

use proptest::prelude::*;

use super::*;
use crate::glass::message::Epoch;

fn said(direction: Direction, bytes: &[u8]) -> Message {
    Message {
        direction,
        at: 1,
        kind: MessageKind::ApplicationData,
        encrypted: true,
        epoch: Epoch::Traffic(0),
        raw: 0..0,
        bytes: Bytes::copy_from_slice(bytes),
        fields: Vec::new(),
        certificates: Vec::new(),
        flaw: None,
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// What a client says in HBONE, and what it is answered.
fn tunnel() -> [Vec<u8>; 2] {
    let connect = [b"\x42\x07CONNECT\x41\x0e".as_slice(), b"127.0.0.1:9080"].concat();
    let client = [
        PREFACE.to_vec(),
        frame(4, 0, 0, &[0, 2, 0, 0, 0, 0, 0, 4, 0, 0x40, 0, 0]),
        frame(8, 0, 0, &[0, 0xff, 0, 1]),
        frame(1, 0, 1, &connect[..4]),
        frame(9, 4, 1, &connect[4..]),
        frame(0, 9, 1, b"\x02hi\0\0"),
        frame(3, 0, 1, &[0, 0, 0, 8]),
    ]
    .concat();
    let server = [
        frame(4, 1, 0, &[]),
        frame(1, 4, 1, &[0x88]),
        frame(6, 0, 0, b"12345678"),
        frame(7, 0, 0, b"\x7f\xff\xff\xff\0\0\0\0bye\x1b"),
        frame(3, 0, 1, b"no"),
    ]
    .concat();
    [client, server]
}

#[test]
fn a_tunnel_frame_by_frame() {
    let [client, server] = tunnel();
    let found = frames(&[said(Direction::ToServer, &client), said(Direction::ToClient, &server)]);
    let lines: Vec<String> = found
        .iter()
        .map(|frame| {
            let fields = frame.fields.iter().skip(if frame.name == "preface" { 0 } else { 4 });
            let fields: Vec<String> = fields.map(|field| format!("{}={}", field.name, field.value)).collect();
            format!("{} {} [{}] {}", frame.name, frame.stream, frame.flags.join(" "), fields.join(" "))
        })
        .collect();
    let expect = [
        r"preface 0 [] preface=PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "SETTINGS 0 [] SETTINGS_ENABLE_PUSH=0 SETTINGS_INITIAL_WINDOW_SIZE=4194304",
        "WINDOW_UPDATE 0 [] window_size_increment=16711681 bytes",
        "HEADERS 1 [] field_block=4 bytes",
        "CONTINUATION 1 [END_HEADERS] field_block=21 bytes :method=CONNECT :authority=127.0.0.1:9080",
        "DATA 1 [END_STREAM PADDED] pad_length=2 bytes data=2 bytes",
        "RST_STREAM 1 [] error_code=CANCEL (8)",
        "SETTINGS 0 [ACK] ",
        "HEADERS 1 [END_HEADERS] field_block=1 bytes :status=200",
        "PING 0 [] opaque_data=3132333435363738",
        r"GOAWAY 0 [] last_stream_id=2147483647 error_code=NO_ERROR (0) debug_data=bye\x1b",
        "RST_STREAM 1 [] (malformed)=6e6f",
    ];
    assert_eq!(lines, expect);
    let data = &found[5];
    assert_eq!(&data.bytes[data.data.clone().unwrap()], b"hi");
    assert_eq!((found[11].is_malformed, found[10].is_malformed), (true, false));
}

#[test]
fn pieces_do_not_matter() {
    let [client, _] = tunnel();
    let whole = frames(&[said(Direction::ToServer, &client)]);
    for size in [1, 3, 10] {
        let pieces: Vec<Message> =
            client.chunks(size).map(|piece| said(Direction::ToServer, piece)).collect();
        assert_eq!(frames(&pieces), whole);
    }
}

#[test]
fn other_protocols_have_no_frames() {
    assert_eq!(frames(&[said(Direction::ToServer, b"GET / HTTP/1.1\r\n\r\n0123456789")]), []);
    assert_eq!(frames(&[said(Direction::ToServer, &PREFACE[..23])]), []);
}

proptest! {
    #[test]
    fn nothing_panics(parts in prop::collection::vec((0_u8..11, any::<u8>(), prop::collection::vec(any::<u8>(), 0..60)), 0..6)) {
        let bytes: Vec<u8> = parts.iter().flat_map(|(kind, flags, payload)| frame(*kind, *flags, 1, payload)).collect();
        let client = [PREFACE, &bytes].concat();
        for frame in frames(&[said(Direction::ToServer, &client), said(Direction::ToClient, &bytes)]) {
            for field in &frame.fields {
                prop_assert!(field.range.start <= field.range.end && field.range.end <= frame.bytes.len());
            }
        }
    }
}
