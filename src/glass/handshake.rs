//! Handshake messages: put together from records, then read by type (RFC 8446 §4).

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::glass::certificates;
use crate::glass::extensions::{self, Holder};
use crate::glass::field::{Field, Fields, hex};
use crate::glass::hello::{self, Chosen, Offered};
use crate::glass::message::{Flaw, MessageKind, SeenCertificate};
use crate::glass::names;
use crate::glass::reader::Reader;

/// Type and three bytes of length.
const HEADER: usize = 4;

/// Handshake bytes of one direction that are no whole message yet.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    pending: BytesMut,
    begun: Option<usize>,
}

/// A whole message and the records that it came in.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) bytes: Bytes,
    pub(crate) raw: Range<usize>,
}

/// What a message says.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) kind: MessageKind,
    pub(crate) fields: Vec<Field>,
    pub(crate) certificates: Vec<SeenCertificate>,
    pub(crate) flaw: Option<Flaw>,
    pub(crate) means: Means,
}

/// What a message changes for what follows it.
#[derive(Debug)]
pub(crate) enum Means {
    Nothing,
    Offered(Offered),
    Chosen(Chosen),
    Finished,
    KeyUpdate,
}

impl Joiner {
    /// Adds one record's content: a message may span records, and a record may hold several (RFC 8446 §5.1).
    pub(crate) fn push(&mut self, bytes: &[u8], raw: &Range<usize>) -> Vec<Joined> {
        self.pending.extend_from_slice(bytes);
        let mut begun = self.begun.take().unwrap_or(raw.start);
        let mut whole = Vec::new();
        while let Some(length) = whole_length(&self.pending).filter(|length| *length <= self.pending.len()) {
            whole.push(Joined { bytes: self.pending.split_to(length).freeze(), raw: begun..raw.end });
            begun = raw.start;
        }
        self.begun = (!self.pending.is_empty()).then_some(begun);
        whole
    }

    /// What never became whole.
    pub(crate) fn leftover(&mut self, end: usize) -> Option<Joined> {
        let begun = self.begun.take()?;
        Some(Joined { bytes: self.pending.split().freeze(), raw: begun..end.max(begun) })
    }
}

fn whole_length(pending: &[u8]) -> Option<usize> {
    let [_, high, middle, low] = *pending.first_chunk::<HEADER>()?;
    let length = u32::from_be_bytes([0, high, middle, low]);
    usize::try_from(length).ok().map(|length| HEADER + length)
}

/// Reads one whole message. Of connections older than TLS 1.3 only the hellos are taken apart.
pub(crate) fn read(bytes: &[u8], is_tls13: bool) -> Reading {
    let mut fields = Fields::default();
    let mut rest = Reader::new(bytes);
    let mut certificates = Vec::new();
    let number = header(&mut rest, &mut fields).unwrap_or(0);
    let kind = kind_of(number, rest.bytes());
    let means = match kind {
        MessageKind::ClientHello => hello::client(&mut rest, &mut fields).map(Means::Offered),
        MessageKind::ServerHello | MessageKind::HelloRetryRequest => {
            hello::server(&mut rest, &mut fields).map(Means::Chosen)
        }
        _ if !is_tls13 => {
            rest.rest();
            Some(Means::Nothing)
        }
        MessageKind::Certificate => certificates::certificate(&mut rest, &mut fields).map(|seen| {
            certificates = seen;
            Means::Nothing
        }),
        _ => body(kind, &mut rest, &mut fields),
    };
    let flaw = (means.is_none() || !rest.is_empty()).then_some(Flaw::Malformed);
    if flaw.is_some() {
        let start = fields.end().min(bytes.len());
        let meaning = "From here on the bytes do not have the shape of this message.";
        fields.add("(malformed)", start..bytes.len(), hex(bytes.get(start..).unwrap_or_default()), meaning);
    }
    Reading { kind, fields: fields.into_list(), certificates, flaw, means: means.unwrap_or(Means::Nothing) }
}

fn header(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<u8> {
    let kind = rest.take(1)?;
    let number = u8::try_from(kind.number()).ok()?;
    let name = format!("{} ({number})", names::handshake(number));
    fields.add("msg_type", kind.range(), name, "Which handshake message this is.");
    let length = rest.take(3)?;
    fields.add("length", length.range(), format!("{} bytes", length.number()), "How long the rest is.");
    Some(number)
}

fn kind_of(number: u8, body: &[u8]) -> MessageKind {
    match number {
        1 => MessageKind::ClientHello,
        2 if hello::is_retry(body) => MessageKind::HelloRetryRequest,
        2 => MessageKind::ServerHello,
        4 => MessageKind::NewSessionTicket,
        8 => MessageKind::EncryptedExtensions,
        11 => MessageKind::Certificate,
        13 => MessageKind::CertificateRequest,
        15 => MessageKind::CertificateVerify,
        20 => MessageKind::Finished,
        24 => MessageKind::KeyUpdate,
        _ => MessageKind::OtherHandshake(number),
    }
}

/// The messages that are neither hellos nor certificates.
fn body(kind: MessageKind, rest: &mut Reader<'_>, fields: &mut Fields) -> Option<Means> {
    match kind {
        MessageKind::EncryptedExtensions => {
            extensions::read(rest, Holder::Other, fields)?;
        }
        MessageKind::CertificateRequest => {
            certificates::context(rest, fields)?;
            extensions::read(rest, Holder::Other, fields)?;
        }
        MessageKind::CertificateVerify => certificates::verify(rest, fields)?,
        MessageKind::NewSessionTicket => ticket(rest, fields)?,
        MessageKind::Finished => {
            let proof = rest.rest();
            let meaning =
                "A checksum over the whole handshake, made with a key that only the two sides have.";
            fields.add("verify_data", proof.range(), hex(proof.bytes()), meaning);
            return Some(Means::Finished);
        }
        MessageKind::KeyUpdate => {
            let asked = rest.take(1)?;
            let value = if asked.number() == 1 { "update_requested" } else { "update_not_requested" };
            let meaning = "New keys from the sender's next record on; the peer may be asked for the same.";
            fields.add("request_update", asked.range(), value, meaning);
            return Some(Means::KeyUpdate);
        }
        _ => {
            let unread = rest.rest();
            if !unread.is_empty() {
                fields.add("body", unread.range(), hex(unread.bytes()), "Not taken apart by this program.");
            }
        }
    }
    Some(Means::Nothing)
}

fn ticket(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<()> {
    let lifetime = rest.take(4)?;
    let value = format!("{} s", lifetime.number());
    fields.add("ticket_lifetime", lifetime.range(), value, "How long the ticket can be used.");
    let age = rest.take(4)?;
    fields.add(
        "ticket_age_add",
        age.range(),
        hex(age.bytes()),
        "Hides how old the ticket is when it comes back.",
    );
    let nonce = rest.vector(1)?;
    fields.add(
        "ticket_nonce",
        nonce.range_with(1),
        hex(nonce.bytes()),
        "Makes each ticket's key another one.",
    );
    let ticket = rest.vector(2)?;
    fields.add("ticket", ticket.range_with(2), hex(ticket.bytes()), "What the client sends to resume.");
    extensions::read(rest, Holder::Other, fields)?;
    Some(())
}
