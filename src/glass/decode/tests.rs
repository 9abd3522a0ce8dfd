//! Tests of the decoder: RFC 8448's vectors, cut and bent, and bytes that nobody meant.

mod live;

use proptest::prelude::*;

use super::*;

/// RFC 8448 §3.
const SIMPLE: &str = include_str!("../../../tests/data/rfc8448/simple-1rtt.txt");

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The connection, one record a nanosecond, and its key log.
fn simple() -> (Tapped, KeyLog) {
    let (mut tapped, mut log) = (Tapped::default(), KeyLog::default());
    let random = unhex("cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7");
    for line in SIMPLE.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let at = u64::try_from(tapped.chunks.len()).unwrap();
        match words[..] {
            ["secret", label, secret] => assert!(log.add(label, &random, &unhex(secret))),
            ["client", bytes] => tapped.push(Direction::ToServer, at, unhex(bytes)),
            ["server", bytes] => tapped.push(Direction::ToClient, at, unhex(bytes)),
            _ => panic!("{line}"),
        }
    }
    (tapped, log)
}

fn names(decoded: &Decoded) -> Vec<(&'static str, &'static str, Epoch)> {
    decoded
        .messages
        .iter()
        .map(|message| (message.direction.sender(), message.name(), message.epoch))
        .collect()
}

/// What must hold for every decoding of anything.
fn sane(tapped: &Tapped, decoded: &Decoded) {
    for message in &decoded.messages {
        assert!(message.raw.end <= tapped.length(message.direction), "{message:?}");
        for field in &message.fields {
            assert!(field.range.start <= field.range.end, "{field:?}");
            assert!(field.range.end <= message.bytes.len(), "{field:?} of {} bytes", message.bytes.len());
        }
    }
}

/// The same bytes in pieces of `size`, all of one direction's neighbours together.
fn in_pieces(tapped: &Tapped, size: usize) -> Tapped {
    let mut pieces = Tapped::default();
    for chunk in &tapped.chunks {
        for piece in chunk.bytes.chunks(size) {
            pieces.push(chunk.direction, chunk.at, piece.to_vec());
        }
    }
    pieces
}

#[test]
fn rfc8448_simple_handshake() {
    let (tapped, log) = simple();
    let decoded = decode(&tapped, &log);
    sane(&tapped, &decoded);
    let (plain, shake, traffic) = (Epoch::Plain, Epoch::Handshake, Epoch::Traffic(0));
    let expect = [
        ("client", "ClientHello", plain),
        ("server", "ServerHello", plain),
        ("server", "EncryptedExtensions", shake),
        ("server", "Certificate", shake),
        ("server", "CertificateVerify", shake),
        ("server", "Finished", shake),
        ("client", "Finished", shake),
        ("server", "NewSessionTicket", traffic),
        ("client", "application data", traffic),
        ("server", "application data", traffic),
        ("client", "Alert", traffic),
        ("server", "Alert", traffic),
    ];
    assert_eq!(names(&decoded), expect);
    assert!(decoded.messages.iter().all(|message| message.flaw.is_none()), "{decoded:#?}");
    let agreed = &decoded.agreed;
    assert_eq!(agreed.server_name.as_deref(), Some("server"));
    assert_eq!(agreed.version.as_deref(), Some("TLS 1.3 (0x0304)"));
    assert_eq!(agreed.suite.as_deref(), Some("TLS_AES_128_GCM_SHA256 (0x1301)"));
    assert_eq!(agreed.group.as_deref(), Some("x25519 (0x001d)"));
    let data: Vec<u8> = (0..50).collect();
    assert_eq!((&decoded.messages[8].bytes[..], &decoded.messages[9].bytes[..]), (&data[..], &data[..]));
    // The Finished of RFC 8448 §3, byte for byte; four messages share the server's record.
    let finished = unhex("140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718");
    assert_eq!(decoded.messages[5].bytes, finished);
    assert_eq!((decoded.messages[5].raw.clone(), decoded.messages[2].raw.clone()), (95..774, 95..774));
    assert_eq!(decoded.messages[3].certificates[0].summary.as_ref().unwrap().serial, "2");
    assert_eq!(decoded.messages[10].alert(), Some("close_notify"));
}

