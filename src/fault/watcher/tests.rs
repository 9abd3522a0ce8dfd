//! Tests of the watcher: RFC 8448 in every split, a tunnel, and anything at all.

use proptest::prelude::*;

use super::*;

/// RFC 8448 §3.
const SIMPLE: &str = include_str!("../../../tests/data/rfc8448/simple-1rtt.txt");

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn simple() -> Vec<(Direction, Vec<u8>)> {
    let chunks = SIMPLE.lines().filter_map(|line| match line.split_once(' ') {
        Some(("client", bytes)) => Some((Direction::ToServer, unhex(bytes))),
        Some(("server", bytes)) => Some((Direction::ToClient, unhex(bytes))),
        _ => None,
    });
    chunks.collect()
}

/// A record of TLS of this length that seems to be sealed.
fn sealed(inner: usize) -> Vec<u8> {
    let length = u16::try_from(inner + SEALED).unwrap().to_be_bytes();
    [&[23, 3, 3][..], &length, &vec![0xab; inner + SEALED]].concat()
}

/// What a tunnel's handshake and CONNECT look like to who has no key.
fn tunnel() -> Vec<(Direction, Vec<u8>)> {
    let mut chunks: Vec<_> = simple().into_iter().take(2).collect();
    let (up, down) = (Direction::ToServer, Direction::ToClient);
    let rest =
        [(down, 800), (up, 900), (up, 24), (up, 58), (down, 45), (down, 9), (up, 9), (up, 260), (down, 88)];
    chunks.extend(rest.map(|(direction, inner)| (direction, sealed(inner))));
    chunks.push((up, sealed(87)));
    chunks
}

fn phases(chunks: &[(Direction, Vec<u8>)]) -> Vec<Phase> {
    let mut watcher = Watcher::new();
    let pieces = chunks.iter().flat_map(|(direction, bytes)| watcher.push(*direction, bytes));
    let with_after = pieces.flat_map(|piece| {
        let after = piece.completes_client_hello.then_some(Phase::AfterClientHello);
        piece.phases.into_iter().chain(after).collect::<Vec<_>>()
    });
    with_after.collect()
}

/// The same bytes, each chunk cut at `cuts`.
fn cut(chunks: &[(Direction, Vec<u8>)], size: usize) -> Vec<(Direction, Vec<u8>)> {
    let pieces = |(direction, bytes): &(Direction, Vec<u8>)| {
        bytes.chunks(size).map(|piece| (*direction, piece.to_vec())).collect::<Vec<_>>()
    };
    chunks.iter().flat_map(pieces).collect()
}

#[test]
fn rfc8448_in_every_split() {
    let expect = [
        Phase::FirstByte,
        Phase::ClientHello,
        Phase::AfterClientHello,
        Phase::ServerHello,
        Phase::Certificate,
        Phase::ClientCertificate,
        Phase::HandshakeDone,
    ];
    let chunks = simple();
    let longest = chunks.iter().map(|(_, bytes)| bytes.len()).max().unwrap();
    for size in 1..=longest {
        assert_eq!(phases(&cut(&chunks, size)), expect, "{size}");
    }
}

#[test]
fn a_tunnel_reaches_all_that_have_a_name() {
    let wire = Phase::named().filter(|phase| !matches!(phase, Phase::Accept | Phase::Connect));
    assert_eq!(phases(&tunnel()), wire.collect::<Vec<_>>());
}

#[test]
fn an_alert_about_the_servers_flight_is_not_the_clients() {
    let mut chunks: Vec<_> = tunnel().into_iter().take(3).collect();
    chunks.push((Direction::ToServer, sealed(ALERT)));
    assert_eq!(phases(&chunks).last(), Some(&Phase::Certificate));
}

#[test]
fn a_retry_is_no_server_hello() {
    let mut retry = simple().remove(1).1;
    retry.splice(HEADER + 6..HEADER + 38, RETRY);
    let chunks: Vec<_> = simple().into_iter().take(1).chain([(Direction::ToClient, retry)]).collect();
    assert_eq!(phases(&chunks).last(), Some(&Phase::AfterClientHello));
}

#[test]
fn a_long_client_hello_is_whole_with_its_last_record() {
    let (_, hello) = simple().remove(0);
    let (first, second) = hello[HEADER..].split_at(100);
    let record = |bytes: &[u8]| [&[22, 3, 1, 0, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let mut watcher = Watcher::new();
    let first = watcher.push(Direction::ToServer, &record(first));
    assert_eq!((first[0].phases.len(), first[0].completes_client_hello), (2, false));
    let second = watcher.push(Direction::ToServer, &record(second));
    assert_eq!((second[0].phases.len(), second[0].completes_client_hello), (0, true));
}

#[test]
fn plaintext_has_phases_too() {
    let chunks =
        [(Direction::ToServer, b"GET / HTTP/1.0\r\n\r\n".to_vec()), (Direction::ToClient, b"HTTP".to_vec())];
    assert_eq!(phases(&chunks), [Phase::FirstByte, Phase::FirstData, Phase::Answer]);
}

fn anything() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
    let record = (20..25u8, prop::collection::vec(any::<u8>(), 0..64)).prop_map(|(kind, payload)| {
        [&[kind, 3, 3, 0, u8::try_from(payload.len()).unwrap()], &payload[..]].concat()
    });
    let noise = prop::collection::vec(any::<u8>(), 0..64);
    prop::collection::vec((any::<bool>(), prop_oneof![3 => record, 1 => noise]), 0..12)
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_is_added(chunks in anything(), size in 1..70usize) {
        let way = |up| if up { Direction::ToServer } else { Direction::ToClient };
        let chunks: Vec<_> = chunks.into_iter().map(|(up, bytes)| (way(up), bytes)).collect();
        let mut watcher = Watcher::new();
        let mut pieces = Vec::new();
        for (direction, bytes) in cut(&chunks, size) {
            pieces.extend(watcher.push(direction, &bytes));
        }
        for direction in [Direction::ToServer, Direction::ToClient] {
            pieces.extend(watcher.rest(direction));
            let sent: Vec<u8> = chunks.iter().filter(|(way, _)| *way == direction).flat_map(|(_, bytes)| bytes.clone()).collect();
            let passed: Vec<u8> = pieces.iter().filter(|piece| piece.direction == direction).flat_map(|piece| piece.bytes.to_vec()).collect();
            prop_assert_eq!(sent, passed);
        }
        let mut reached: Vec<_> = pieces.into_iter().flat_map(|piece| piece.phases).collect();
        let all = reached.len();
        reached.sort();
        reached.dedup();
        prop_assert_eq!(reached.len(), all, "each phase comes once");
    }
}
