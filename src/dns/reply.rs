//! [`Reply`]: what a client gets, cut to what it takes.

use std::net::IpAddr;

use crate::dns::name::DomainName;
use crate::dns::query::{Code, Header, OPT, Query, REPEATED, RESPONSE};

/// AA: the mesh itself says so.
const AUTHORITATIVE: u16 = 0x0400;
/// TC: there is more, over TCP.
const TRUNCATED: u16 = 0x0200;
/// RA: other names are asked for elsewhere.
const RECURSION: u16 = 0x0080;

/// How long an answer may be kept; ztunnel's, so that an edit of the mesh is seen after as long as in a cluster.
const TTL_SECONDS: u32 = 30;
/// What a client takes over UDP if it does not say otherwise (RFC 1035 §4.2.1).
const PLAIN_UDP: u16 = 512;
/// The longest payload that is sent over UDP whatever the client takes: it fits every link that IPv6 runs over, and
/// bounds what a forged query makes us send (the value of DNS flag day 2020).
const LONGEST_UDP: u16 = 1232;
/// The length in front of a message over TCP has two bytes (RFC 1035 §4.2.2).
const LONGEST_TCP: u16 = u16::MAX;

/// Types (RFC 1035 §3.2.2, RFC 3596 §2.1).
pub(crate) const A: u16 = 1;
pub(crate) const PTR: u16 = 12;
pub(crate) const AAAA: u16 = 28;
/// All of them (QTYPE only).
pub(crate) const ANY: u16 = 255;
/// The Internet, the one class that is answered.
pub(crate) const INTERNET: u16 = 1;

/// Whether a message travels by itself or on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

/// One record about the name in the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Address(IpAddr),
    Pointer(DomainName),
}

/// A response in the making.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) query: &'a Query,
    pub(crate) code: Code,
    /// Whether the mesh is who knows.
    pub(crate) authoritative: bool,
    /// Whether there is somebody to ask for other names.
    pub(crate) recursion: bool,
    pub(crate) records: Vec<Record>,
}

impl Reply<'_> {
    /// The message, with as many records as the client takes, and TC if that is not all of them.
    pub(crate) fn encode(&self, over: Transport) -> Vec<u8> {
        let limit = usize::from(longest(self.query, over));
        let opt = self.query.edns.map(|_| opt(self.code));
        let room = limit.saturating_sub(opt.map_or(0, |opt| opt.len()));
        let mut message = vec![0; 12];
        message.extend(self.query.question.name.wire());
        message.extend(self.query.question.kind.to_be_bytes());
        message.extend(self.query.question.class.to_be_bytes());
        let mut answers: u16 = 0;
        for record in &self.records {
            let encoded = encode(record);
            if message.len() + encoded.len() > room {
                break;
            }
            message.extend(encoded);
            answers += 1;
        }
        message.extend(opt.iter().flatten());
        let mut flags = self.code as u16 & 0xf;
        for (bit, set) in [
            (AUTHORITATIVE, self.authoritative),
            (RECURSION, self.recursion),
            (TRUNCATED, usize::from(answers) < self.records.len()),
        ] {
            flags |= if set { bit } else { 0 };
        }
        let header = header(self.query.header, flags, [1, answers, 0, u16::from(opt.is_some())]);
        message.splice(..12, header);
        message
    }
}

/// A header with `code` and nothing else, for a query that could not be read.
pub(crate) fn refusal(to: Header, code: Code) -> Vec<u8> {
    header(to, code as u16 & 0xf, [0; 4]).to_vec()
}

/// The longest response that `query` may get.
pub(crate) fn longest(query: &Query, over: Transport) -> u16 {
    match over {
        Transport::Udp => query.edns.map_or(PLAIN_UDP, |edns| edns.size.clamp(PLAIN_UDP, LONGEST_UDP)),
        Transport::Tcp => LONGEST_TCP,
    }
}

fn header(to: Header, flags: u16, counts: [u16; 4]) -> [u8; 12] {
    let flags = RESPONSE | to.flags & REPEATED | flags;
    let [questions, answers, authorities, additional] = counts;
    let words = [to.id, flags, questions, answers, authorities, additional];
    let mut header = [0; 12];
    for (place, word) in header.as_chunks_mut::<2>().0.iter_mut().zip(words) {
        *place = word.to_be_bytes();
    }
    header
}

/// Our own OPT: the root's name, our longest payload in place of a class, and the higher bits of the code, version 0
/// and no flags in place of the time (RFC 6891 §6.1.3).
fn opt(code: Code) -> [u8; 11] {
    let ([_, kind], [size_high, size_low]) = (OPT.to_be_bytes(), LONGEST_UDP.to_be_bytes());
    let [_, code] = ((code as u16) >> 4).to_be_bytes();
    [0, 0, kind, size_high, size_low, code, 0, 0, 0, 0, 0]
}

/// A record whose name is a pointer to the question, which begins at byte 12 (RFC 1035 §4.1.4).
fn encode(record: &Record) -> Vec<u8> {
    let (kind, data) = match record {
        Record::Address(IpAddr::V4(ip)) => (A, ip.octets().to_vec()),
        Record::Address(IpAddr::V6(ip)) => (AAAA, ip.octets().to_vec()),
        Record::Pointer(name) => (PTR, name.wire().to_vec()),
    };
    let mut encoded = vec![0xc0, 12];
    encoded.extend(kind.to_be_bytes());
    encoded.extend(INTERNET.to_be_bytes());
    encoded.extend(TTL_SECONDS.to_be_bytes());
    // A name has 255 bytes at most, an address 16.
    encoded.extend(u16::try_from(data.len()).unwrap_or_default().to_be_bytes());
    encoded.extend(data);
    encoded
}
