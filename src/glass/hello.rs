//! ClientHello and ServerHello, field by field (RFC 8446 §4.1.2 and §4.1.3).

use crate::glass::extensions::{self, Extension, Holder};
use crate::glass::field::{Fields, hex, list, text};
use crate::glass::names;
use crate::glass::reader::Reader;

/// The random by which a ServerHello is a HelloRetryRequest: the SHA-256 of that word (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a ClientHello means for the rest of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) random: [u8; 32],
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Vec<String>,
}

/// What a ServerHello means for the rest of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) retry: bool,
    pub(crate) version: u16,
    pub(crate) suite: u16,
    pub(crate) group: Option<u16>,
}

/// Whether a ServerHello's body is a HelloRetryRequest.
pub(crate) fn is_retry(body: &[u8]) -> bool {
    body.get(2..34) == Some(RETRY.as_slice())
}

pub(crate) fn client(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<Offered> {
    let random = opening(rest, fields)?;
    let suites = rest.vector(2)?;
    let suite_names = list(&suites.all_u16()?, |number| names::suite(*number));
    fields.add(
        "cipher_suites",
        suites.range_with(2),
        suite_names,
        "The ciphers that the client can do, best first.",
    );
    let compression = rest.vector(1)?;
    let range = compression.range_with(1);
    fields.add(
        "legacy_compression_methods",
        range,
        hex(compression.bytes()),
        "Compression died; the list holds the null method.",
    );
    // RFC 5246 §7.4.1.2: before TLS 1.3 a hello could end here.
    let extensions =
        if rest.is_empty() { Vec::new() } else { extensions::read(rest, Holder::ClientHello, fields)? };
    let server_name = body(&extensions, extensions::SERVER_NAME).and_then(extensions::server_name).map(text);
    let alpn = body(&extensions, extensions::ALPN).and_then(extensions::alpn).unwrap_or_default();
    Some(Offered { random, server_name, alpn: alpn.into_iter().map(text).collect() })
}

pub(crate) fn server(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<Chosen> {
    let legacy = rest.clone().take(2)?.u16();
    let retry = opening(rest, fields)? == RETRY;
    let suite = rest.take(2)?;
    fields.add("cipher_suite", suite.range(), names::suite(suite.u16()), "The cipher that the server chose.");
    let compression = rest.take(1)?;
    fields.add(
        "legacy_compression_method",
        compression.range(),
        hex(compression.bytes()),
        "Compression died.",
    );
    let holder = if retry { Holder::HelloRetryRequest } else { Holder::ServerHello };
    let extensions = if rest.is_empty() { Vec::new() } else { extensions::read(rest, holder, fields)? };
    let version = body(&extensions, extensions::VERSIONS).and_then(|mut body| body.take(2));
    let groups =
        body(&extensions, extensions::KEY_SHARE).and_then(|body| extensions::share_groups(body, holder));
    Some(Chosen {
        retry,
        version: version.map_or(legacy, |version| version.u16()),
        suite: suite.u16(),
        group: groups.and_then(|groups| groups.first().copied()),
    })
}

/// What both hellos begin with: version, random, session id.
fn opening(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<[u8; 32]> {
    let version = rest.take(2)?;
    let meaning = "Says TLS 1.2 in TLS 1.3 too, because middleboxes broke on anything newer.";
    fields.add("legacy_version", version.range(), names::version(version.u16()), meaning);
    let random = rest.take(32)?;
    let meaning = if random.bytes() == RETRY {
        "The fixed value that makes this a HelloRetryRequest."
    } else {
        "Fresh for each connection; key logs name a connection by the client's."
    };
    fields.add("random", random.range(), hex(random.bytes()), meaning);
    let session = rest.vector(1)?;
    let meaning =
        "Means nothing in TLS 1.3; a client may fill it, and the server repeats it, for middleboxes.";
    fields.add("legacy_session_id", session.range_with(1), hex(session.bytes()), meaning);
    random.bytes().try_into().ok()
}

/// The first extension of a number.
fn body<'a>(extensions: &[Extension<'a>], number: u16) -> Option<Reader<'a>> {
    extensions.iter().find(|(known, _)| *known == number).map(|(_, body)| body.clone())
}
