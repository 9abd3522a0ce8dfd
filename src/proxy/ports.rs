//! ztunnel's port numbers (reference/hbone.md 1).

/// Outbound capture.
pub const OUTBOUND: u16 = 15001;
/// Captured plaintext.
pub const CAPTURED: u16 = 15006;
/// HBONE.
pub const HBONE: u16 = 15008;
/// Outbound for programs that speak SOCKS5 or HTTP CONNECT.
pub const SOCKS5: u16 = 15080;
/// Admin.
pub const ADMIN: u16 = 15000;
/// Metrics.
pub const METRICS: u16 = 15020;
/// Readiness.
pub const READINESS: u16 = 15021;

/// Ports that no tunnel may reach, in any spelling: every listener that a proxy has.
///
/// The real ztunnel forgets the last three (reference/hbone.md 12.15).
const OWN: [u16; 7] = [OUTBOUND, CAPTURED, HBONE, SOCKS5, ADMIN, METRICS, READINESS];

/// Whether `port` is one of the proxy's own.
pub(crate) fn is_own(port: u16) -> bool {
    OWN.contains(&port)
}
