//! The two lengths that bound a ClientHello.

/// The longest plaintext record (RFC 8446 §5.1: 2^14 bytes).
pub(crate) const MAX_RECORD: u16 = 1 << 14;

/// The longest ClientHello that is read, without its four-byte header.
///
/// Envoy's TLS inspector stops at 64 KiB as well; real ones with post-quantum key shares are below 2 KiB.
pub(crate) const MAX_HELLO: usize = 64 * 1024;
