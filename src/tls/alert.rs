//! [`Alert`]: a TLS alert by number and by name.

use std::fmt;

use rustls::AlertDescription;

/// A TLS alert (RFC 8446 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alert {
    /// The number on the wire.
    pub number: u8,
    /// The RFC's name; `unknown` for a number that we do not know.
    pub name: &'static str,
}

impl Alert {
    /// The alert of that number.
    pub fn of(number: u8) -> Self {
        Self { number, name: name(number) }
    }
}

impl From<AlertDescription> for Alert {
    fn from(description: AlertDescription) -> Self {
        Self::of(u8::from(description))
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.number)
    }
}

/// RFC 8446 §6 and, for 120, RFC 7301 §3.2.
fn name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unknown",
    }
}
