//! [`classify`]: pure and total; bytes in, verdict out.
//!
//! ```text
//!              first byte 16                            whole message
//!   nothing ──────────────────▶ records of a hello ──────────────────────▶ Tls
//!      │                                │ a rule is broken
//!      │ any other byte                 └────────────────────────────────▶ NotTls
//!      │               an opening is complete
//!      └─────────▶ text ─────────────────────────────────────────────────▶ Http1, Http2, ProxyProtocol
//!                   │ no opening fits
//!                   └────────────────────────────────────────────────────▶ Opaque
//! ```
//!
//! The verdict belongs to the shortest prefix that allows one. More bytes never change it, so it does not matter in which
//! pieces they arrived.

use crate::sniff::http;
use crate::sniff::protocol::Protocol;
use crate::sniff::records::{HANDSHAKE, Records};

/// What the bytes so far allow to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Final: no further byte changes it.
    Known(Protocol),
    /// Several answers are still possible. For anything that is not TLS that ends after 24 bytes at the latest.
    NeedMore,
}

/// Classifies a connection by its first bytes.
pub fn classify(seen: &[u8]) -> Verdict {
    Classifier::default().look(seen)
}

/// The same for bytes that arrive in pieces: each byte of a hello is looked at once, so a client that sends one byte at a
/// time costs no more than one that sends all at once.
///
/// Once it has said [`Verdict::Known`] its work is done: what follows a hello is not a hello, so it is not shown more.
#[derive(Debug, Default)]
pub struct Classifier {
    records: Records,
}

impl Classifier {
    /// Looks at the connection so far: `seen` starts with what was shown before and may be longer.
    pub fn look(&mut self, seen: &[u8]) -> Verdict {
        let known = match seen.first() {
            None => None,
            Some(&HANDSHAKE) => self.records.look(seen).map(|read| match read {
                Ok(hello) => Protocol::Tls(Box::new(hello)),
                Err(flaw) => Protocol::NotTls(flaw),
            }),
            Some(_) => http::recognise(seen),
        };
        known.map_or(Verdict::NeedMore, Verdict::Known)
    }
}

/// Whether bytes that are not yet classified may still become a ClientHello.
pub(crate) fn may_become_hello(seen: &[u8]) -> bool {
    seen.first() == Some(&HANDSHAKE)
}

#[cfg(test)]
mod tests;
