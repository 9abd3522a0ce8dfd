//! [`CapturedConnection`]: a connection as the packets that could have carried it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::glass::tapped::{Both, Direction, Tapped};

/// One connection for a capture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedConnection {
    /// Who connected.
    pub client: SocketAddr,
    /// To whom.
    pub server: SocketAddr,
    /// When, in nanoseconds since 1970.
    pub begun: u64,
    /// What went over it; its times count from `begun`.
    pub tapped: Tapped,
    /// Comments, each for the first packet of a chunk, by the chunk's index.
    pub comments: Vec<(usize, String)>,
    /// The comment of the connection itself, at its first packet: verdict, ids, policy.
    pub comment: Option<String>,
    /// How it ended, oldest first; with nothing here it was open when the capture ended.
    pub closes: Vec<Close>,
}

/// One side's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// Whose: the direction that ends.
    pub direction: Direction,
    /// When, in nanoseconds since the connection began.
    pub at: u64,
    /// Whether with a reset; else in order.
    pub is_reset: bool,
}

/// A packet, beginning with its IP header.
#[derive(Debug)]
pub(crate) struct Packet {
    /// Nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) comment: Option<String>,
}

/// The most data in one packet, as loopback's large segments have it: IP's 64 KiB hold it and both headers.
const MAX_DATA: usize = 65_000;

/// TCP's flags (RFC 9293 §3.1).
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// The window of every packet; with the scale of the SYN it is a gigabyte, so that no reader thinks it full.
const WINDOW: u16 = u16::MAX;

/// A SYN's options (RFC 9293 §3.2, RFC 7323 §2): a segment size as loopback's, a window scale of 14, padding.
const SYN_OPTIONS: [u8; 8] = [2, 4, 0xff, 0xd7, 3, 3, 14, 0];

/// The length of a TCP header without options, and of the IP headers.
const TCP_HEADER: usize = 20;
const IPV4_HEADER: usize = 20;

/// TCP's number among the protocols of IP.
const TCP: u8 = 6;

/// All packets of a connection. Sequence numbers begin at 0, so that they are places in the stream, plus one.
pub(crate) fn packets(connection: &CapturedConnection) -> Vec<Packet> {
    let mut wire = Wire { connection, next: Both::default(), made: Vec::new() };
    wire.make(Direction::ToServer, 0, SYN, &[]);
    wire.make(Direction::ToClient, 0, SYN | ACK, &[]);
    wire.make(Direction::ToServer, 0, ACK, &[]);
    if let Some(first) = wire.made.first_mut() {
        first.comment.clone_from(&connection.comment);
    }
    let mut closes = connection.closes.iter().peekable();
    for (index, chunk) in connection.tapped.chunks.iter().enumerate() {
        // What a side said stands before its end, whatever the clocks of the two ends say.
        while let Some(close) =
            closes.next_if(|close| close.at < chunk.at && close.direction != chunk.direction)
        {
            wire.close(close);
        }
        let first = wire.made.len();
        for data in chunk.bytes.chunks(MAX_DATA) {
            wire.make(chunk.direction, chunk.at, PSH | ACK, data);
        }
        if let (Some(packet), Some(comment)) = (wire.made.get_mut(first), connection.comment_of(index)) {
            packet.comment = Some(comment.to_owned());
        }
    }
    closes.for_each(|close| wire.close(close));
    wire.made
}

impl CapturedConnection {
    fn comment_of(&self, chunk: usize) -> Option<&str> {
        self.comments.iter().find(|(index, _)| *index == chunk).map(|(_, comment)| comment.as_str())
    }
}

struct Wire<'a> {
    connection: &'a CapturedConnection,
    /// The next sequence number of each direction.
    next: Both<u32>,
    made: Vec<Packet>,
}

