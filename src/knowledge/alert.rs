//! TLS alerts: number, name, meaning, and who sends them. The only table of them.

/// An alert of the registry.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownAlert {
    /// The number on the wire.
    pub number: u8,
    /// The RFC's name.
    pub name: &'static str,
    /// What it tells (RFC 8446 §6; for 120, RFC 7301 §3.2; for 121, RFC 9849).
    pub meaning: &'static str,
    /// Who sends it, about what.
    pub sent_by: &'static str,
}

/// The alert of a number.
pub fn alert(number: u8) -> Option<&'static KnownAlert> {
    ALERTS.iter().find(|known| known.number == number)
}

const fn known(number: u8, name: &'static str, meaning: &'static str, sent_by: &'static str) -> KnownAlert {
    KnownAlert { number, name, meaning, sent_by }
}

const EITHER: &str = "either side, about what the other one sent";
const VERIFIER: &str = "the side that verified the certificate, to the side that showed it";
const SERVER: &str = "the server, about the ClientHello";
const CLIENT: &str = "the client, about the server's answer";

/// All that a mesh meets.
pub const ALERTS: [KnownAlert; 28] = [
    known(
        0,
        "close_notify",
        "The sender will send nothing more: an orderly end.",
        "either side, when it is done",
    ),
    known(10, "unexpected_message", "A message came that has no place here.", EITHER),
    known(
        20,
        "bad_record_mac",
        "A record could not be decrypted: damaged, or made with another key.",
        EITHER,
    ),
    known(22, "record_overflow", "A record was longer than allowed.", EITHER),
    known(40, "handshake_failure", "There is no set of parameters that both sides accept.", SERVER),
    known(42, "bad_certificate", "The certificate is damaged, or its signature is wrong.", VERIFIER),
    known(
        43,
        "unsupported_certificate",
        "The certificate is of the wrong kind, such as for servers only.",
        VERIFIER,
    ),
    known(44, "certificate_revoked", "The certificate is on a revocation list.", VERIFIER),
    known(45, "certificate_expired", "The certificate is expired, or not yet valid.", VERIFIER),
    known(
        46,
        "certificate_unknown",
        "The certificate is not acceptable for some other reason, such as the wrong identity.",
        VERIFIER,
    ),
    known(47, "illegal_parameter", "A field has a value that contradicts another one.", EITHER),
    known(48, "unknown_ca", "Nobody whom the sender trusts signed the certificate.", VERIFIER),
    known(49, "access_denied", "The certificate is valid, but its holder may not connect.", VERIFIER),
    known(50, "decode_error", "A message could not be parsed.", EITHER),
    known(51, "decrypt_error", "A signature or a Finished is wrong.", EITHER),
    known(70, "protocol_version", "The versions of the two sides do not meet.", SERVER),
    known(71, "insufficient_security", "The sender demands stronger parameters.", SERVER),
    known(
        80,
        "internal_error",
        "Something went wrong that is not the peer's fault.",
        "either side, about itself",
    ),
    known(86, "inappropriate_fallback", "The client tries an older version without need.", SERVER),
    known(90, "user_canceled", "The handshake was given up on purpose.", "either side"),
    known(109, "missing_extension", "An extension that is needed is not there.", EITHER),
    known(110, "unsupported_extension", "An extension came that nobody asked for.", CLIENT),
    known(112, "unrecognized_name", "The server has no site of this name (SNI).", SERVER),
    known(113, "bad_certificate_status_response", "The stapled revocation answer is not good.", CLIENT),
    known(115, "unknown_psk_identity", "The server does not know the pre-shared key.", SERVER),
    known(
        116,
        "certificate_required",
        "The server demands a client certificate and got none.",
        "the server, after the client believes that the handshake is done",
    ),
    known(120, "no_application_protocol", "The protocols of the two sides (ALPN) do not meet.", SERVER),
    known(121, "ech_required", "The server demands an encrypted ClientHello.", CLIENT),
];
