//! [`Protocol`]: the vocabulary of verdicts.

use std::fmt;

use crate::sniff::client_hello::ClientHello;
use crate::sniff::escape::Escaped;
use crate::sniff::flaw::HelloFlaw;

/// What the first bytes of a connection are.
///
/// Policy knows three cases: a ClientHello with one of Istio's ALPN values, any other ClientHello, and raw. All variants
/// but the first are raw; they are told apart for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A whole TLS ClientHello.
    Tls(Box<ClientHello>),
    /// An HTTP/1 request line.
    Http1 {
        /// Its method.
        method: &'static str,
    },
    /// The HTTP/2 client preface in plaintext (RFC 9113 §3.4).
    Http2,
    /// A PROXY protocol header in front of whatever follows: a load balancer adds it, somebody should have removed it.
    ProxyProtocol {
        /// 1 or 2.
        version: u8,
    },
    /// Starts with a TLS handshake record's type, and is no ClientHello.
    NotTls(HelloFlaw),
    /// Nothing that we know.
    Opaque {
        /// The first bytes, for people.
        first: FirstBytes,
    },
    /// The client had sent nothing by the deadline, as clients of server-speaks-first protocols do.
    Silent,
}

/// The ALPN values by which Istio's proxies mark mesh mTLS.
pub(crate) const ISTIO_ALPN: [&[u8]; 5] =
    [b"istio", b"istio-peer-exchange", b"istio-http/1.0", b"istio-http/1.1", b"istio-h2"];

impl Protocol {
    /// Whether it is TLS; everything else is raw.
    pub fn is_client_hello(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The hello, if it is TLS.
    pub fn client_hello(&self) -> Option<&ClientHello> {
        match self {
            Self::Tls(hello) => Some(hello),
            _ => None,
        }
    }

    /// The offered application protocols; none if it is not TLS or offers none.
    pub fn alpn(&self) -> &[Vec<u8>] {
        self.client_hello().map_or(&[], |hello| &hello.alpn)
    }

    /// The first offered ALPN value that marks mesh mTLS.
    pub fn istio_alpn(&self) -> Option<&[u8]> {
        self.alpn().iter().map(Vec::as_slice).find(|name| ISTIO_ALPN.contains(name))
    }

    /// The verdict in words, safe to print.
    pub fn says(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls(hello) => hello.fmt(f),
            Self::Http1 { method } => write!(f, "raw: HTTP/1 \"{method} \""),
            Self::Http2 => f.write_str("raw: HTTP/2 preface \"PRI * HTTP/2.0\""),
            Self::ProxyProtocol { version } => write!(f, "raw: PROXY protocol v{version} header"),
            Self::NotTls(flaw) => write!(f, "raw: first byte 16 as in TLS, but {flaw}"),
            Self::Opaque { first } => write!(f, "raw: first bytes {first}"),
            Self::Silent => f.write_str("raw: nothing by the deadline, the server may have to speak first"),
        }
    }
}

impl fmt::Display for ClientHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TLS ClientHello, ")?;
        match &self.server_name {
            Some(name) => write!(f, "SNI {}, ", Escaped(name.as_bytes()))?,
            None => f.write_str("no SNI, ")?,
        }
        let mut names = self.alpn.iter();
        match names.next() {
            Some(name) => write!(f, "ALPN {}", Escaped(name))?,
            None => f.write_str("no ALPN")?,
        }
        names.try_for_each(|name| write!(f, ",{}", Escaped(name)))
    }
}

/// Up to [`FirstBytes::CAPACITY`] bytes from the start of a connection. Displays as hex and as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FirstBytes {
    bytes: [u8; Self::CAPACITY],
    length: u8,
}

impl FirstBytes {
    /// As many as the longest opening that is told apart (the HTTP/2 preface).
    pub const CAPACITY: usize = 24;

    /// Keeps the front of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut first = Self { bytes: [0; Self::CAPACITY], length: 0 };
        for (slot, byte) in first.bytes.iter_mut().zip(bytes) {
            *slot = *byte;
            first.length += 1;
        }
        first
    }

    /// The bytes that were kept.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&self.bytes)
    }
}

impl fmt::Display for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Eight are enough to recognise a protocol by its hex.
        for byte in self.as_slice().iter().take(8) {
            write!(f, "{byte:02x} ")?;
        }
        write!(f, "\"{}\"", Escaped(self.as_slice()))
    }
}

impl fmt::Debug for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FirstBytes({self})")
    }
}

#[cfg(test)]
mod tests;