impl Wire<'_> {
    fn close(&mut self, close: &Close) {
        if close.is_reset {
            self.make(close.direction, close.at, RST | ACK, &[]);
        } else {
            self.make(close.direction, close.at, FIN | ACK, &[]);
            self.make(close.direction.reverse(), close.at, ACK, &[]);
        }
    }

    fn make(&mut self, direction: Direction, at: u64, flags: u8, data: &[u8]) {
        let acknowledged = if flags & ACK == 0 { 0 } else { *self.next.of(direction.reverse()) };
        let sequence = *self.next.of(direction);
        let counted = data.len() + usize::from(flags & (SYN | FIN) != 0);
        // Sequence numbers go round after four gigabytes, as TCP's do.
        *self.next.of(direction) = sequence.wrapping_add(u32::try_from(counted).unwrap_or(0));
        let (from, to) = match direction {
            Direction::ToServer => (self.connection.client, self.connection.server),
            Direction::ToClient => (self.connection.server, self.connection.client),
        };
        let segment = segment(from.port(), to.port(), [sequence, acknowledged], flags, data);
        let at = self.connection.begun.saturating_add(at);
        self.made.push(Packet { at, bytes: packet(from.ip(), to.ip(), segment), comment: None });
    }
}

/// A TCP segment, its checksum still zero.
fn segment(from: u16, to: u16, [sequence, acknowledged]: [u32; 2], flags: u8, data: &[u8]) -> Vec<u8> {
    let options = if flags & SYN == 0 { &[] } else { SYN_OPTIONS.as_slice() };
    // The header's length in words of four bytes, in the upper half of its byte.
    let words = u8::try_from((TCP_HEADER + options.len()) / 4).unwrap_or(5);
    let mut segment = Vec::with_capacity(TCP_HEADER + options.len() + data.len());
    segment.extend_from_slice(&from.to_be_bytes());
    segment.extend_from_slice(&to.to_be_bytes());
    segment.extend_from_slice(&sequence.to_be_bytes());
    segment.extend_from_slice(&acknowledged.to_be_bytes());
    segment.extend_from_slice(&[words << 4, flags]);
    segment.extend_from_slice(&WINDOW.to_be_bytes());
    segment.extend_from_slice(&[0; 4]);
    segment.extend_from_slice(options);
    segment.extend_from_slice(data);
    segment
}

/// The segment with its checksum, behind an IP header. Where only one address is IPv6, the other one is mapped.
fn packet(from: IpAddr, to: IpAddr, mut segment: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(segment.len()).unwrap_or(u16::MAX);
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => [from.octets(), to.octets()].concat(),
        _ => [mapped(from).octets(), mapped(to).octets()].concat(),
    };
    // RFC 9293 §3.1 and RFC 8200 §8.1: the checksum is also over the addresses, the protocol and the length.
    let pseudo = [addresses.as_slice(), &[0, TCP], &length.to_be_bytes()].concat();
    let sum = checksum(&[&pseudo, &segment]);
    if let Some(place) = segment.get_mut(16..18) {
        place.copy_from_slice(&sum.to_be_bytes());
    }
    let mut packet = if addresses.len() == 8 { ipv4(length, &addresses) } else { ipv6(length, &addresses) };
    packet.append(&mut segment);
    packet
}

/// RFC 791 §3.1: no fragments, 64 hops.
fn ipv4(length: u16, addresses: &[u8]) -> Vec<u8> {
    let total = length.saturating_add(u16::try_from(IPV4_HEADER).unwrap_or(20)).to_be_bytes();
    let start = [0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, TCP];
    let sum = checksum(&[&start, addresses]).to_be_bytes();
    [start.as_slice(), &sum, addresses].concat()
}

/// RFC 8200 §3: 64 hops.
fn ipv6(length: u16, addresses: &[u8]) -> Vec<u8> {
    let length = length.to_be_bytes();
    [[0x60, 0, 0, 0, length[0], length[1], TCP, 64].as_slice(), addresses].concat()
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// The internet checksum (RFC 1071) of parts, of which all but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        for pair in part.chunks(2) {
            let [high, low] = [pair.first(), pair.get(1)].map(|byte| byte.copied().unwrap_or(0));
            sum += u64::from(u16::from_be_bytes([high, low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}
