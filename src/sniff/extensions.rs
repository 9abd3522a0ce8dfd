//! The extensions of a ClientHello that say where it wants to go and what it can speak.

use crate::sniff::cursor::Cursor;
use crate::sniff::flaw::HelloFlaw;

/// What was read; absent extensions leave their field empty.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) key_shares: Vec<u16>,
    seen: Vec<u16>,
}

/// Reads the list of extensions (RFC 8446 §4.2): type, length, body, until nothing is left.
pub(crate) fn read(mut list: Cursor<'_>) -> Result<Extensions, HelloFlaw> {
    let mut extensions = Extensions::default();
    while !list.is_empty() {
        let malformed = HelloFlaw::Malformed { field: "extensions" };
        let kind = list.u16().ok_or(malformed)?;
        let body = list.vector16().ok_or(malformed)?;
        extensions.note(kind, body)?;
    }
    Ok(extensions)
}

impl Extensions {
    fn note(&mut self, kind: u16, body: Cursor<'_>) -> Result<(), HelloFlaw> {
        let (field, read) = match kind {
            SERVER_NAME => ("server_name", server_name(body).map(|name| self.server_name = name)),
            ALPN => ("application_layer_protocol_negotiation", alpn(body).map(|alpn| self.alpn = alpn)),
            SUPPORTED_VERSIONS => {
                ("supported_versions", versions(body).map(|versions| self.versions = versions))
            }
            SUPPORTED_GROUPS => ("supported_groups", groups(body).map(|groups| self.groups = groups)),
            KEY_SHARE => ("key_share", key_shares(body).map(|groups| self.key_shares = groups)),
            _ => return Ok(()),
        };
        // RFC 8446 §4.2: at most one of each type. Two readers that picked different ones would disagree on the wire.
        // Only the types above are remembered, so that ten thousand unknown extensions cost nothing.
        if read.is_none() || self.seen.contains(&kind) {
            return Err(HelloFlaw::Malformed { field });
        }
        self.seen.push(kind);
        Ok(())
    }
}

/// RFC 6066 §3: a list of names with types; only host_name (0) was ever defined.
fn server_name(mut body: Cursor<'_>) -> Option<Option<String>> {
    let mut list = body.vector16().filter(|list| !list.is_empty() && body.is_empty())?;
    let mut host = None;
    while !list.is_empty() {
        let kind = list.u8()?;
        let name = list.vector16().filter(|name| !name.is_empty())?;
        if kind == HOST_NAME && host.is_none() {
            host = Some(String::from_utf8_lossy(name.0).into_owned());
        }
    }
    Some(host)
}

/// RFC 7301 §3.1: a list of at least one name, each of 1 to 255 bytes.
fn alpn(mut body: Cursor<'_>) -> Option<Vec<Vec<u8>>> {
    let mut list = body.vector16().filter(|list| !list.is_empty() && body.is_empty())?;
    let mut names = Vec::new();
    while !list.is_empty() {
        let name = list.vector8().filter(|name| !name.is_empty())?;
        names.push(name.0.to_vec());
    }
    Some(names)
}

/// RFC 8446 §4.2.1.
fn versions(mut body: Cursor<'_>) -> Option<Vec<u16>> {
    body.vector8().filter(|_| body.is_empty())?.all_u16()
}

/// RFC 8446 §4.2.7.
fn groups(mut body: Cursor<'_>) -> Option<Vec<u16>> {
    body.vector16().filter(|_| body.is_empty())?.all_u16()
}

/// RFC 8446 §4.2.8: the groups of the shares; an empty list asks for a HelloRetryRequest.
fn key_shares(mut body: Cursor<'_>) -> Option<Vec<u16>> {
    let mut list = body.vector16().filter(|_| body.is_empty())?;
    let mut groups = Vec::new();
    while !list.is_empty() {
        groups.push(list.u16()?);
        list.vector16()?;
    }
    Some(groups)
}

/// Extension numbers (RFC 8446 §4.2).
pub(crate) const SERVER_NAME: u16 = 0;
pub(crate) const SUPPORTED_GROUPS: u16 = 10;
pub(crate) const ALPN: u16 = 16;
pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
pub(crate) const KEY_SHARE: u16 = 51;

/// The name type of a host (RFC 6066 §3).
const HOST_NAME: u8 = 0;
