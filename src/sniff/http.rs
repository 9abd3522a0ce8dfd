//! The openings of plaintext protocols that are told apart: HTTP/1, HTTP/2, and the PROXY protocol.

use crate::sniff::protocol::{FirstBytes, Protocol};

/// Compares `seen` with every opening; `None` while it may still become one of them.
///
/// Every opening is at most 24 bytes long and none starts with another, so the answer comes within 24 bytes and is the
/// same for every longer `seen`.
pub(crate) fn recognise(seen: &[u8]) -> Option<Protocol> {
    let mut agreed = 0;
    for (opening, protocol) in OPENINGS {
        let common = opening.iter().zip(seen).take_while(|(expected, found)| expected == found).count();
        if common == opening.len() {
            return Some(protocol.clone());
        }
        agreed = agreed.max(common);
    }
    // The byte after the longest agreement is the one that rules out all of them.
    let first = FirstBytes::of(seen.get(..=agreed)?);
    Some(Protocol::Opaque { first })
}

/// Each opening and what it means.
const OPENINGS: &[(&[u8], Protocol)] = &[
    // RFC 9110 §9.3. Methods are case-sensitive, so memcached's `get ` is none.
    (b"GET ", Protocol::Http1 { method: "GET" }),
    (b"HEAD ", Protocol::Http1 { method: "HEAD" }),
    (b"POST ", Protocol::Http1 { method: "POST" }),
    (b"PUT ", Protocol::Http1 { method: "PUT" }),
    (b"DELETE ", Protocol::Http1 { method: "DELETE" }),
    (b"CONNECT ", Protocol::Http1 { method: "CONNECT" }),
    (b"OPTIONS ", Protocol::Http1 { method: "OPTIONS" }),
    (b"TRACE ", Protocol::Http1 { method: "TRACE" }),
    // RFC 5789.
    (b"PATCH ", Protocol::Http1 { method: "PATCH" }),
    // RFC 4918 §9.
    (b"PROPFIND ", Protocol::Http1 { method: "PROPFIND" }),
    (b"PROPPATCH ", Protocol::Http1 { method: "PROPPATCH" }),
    (b"MKCOL ", Protocol::Http1 { method: "MKCOL" }),
    (b"COPY ", Protocol::Http1 { method: "COPY" }),
    (b"MOVE ", Protocol::Http1 { method: "MOVE" }),
    (b"LOCK ", Protocol::Http1 { method: "LOCK" }),
    (b"UNLOCK ", Protocol::Http1 { method: "UNLOCK" }),
    // RFC 9113 §3.4.
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol::Http2),
    // HAProxy's proxy-protocol.txt §2.1, and §2.2 with the commands LOCAL and PROXY.
    (b"PROXY ", Protocol::ProxyProtocol { version: 1 }),
    (b"\r\n\r\n\0\r\nQUIT\n\x20", Protocol::ProxyProtocol { version: 2 }),
    (b"\r\n\r\n\0\r\nQUIT\n\x21", Protocol::ProxyProtocol { version: 2 }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_told_apart_within_the_capacity() {
        for (place, (opening, _)) in OPENINGS.iter().enumerate() {
            assert!(opening.len() <= FirstBytes::CAPACITY);
            let others = OPENINGS.iter().enumerate().filter(|(other, _)| *other != place);
            assert!(others.into_iter().all(|(_, (other, _))| !other.starts_with(opening)), "{opening:?}");
        }
    }

    #[test]
    fn raw_is_named_on_the_earliest_byte() {
        fn check(seen: &[u8], expect: Option<&str>) {
            assert_eq!(recognise(seen).map(|protocol| protocol.says()).as_deref(), expect, "{seen:?}");
        }
        check(b"", None);
        check(b"GE", None);
        check(b"GET ", Some("raw: HTTP/1 \"GET \""));
        check(b"GET / HTTP/1.1\r\n", Some("raw: HTTP/1 \"GET \""));
        check(b"get key\r\n", Some("raw: first bytes 67 \"g\""));
        check(b"GETX", Some("raw: first bytes 47 45 54 58 \"GETX\""));
        check(b"PROPFIND ", Some("raw: HTTP/1 \"PROPFIND \""));
        check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", None);
        check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", Some("raw: HTTP/2 preface \"PRI * HTTP/2.0\""));
        check(b"PROXY TCP4 10.0.0.1 ", Some("raw: PROXY protocol v1 header"));
        check(b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Some("raw: PROXY protocol v2 header"));
        check(
            b"\r\n\r\n\0\r\nQUIT\n\x11",
            Some("raw: first bytes 0d 0a 0d 0a 00 0d 0a 51 \"\\r\\n\\r\\n\\x00\\r\\nQUIT\\n\\x11\""),
        );
        check(b"SSH-2.0-OpenSSH", Some("raw: first bytes 53 \"S\""));
        check(b"\x80\x2e\x01", Some("raw: first bytes 80 \"\\x80\""));
    }
}
