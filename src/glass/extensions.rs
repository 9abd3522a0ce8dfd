//! The extensions of hellos and of other messages (RFC 8446 §4.2), by name and in words.

use crate::glass::field::{Fields, hex, list, text};
use crate::glass::names;
use crate::glass::reader::Reader;
use crate::identity::name_text;

/// Which message holds the extensions: the same number has another shape in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    Other,
}

/// An extension's number and body.
pub(crate) type Extension<'a> = (u16, Reader<'a>);

/// Reads the list that ends a message, adds a field for each, and gives them back.
pub(crate) fn read<'a>(
    rest: &mut Reader<'a>,
    holder: Holder,
    fields: &mut Fields,
) -> Option<Vec<Extension<'a>>> {
    let mut all = rest.vector(2)?;
    let length = format!("{} bytes", all.bytes().len());
    fields.add(
        "extensions",
        all.range_with(2),
        length,
        "What goes beyond the fixed fields, each with a number and a length.",
    );
    let mut found = Vec::new();
    fields.within(|fields| {
        while !all.is_empty() {
            let number = all.take(2)?.u16();
            let body = all.vector(2)?;
            let (name, meaning) = named(number);
            let value = value(number, body.clone(), holder)
                .unwrap_or_else(|| format!("not of the right shape: {}", hex(body.bytes())));
            fields.add(name, body.range_with(4), value, meaning);
            if number == KEY_SHARE {
                fields.within(|fields| shares(body.clone(), holder, fields));
            }
            found.push((number, body));
        }
        Some(())
    })?;
    Some(found)
}

/// The hosts of a server_name extension (RFC 6066 §3).
pub(crate) fn server_name(mut body: Reader<'_>) -> Option<&[u8]> {
    let mut names = body.vector(2)?;
    names.take(1)?;
    Some(names.vector(2)?.bytes())
}

/// The names of an ALPN extension (RFC 7301 §3.1).
pub(crate) fn alpn(mut body: Reader<'_>) -> Option<Vec<&[u8]>> {
    let mut all = body.vector(2)?;
    let mut names = Vec::new();
    while !all.is_empty() {
        names.push(all.vector(1)?.bytes());
    }
    body.is_empty().then_some(names)
}

/// The groups of the shares: several of a client, one of a server.
pub(crate) fn share_groups(mut body: Reader<'_>, holder: Holder) -> Option<Vec<u16>> {
    let mut groups = Vec::new();
    match holder {
        Holder::HelloRetryRequest => return Some(vec![body.take(2)?.u16()]),
        Holder::ClientHello => body = body.vector(2)?,
        _ => {}
    }
    while !body.is_empty() {
        groups.push(body.take(2)?.u16());
        body.vector(2)?;
    }
    Some(groups)
}

fn value(number: u16, mut body: Reader<'_>, holder: Holder) -> Option<String> {
    if body.is_empty() {
        return Some("empty".to_owned());
    }
    let client = holder == Holder::ClientHello;
    let value = match number {
        SERVER_NAME => text(server_name(body)?),
        GROUPS => list(&body.vector(2)?.all_u16()?, |number| names::group(*number)),
        SIGNATURES | 50 => list(&body.vector(2)?.all_u16()?, |number| names::signature(*number)),
        ALPN => list(&alpn(body)?, |name| text(name)),
        VERSIONS if client => list(&body.vector(1)?.all_u16()?, |number| names::version(*number)),
        VERSIONS => names::version(body.take(2)?.u16()),
        KEY_SHARE => list(&share_groups(body, holder)?, |number| names::group(*number)),
        45 => list(body.vector(1)?.bytes(), |mode| mode_name(*mode).to_owned()),
        47 => issuers(body.vector(2)?)?,
        28 => format!("{} bytes", body.take(2)?.u16()),
        21 => format!("{} bytes of padding", body.bytes().len()),
        5 => format!("type {}", body.take(1)?.number()),
        42 => format!("at most {} bytes", body.take(4)?.number()),
        41 if !client => format!("number {} of those offered", body.take(2)?.u16()),
        _ => hex(body.bytes()),
    };
    Some(value)
}

