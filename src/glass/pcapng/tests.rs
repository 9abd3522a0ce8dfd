//! Tests of the capture file: its blocks, packets and checksums read back.

use std::net::SocketAddr;

use super::*;
use crate::glass::packets::Close;
use crate::glass::tapped::{Direction, Tapped};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn connection(client: &str, server: &str) -> CapturedConnection {
    let mut tapped = Tapped::default();
    tapped.push(Direction::ToServer, 1_000, b"hello".to_vec());
    tapped.push(Direction::ToClient, 2_000, vec![7; 70_000]);
    CapturedConnection {
        client: address(client),
        server: address(server),
        begun: 1_700_000_000_123_456_789,
        tapped,
        comments: vec![(1, "the answer".to_owned())],
        comment: Some("#17 allow".to_owned()),
        closes: vec![
            Close { direction: Direction::ToServer, at: 1_500, is_reset: false },
            Close { direction: Direction::ToClient, at: 3_000, is_reset: true },
        ],
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Type and body of each block.
fn blocks(mut file: &[u8]) -> Vec<(u32, &[u8])> {
    let mut found = Vec::new();
    while !file.is_empty() {
        let length = usize::try_from(u32_at(file, 4)).unwrap();
        assert_eq!((length % 4, u32_at(file, length - 4)), (0, u32_at(file, 4)));
        found.push((u32_at(file, 0), &file[8..length - 4]));
        file = &file[length..];
    }
    found
}

/// Sums as RFC 1071 says; of a good packet nothing is left.
fn sum(bytes: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// Checks a packet's sums and lengths; gives sequence, acknowledgement, flags and data.
fn segment(packet: &[u8]) -> (u32, u32, u8, &[u8]) {
    let (addresses, tcp) = match packet[0] >> 4 {
        4 => {
            assert_eq!(sum(&packet[..20]), 0);
            assert_eq!(usize::from(u16::from_be_bytes([packet[2], packet[3]])), packet.len());
            (&packet[12..20], &packet[20..])
        }
        _ => {
            assert_eq!(usize::from(u16::from_be_bytes([packet[4], packet[5]])), packet.len() - 40);
            (&packet[8..40], &packet[40..])
        }
    };
    let length = u16::try_from(tcp.len()).unwrap().to_be_bytes();
    assert_eq!(sum(&[addresses, &[0, 6], &length, tcp].concat()), 0);
    let number = |at: usize| u32::from_be_bytes(tcp[at..at + 4].try_into().unwrap());
    (number(4), number(8), tcp[13], &tcp[usize::from(tcp[12] >> 4) * 4..])
}

#[test]
fn a_file_reads_back() {
    for (client, server) in [
        ("10.0.0.1:40000", "10.0.0.2:15008"),
        ("[fd00::1]:40000", "[fd00::2]:15008"),
        ("10.0.0.1:1", "[::1]:2"),
    ] {
        let file = write(&[connection(client, server)], Some("# keys"));
        let blocks = blocks(&file);
        let kinds: Vec<u32> = blocks.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds[..3], [SECTION_HEADER, INTERFACE_DESCRIPTION, DECRYPTION_SECRETS]);
        assert_eq!(blocks[0].1[..4], 0x1a2b_3c4d_u32.to_le_bytes());
        assert_eq!(blocks[1].1[0], 101);
        assert_eq!((u32_at(blocks[2].1, 0), &blocks[2].1[8..14]), (TLS_KEY_LOG, b"# keys".as_slice()));
        let mut seen = Vec::new();
        for (kind, body) in &blocks[3..] {
            assert_eq!((*kind, u32_at(body, 0), u32_at(body, 12)), (ENHANCED_PACKET, 0, u32_at(body, 16)));
            let at = u64::from(u32_at(body, 4)) << 32 | u64::from(u32_at(body, 8));
            let (sequence, acknowledged, flags, data) =
                segment(&body[20..20 + usize::try_from(u32_at(body, 12)).unwrap()]);
            seen.push((at - 1_700_000_000_123_456_789, sequence, acknowledged, flags, data.len()));
        }
        // Time, sequence, acknowledgement, flags, length.
        let expect = [
            (0, 0, 0, 2, 0),
            (0, 0, 1, 18, 0),
            (0, 1, 1, 16, 0),
            (1_000, 1, 1, 24, 5),
            (1_500, 6, 1, 17, 0),
            (1_500, 1, 7, 16, 0),
            (2_000, 1, 7, 24, 65_000),
            (2_000, 65_001, 7, 24, 5_000),
            (3_000, 70_001, 7, 20, 0),
        ];
        assert_eq!(seen, expect);
        for (block, comment) in [(3, "#17 allow"), (9, "the answer")] {
            let text = String::from_utf8_lossy(blocks[block].1);
            assert!(text.contains(comment), "{block}");
        }
    }
}

#[test]
fn packets_of_all_connections_are_in_order_of_time() {
    let (early, mut late) = (connection("10.0.0.1:1", "10.0.0.2:2"), connection("10.0.0.3:1", "10.0.0.2:2"));
    late.begun += 1_200;
    let file = write(&[late, early], None);
    let blocks = blocks(&file);
    let times: Vec<u32> =
        blocks.iter().filter(|(kind, _)| *kind == ENHANCED_PACKET).map(|(_, body)| u32_at(body, 8)).collect();
    assert_eq!((times.len(), times.is_sorted()), (18, true));
    assert!(blocks.iter().all(|(kind, _)| *kind != DECRYPTION_SECRETS));
}

#[test]
fn a_comment_is_cut_at_a_character() {
    let mut body = Vec::new();
    option(&mut body, COMMENT, &[b"x".as_slice(), "é".repeat(40_000).as_bytes()].concat());
    assert_eq!(u16::from_le_bytes([body[2], body[3]]), 65_535);
    let mut body = Vec::new();
    option(&mut body, COMMENT, "é".repeat(40_000).as_bytes());
    assert_eq!(u16::from_le_bytes([body[2], body[3]]), 65_534);
}
