//! [`ClientHello`]: what a TLS client says first, field by field (RFC 8446 §4.1.2).

use crate::sniff::cursor::Cursor;
use crate::sniff::extensions;
use crate::sniff::flaw::HelloFlaw;

/// The parts of a ClientHello that decide, explain or identify a connection.
///
/// Numbers are the code points of IANA's TLS registries, in the client's order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// The client's random: key logs name connections by it.
    pub random: [u8; 32],
    /// The offered cipher suites.
    pub cipher_suites: Vec<u16>,
    /// The host of the server_name extension. A byte that is not UTF-8 became U+FFFD; display it escaped.
    pub server_name: Option<String>,
    /// The offered application protocols, as bytes (RFC 7301); empty if there is no ALPN extension.
    pub alpn: Vec<Vec<u8>>,
    /// The offered versions: supported_versions, or without that extension the legacy version alone.
    pub versions: Vec<u16>,
    /// The supported groups; empty if there is no such extension.
    pub groups: Vec<u16>,
    /// The groups for which a key share was sent along; a server that wants another one asks for a second hello.
    pub key_shares: Vec<u16>,
    /// The length of the message in bytes, without its four-byte header.
    pub length: usize,
}

/// The longest session ID (RFC 8446 §4.1.2).
const MAX_SESSION_ID: usize = 32;

/// Reads the body of the handshake message, which must end where its last field ends.
pub(crate) fn read(body: &[u8]) -> Result<ClientHello, HelloFlaw> {
    let mut rest = Cursor(body);
    let legacy_version = rest.u16().ok_or(HelloFlaw::Malformed { field: "legacy_version" })?;
    let random = rest.array().ok_or(HelloFlaw::Malformed { field: "random" })?;
    let session_id = rest.vector8().ok_or(HelloFlaw::Malformed { field: "legacy_session_id" })?;
    if session_id.0.len() > MAX_SESSION_ID {
        return Err(HelloFlaw::Malformed { field: "legacy_session_id" });
    }
    let cipher_suites =
        rest.vector16().and_then(Cursor::all_u16).ok_or(HelloFlaw::Malformed { field: "cipher_suites" })?;
    let compression = rest.vector8().ok_or(HelloFlaw::Malformed { field: "legacy_compression_methods" })?;
    if compression.is_empty() {
        return Err(HelloFlaw::Malformed { field: "legacy_compression_methods" });
    }
    // RFC 5246 §7.4.1.2: before TLS 1.3 a hello could end here.
    let list = if rest.is_empty() { Some(Cursor(&[])) } else { rest.vector16() };
    let list = list.filter(|_| rest.is_empty()).ok_or(HelloFlaw::Malformed { field: "extensions" })?;
    let extensions = extensions::read(list)?;
    let versions = if extensions.versions.is_empty() { vec![legacy_version] } else { extensions.versions };
    Ok(ClientHello {
        random,
        cipher_suites,
        server_name: extensions.server_name,
        alpn: extensions.alpn,
        versions,
        groups: extensions.groups,
        key_shares: extensions.key_shares,
        length: body.len(),
    })
}

#[cfg(test)]
mod tests;
