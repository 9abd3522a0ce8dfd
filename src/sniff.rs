//! Sniffing: what the first bytes of a captured connection are.
//!
//! The real ztunnel does not sniff. The node's redirection tells HBONE (15008) from everything else by port, and STRICT is
//! a policy that denies whoever has no identity. Sidecars do sniff, with Envoy's TLS inspector, because a PERMISSIVE port
//! takes mesh mTLS, the application's own TLS and plaintext alike. The captured door follows the sidecars, so that the
//! three documented modes can be told apart on one port.
//!
//! [`classify()`] is the pure core: bytes in, verdict out, the same for every way the bytes were split. [`detect()`] is its
//! async shell: it reads under a byte cap and two deadlines and hands the bytes back to be replayed.
//!
//! Not here: decisions (`policy`), certificates and handshakes (`tls`), and replaying the bytes (`io`).

mod escape;
mod cursor;
mod limits;
mod flaw;
mod extensions;
mod client_hello;
mod records;
mod protocol;
mod http;
mod classify;
mod error;
mod detect;

pub use classify::{Classifier, Verdict, classify};
pub use client_hello::ClientHello;
pub use detect::{SniffLimits, Sniffed, detect};
pub use error::SniffError;
pub use escape::Escaped;
pub use flaw::HelloFlaw;
pub use protocol::{FirstBytes, Protocol};

#[cfg(test)]
mod tests;