/// The names of issuers (RFC 8446 §4.2.4), as certificates write them.
fn issuers(mut names: Reader<'_>) -> Option<String> {
    let mut all = Vec::new();
    while !names.is_empty() {
        let name = names.vector(2)?;
        all.push(name_text(name.bytes()).unwrap_or_else(|| hex(name.bytes())));
    }
    Some(list(&all, |name| text(name.as_bytes())))
}

fn shares(mut body: Reader<'_>, holder: Holder, fields: &mut Fields) -> Option<()> {
    match holder {
        Holder::HelloRetryRequest => return Some(()),
        Holder::ClientHello => body = body.vector(2)?,
        _ => {}
    }
    while !body.is_empty() {
        let group = body.take(2)?;
        let key = body.vector(2)?;
        let range = group.range().start..key.range().end;
        let value = format!("{} {}", names::group(group.u16()), hex(key.bytes()));
        fields.add("key_exchange", range, value, "The sender's half of the key exchange, in the clear.");
    }
    Some(())
}

fn mode_name(mode: u8) -> &'static str {
    match mode {
        0 => "psk_ke",
        1 => "psk_dhe_ke",
        _ => "unknown",
    }
}

/// An extension's name and what it is for.
fn named(number: u16) -> (String, &'static str) {
    match EXTENSIONS.iter().find(|(known, _, _)| *known == number) {
        Some((_, name, meaning)) => ((*name).to_owned(), meaning),
        None => (format!("extension {number}"), "Not among those that this program explains."),
    }
}

pub(crate) const SERVER_NAME: u16 = 0;
pub(crate) const ALPN: u16 = 16;
pub(crate) const VERSIONS: u16 = 43;
pub(crate) const KEY_SHARE: u16 = 51;
const GROUPS: u16 = 10;
const SIGNATURES: u16 = 13;

const EXTENSIONS: [(u16, &str, &str); 22] = [
    (
        SERVER_NAME,
        "server_name",
        "The host that the client wants (SNI), readable for everybody on the way. HBONE sends none.",
    ),
    (1, "max_fragment_length", "A request for short records."),
    (5, "status_request", "The client would like a stapled answer about revocation (OCSP)."),
    (GROUPS, "supported_groups", "The groups that the client can exchange keys in, best first."),
    (11, "ec_point_formats", "A leftover of TLS 1.2."),
    (
        SIGNATURES,
        "signature_algorithms",
        "The signatures that the sender can verify in handshakes, and in certificates too unless there is a list for those.",
    ),
    (
        ALPN,
        "application_layer_protocol_negotiation",
        "The protocols for inside the connection (ALPN): h2 for HBONE, istio for sidecars.",
    ),
    (18, "signed_certificate_timestamp", "Certificate transparency."),
    (21, "padding", "Nothing, to make the message longer."),
    (23, "extended_master_secret", "A leftover of TLS 1.2."),
    (27, "compress_certificate", "The sender can read compressed certificates."),
    (28, "record_size_limit", "The longest record that the sender takes."),
    (35, "session_ticket", "A leftover of TLS 1.2."),
    (41, "pre_shared_key", "Resuming an earlier session."),
    (42, "early_data", "Data with the first message of a resumed session."),
    (VERSIONS, "supported_versions", "Which version it really is: legacy_version says TLS 1.2 for ever."),
    (44, "cookie", "What a HelloRetryRequest asks to get back."),
    (45, "psk_key_exchange_modes", "How a resumed session would exchange keys."),
    (47, "certificate_authorities", "Whose certificates are welcome."),
    (50, "signature_algorithms_cert", "The signatures that the sender can verify in certificates."),
    (
        KEY_SHARE,
        "key_share",
        "Halves of key exchanges, one for each group that is guessed; a group that the server wants but finds no share of costs a HelloRetryRequest.",
    ),
    (0xff01, "renegotiation_info", "A leftover of TLS 1.2."),
];
