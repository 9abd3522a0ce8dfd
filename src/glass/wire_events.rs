//! TLS messages and HTTP/2 frames as events: their names, and what is worth saying of each in one line.

use crate::glass::field::Field;
use crate::glass::frames::Frame;
use crate::glass::message::{Message, MessageKind};
use crate::glass::names;
use crate::glass::sequence::Tone;
use crate::sniff::FirstBytes;

/// What a line says of a message.
pub(crate) fn says(message: &Message) -> String {
    let value = |name: &str| message.value(name).filter(|value| *value != "empty");
    let said = match message.kind {
        MessageKind::ClientHello => client_hello(message),
        MessageKind::HelloRetryRequest => {
            let group = value("key_share").map(named).unwrap_or_default();
            format!("another ClientHello, please, with a key share of {group}")
        }
        MessageKind::ServerHello => parts(&[
            value("supported_versions").or(value("legacy_version")).map(named),
            value("cipher_suite").map(named),
            value("key_share").map(named),
        ]),
        MessageKind::EncryptedExtensions => {
            let alpn = value("application_layer_protocol_negotiation");
            alpn.map_or("no ALPN".to_owned(), |alpn| format!("ALPN {alpn}"))
        }
        MessageKind::CertificateRequest => certificate_request(message),
        MessageKind::Certificate => certificate(message),
        MessageKind::CertificateVerify => {
            let algorithm = value("algorithm").map(named).unwrap_or_default();
            format!("{algorithm}: whoever sent the certificate has its key")
        }
        MessageKind::Finished => "both saw the same handshake".to_owned(),
        MessageKind::Alert { number, .. } => {
            let (name, meaning) = names::alert(number);
            format!("{name} ({number}): {meaning}")
        }
        MessageKind::ChangeCipherSpec => "means nothing in TLS 1.3: for old middleboxes".to_owned(),
        MessageKind::ApplicationData => FirstBytes::of(&message.bytes).to_string(),
        MessageKind::NotTls => FirstBytes::of(&message.bytes).to_string(),
        _ => String::new(),
    };
    match message.flaw {
        Some(flaw) if said.is_empty() => flaw.to_string(),
        Some(flaw) => format!("{said} · {flaw}"),
        None => said,
    }
}

/// What a message is to a reader.
pub(crate) fn tone(message: &Message) -> Tone {
    match message.kind {
        // close_notify and user_canceled end nothing unwell (RFC 8446 §6.1).
        MessageKind::Alert { number: 0 | 90, .. } => Tone::Plain,
        MessageKind::Alert { .. } | MessageKind::NotTls => Tone::Bad,
        _ => Tone::Plain,
    }
}

fn client_hello(message: &Message) -> String {
    let value = |name: &str| message.value(name);
    let listed = |text: &str| text.split(", ").map(named).collect::<Vec<_>>().join(" ");
    parts(&[
        Some(value("server_name").map_or("no SNI".to_owned(), |name| format!("SNI {name}"))),
        Some(match value("application_layer_protocol_negotiation") {
            Some(alpn) => format!("ALPN {alpn}"),
            None => "no ALPN".to_owned(),
        }),
        value("supported_versions").map(listed),
        value("cipher_suites").map(|suites| counted(suites, "suite")),
        value("key_share").map(|shares| format!("key share {}", listed(shares))),
    ])
}

fn certificate_request(message: &Message) -> String {
    let issuers = message.value("certificate_authorities");
    let issuers = match issuers {
        Some(issuers) => format!("issued by {issuers}"),
        None => "it does not say whose".to_owned(),
    };
    format!("the client must show a certificate, {issuers}")
}

fn certificate(message: &Message) -> String {
    let Some(leaf) = message.certificates.first() else { return "none: the list is empty".to_owned() };
    let who = leaf.summary.as_ref().map(|summary| {
        let names = summary.uris.iter().chain(&summary.other_names).cloned().collect::<Vec<_>>();
        if names.is_empty() { format!("no name, subject {:?}", summary.subject) } else { names.join(", ") }
    });
    let who = who.unwrap_or_else(|| "a certificate that cannot be read".to_owned());
    match message.certificates.len() {
        1 => who,
        count => format!("{who}, and {} above it", count - 1),
    }
}

/// A half-close: the sender of the frame has said all.
pub(crate) const END: &str = " · END_STREAM: nothing more follows this way";

/// A frame's name: of headers, what they say first.
pub(crate) fn frame_name(frame: &Frame) -> String {
    let header = |name: &str| frame.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    match (header(":method"), header(":status")) {
        (Some(method), _) => method.clone(),
        (_, Some(status)) => format!("status {status}"),
        _ => frame.name.to_owned(),
    }
}

/// What a line says of a frame.
pub(crate) fn frame_says(frame: &Frame) -> String {
    let stream = format!("stream {}", frame.stream);
    let mut said = match frame.name {
        "HEADERS" => {
            let shown = frame.headers.iter().filter(|(name, _)| name != ":method" && name != ":status");
            let headers: Vec<String> = shown.map(|(name, value)| format!("{name}: {value}")).collect();
            if headers.is_empty() { stream } else { format!("{stream} · {}", headers.join(" · ")) }
        }
        "preface" => "PRI * HTTP/2.0: HTTP/2 begins".to_owned(),
        "SETTINGS" if frame.flags.contains(&"ACK") => "ACK: seen".to_owned(),
        "DATA" => stream,
        _ => own_fields(&frame.fields),
    };
    if frame.flags.contains(&"END_STREAM") && frame.name != "DATA" {
        said.push_str(END);
    }
    if frame.is_malformed {
        said.push_str(" · not of the right shape");
    }
    said
}

/// The fields behind the frame's header (length, type, flags, stream).
fn own_fields(fields: &[Field]) -> String {
    let header = ["length", "type", "flags", "stream", "reserved", "stream_identifier"];
    let own = fields.iter().filter(|field| !header.contains(&&*field.name));
    own.map(|field| format!("{} {}", field.name, field.value)).collect::<Vec<_>>().join(" · ")
}

fn parts(parts: &[Option<String>]) -> String {
    parts.iter().flatten().cloned().collect::<Vec<_>>().join(" · ")
}

/// A registered name without its number.
fn named(text: &str) -> String {
    text.split(" (0x").next().unwrap_or(text).to_owned()
}

/// `1 suite`, `3 suites`.
fn counted(list: &str, what: &str) -> String {
    match list.split(", ").count() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