#[test]
fn a_client_hello_field_by_field() {
    let (tapped, log) = simple();
    let decoded = decode(&tapped, &log);
    let hello = &decoded.messages[0];
    for (name, range, value) in [
        ("msg_type", 0..1, "ClientHello (1)"),
        ("length", 1..4, "192 bytes"),
        ("legacy_version", 4..6, "TLS 1.2 (0x0303)"),
        ("random", 6..38, "cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7"),
        ("legacy_session_id", 38..39, "empty"),
        (
            "cipher_suites",
            39..47,
            "TLS_AES_128_GCM_SHA256 (0x1301), TLS_CHACHA20_POLY1305_SHA256 (0x1303), TLS_AES_256_GCM_SHA384 (0x1302)",
        ),
        ("extensions", 49..196, "145 bytes"),
        ("server_name", 51..66, "server"),
        ("supported_versions", 141..148, "TLS 1.3 (0x0304)"),
        ("psk_key_exchange_modes", 184..190, "psk_dhe_ke"),
        ("record_size_limit", 190..196, "16385 bytes"),
    ] {
        let field = hello.fields.iter().find(|field| field.name == name).unwrap();
        assert_eq!((field.value.as_str(), field.range.clone()), (value, range), "{name}");
    }
    let share = hello.value("key_exchange").unwrap();
    assert_eq!(share, "x25519 (0x001d) 99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c");
    assert_eq!(hello.value("(malformed)"), None);
}

#[test]
fn without_keys_only_the_hellos_are_seen() {
    let (tapped, _) = simple();
    let decoded = decode(&tapped, &KeyLog::default());
    sane(&tapped, &decoded);
    assert_eq!(decoded.messages[1].name(), "ServerHello");
    let sealed = &decoded.messages[2];
    assert_eq!(sealed.flaw, Some(Flaw::NoSecret(SecretLabel::ServerHandshake)));
    assert_eq!(sealed.eavesdropped(), "a record of type application_data, 679 bytes: no name, no content");
    let sent = decoded.messages.iter().filter(|message| message.kind == MessageKind::Sealed).count();
    assert_eq!(sent, 7);
}

#[test]
fn a_wrong_key_says_so() {
    let (tapped, log) = simple();
    let text = log.to_text().replace("b67b7d69", "b67b7d68");
    let decoded = decode(&tapped, &KeyLog::parse(&text));
    assert_eq!(decoded.messages[2].flaw, Some(Flaw::WrongKey));
}

#[test]
fn pieces_do_not_matter() {
    let (tapped, log) = simple();
    let whole = decode(&tapped, &log);
    for size in [1, 2, 5, 7, 100] {
        assert_eq!(decode(&in_pieces(&tapped, size), &log), whole, "{size}");
    }
}

/// Every prefix decodes to the beginning of the same messages.
#[test]
fn a_cut_connection_is_a_beginning() {
    let (tapped, log) = simple();
    let whole = decode(&tapped, &log);
    let bytes = in_pieces(&tapped, 1);
    for length in 0..bytes.chunks.len() {
        let cut = Tapped { chunks: bytes.chunks[..length].to_vec() };
        let decoded = decode(&cut, &log);
        sane(&cut, &decoded);
        let full: Vec<_> =
            decoded.messages.iter().filter(|message| message.kind != MessageKind::Unfinished).collect();
        assert_eq!(full, whole.messages.iter().take(full.len()).collect::<Vec<_>>(), "{length}");
    }
}

#[test]
fn plaintext_is_not_tls() {
    let mut tapped = Tapped::default();
    tapped.push(Direction::ToServer, 1, b"GET / HTTP/1.1\r\n".to_vec());
    let decoded = decode(&tapped, &KeyLog::default());
    assert_eq!(names(&decoded), [("client", "not TLS", Epoch::Plain)]);
    tapped.push(Direction::ToClient, 2, unhex("15030300020246"));
    let decoded = decode(&tapped, &KeyLog::default());
    assert_eq!(decoded.messages[1].alert(), Some("protocol_version"));
    assert!(!decoded.messages[1].encrypted);
}

proptest! {
    #[test]
    fn nothing_panics_on_bytes(chunks in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..8)) {
        let (_, log) = simple();
        let mut tapped = Tapped::default();
        for (up, bytes) in chunks {
            tapped.push(if up { Direction::ToServer } else { Direction::ToClient }, 0, bytes);
        }
        sane(&tapped, &decode(&tapped, &log));
    }

    /// Any handshake message of any type and body, in a record of the right shape.
    #[test]
    fn nothing_panics_on_messages(kind in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..300), tls13: bool) {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[kind], &length[1..], &body].concat();
        let reading = handshake::read(&message, tls13);
        for field in reading.fields {
            prop_assert!(field.range.end <= message.len());
        }
    }

    /// One byte of the handshake changed: never a panic, and nothing out of range.
    #[test]
    fn nothing_panics_on_a_changed_byte(place in 0_usize..1900, change in 1_u8..) {
        let (tapped, log) = simple();
        let mut at = place;
        let mut bent = Tapped::default();
        for chunk in &tapped.chunks {
            let mut bytes = chunk.bytes.to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= change;
            }
            at = at.wrapping_sub(bytes.len());
            bent.push(chunk.direction, chunk.at, bytes);
        }
        sane(&bent, &decode(&bent, &log));
    }
}
