//! [`Query`]: what a client asks, read from a message (RFC 1035 §4.1) that may be anything.

use crate::dns::name::DomainName;

/// The bit that makes a message a response (QR).
pub(crate) const RESPONSE: u16 = 0x8000;
/// The four bits of the kind of query (OPCODE); 0 is the only one answered.
const OPCODE: u16 = 0x7800;
/// The bits that a response repeats: OPCODE, RD, and CD (RFC 4035 §3.2.2).
pub(crate) const REPEATED: u16 = OPCODE | 0x0110;
/// The pseudo-record of EDNS (RFC 6891 §6.1.1).
pub(crate) const OPT: u16 = 41;

/// How a response ends (RCODE; RFC 1035 §4.1.1, and RFC 6891 §9 for the last).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16,
}

/// The first four bytes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: u16,
    pub(crate) flags: u16,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) name: DomainName,
    /// QTYPE.
    pub(crate) kind: u16,
    /// QCLASS.
    pub(crate) class: u16,
}

/// What the client's OPT record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edns {
    /// The longest UDP payload that it takes.
    pub(crate) size: u16,
    pub(crate) version: u8,
}

/// A query that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) header: Header,
    pub(crate) question: Question,
    pub(crate) edns: Option<Edns>,
}

/// A message that is no such query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Too short to say whose it is, or itself a response: answering those makes loops.
    Ignored,
    /// It gets a header with this code, and nothing else.
    Refused(Header, Code),
}

impl Query {
    /// Reads `message`; bytes after its last record are nobody's and do no harm.
    pub(crate) fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut input = message;
        let start = u16s(&mut input).and_then(|id| Some(Header { id, flags: u16s(&mut input)? }));
        let counts = [(); 4].map(|()| u16s(&mut input));
        let (Some(header), [Some(questions), Some(answers), Some(authorities), Some(additional)]) =
            (start, counts)
        else {
            return Err(Bad::Ignored);
        };
        if header.flags & RESPONSE != 0 {
            return Err(Bad::Ignored);
        }
        if header.flags & OPCODE != 0 {
            return Err(Bad::Refused(header, Code::NotImplemented));
        }
        let malformed = || Bad::Refused(header, Code::FormatError);
        if questions != 1 {
            return Err(malformed());
        }
        let question = Question::read(&mut input).ok_or_else(malformed)?;
        let between = u32::from(answers) + u32::from(authorities);
        let edns = records(&mut input, between, u32::from(additional)).ok_or_else(malformed)?;
        Ok(Self { header, question, edns })
    }

    /// Whether `message` is a response to this query with its id, about its question.
    pub(crate) fn is_answered_by(&self, message: &[u8]) -> bool {
        let mut input = message;
        let header = u16s(&mut input).zip(u16s(&mut input));
        let questions = u16s(&mut input);
        let _rest_of_header = input.split_off(..6);
        header.is_some_and(|(id, flags)| id == self.header.id && flags & RESPONSE != 0)
            && questions == Some(1)
            && Question::read(&mut input).as_ref() == Some(&self.question)
    }
}

impl Question {
    fn read(input: &mut &[u8]) -> Option<Self> {
        Some(Self { name: DomainName::read(input)?, kind: u16s(input)?, class: u16s(input)? })
    }
}

/// Reads past `before` records and through `additional` ones; of these at most one may be OPT (RFC 6891 §6.1.1).
///
/// Each record takes eleven bytes at least, so that the counts that a peer claims are bounded by what it sent.
#[expect(clippy::option_option, reason = "malformed, without EDNS, and with it are three cases")]
fn records(input: &mut &[u8], before: u32, additional: u32) -> Option<Option<Edns>> {
    let mut found = None;
    for place in 0..before + additional {
        let is_root = DomainName::skip(input)?;
        let (kind, class, [_, version, _, _]) = (u16s(input)?, u16s(input)?, bytes::<4>(input)?);
        let length = u16s(input)?;
        input.split_off(..usize::from(length))?;
        if kind == OPT && place >= before {
            if !is_root || found.is_some() {
                return None;
            }
            found = Some(Edns { size: class, version });
        }
    }
    Some(found)
}

fn bytes<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    input.split_off(..N)?.try_into().ok()
}

fn u16s(input: &mut &[u8]) -> Option<u16> {
    bytes(input).map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests;
