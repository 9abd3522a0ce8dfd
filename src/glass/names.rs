//! The names behind TLS's numbers: IANA's registries, as far as a mesh meets them.

use crate::knowledge;

/// Protocol versions (RFC 8446 §4.2.1).
pub(crate) fn version(number: u16) -> String {
    named(&VERSIONS, number)
}

/// Cipher suites (RFC 8446 §B.4, and RFC 5289 and 7905 for what clients offer to older servers).
pub(crate) fn suite(number: u16) -> String {
    named(&SUITES, number)
}

/// Groups of key exchange (RFC 8446 §4.2.7).
pub(crate) fn group(number: u16) -> String {
    named(&GROUPS, number)
}

/// Signature algorithms (RFC 8446 §4.2.3).
pub(crate) fn signature(number: u16) -> String {
    named(&SIGNATURES, number)
}

/// Handshake types (RFC 8446 §4), those of TLS 1.2 included.
pub(crate) fn handshake(number: u8) -> &'static str {
    HANDSHAKES
        .iter()
        .find(|(known, _)| *known == number)
        .map_or("unknown handshake message", |(_, name)| name)
}

/// An alert's name and what it tells.
pub(crate) fn alert(number: u8) -> (&'static str, &'static str) {
    knowledge::alert(number)
        .map_or(("unknown", "No alert has this number."), |known| (known.name, known.meaning))
}

fn named(table: &[(u16, &'static str)], number: u16) -> String {
    match table.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => format!("{name} (0x{number:04x})"),
        None if number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff => {
            // RFC 8701: a number that nobody knows, so that servers stay used to that.
            format!("GREASE (0x{number:04x})")
        }
        None => format!("0x{number:04x}"),
    }
}

const VERSIONS: [(u16, &str); 5] =
    [(0x0304, "TLS 1.3"), (0x0303, "TLS 1.2"), (0x0302, "TLS 1.1"), (0x0301, "TLS 1.0"), (0x0300, "SSL 3.0")];

const SUITES: [(u16, &str); 12] = [
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    (0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
    (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
];

const GROUPS: [(u16, &str); 12] = [
    (0x0017, "secp256r1"),
    (0x0018, "secp384r1"),
    (0x0019, "secp521r1"),
    (0x001d, "x25519"),
    (0x001e, "x448"),
    (0x0100, "ffdhe2048"),
    (0x0101, "ffdhe3072"),
    (0x0102, "ffdhe4096"),
    (0x0103, "ffdhe6144"),
    (0x0104, "ffdhe8192"),
    (0x11eb, "SecP256r1MLKEM768"),
    (0x11ec, "X25519MLKEM768"),
];

const SIGNATURES: [(u16, &str); 16] = [
    (0x0401, "rsa_pkcs1_sha256"),
    (0x0501, "rsa_pkcs1_sha384"),
    (0x0601, "rsa_pkcs1_sha512"),
    (0x0403, "ecdsa_secp256r1_sha256"),
    (0x0503, "ecdsa_secp384r1_sha384"),
    (0x0603, "ecdsa_secp521r1_sha512"),
    (0x0804, "rsa_pss_rsae_sha256"),
    (0x0805, "rsa_pss_rsae_sha384"),
    (0x0806, "rsa_pss_rsae_sha512"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
    (0x0809, "rsa_pss_pss_sha256"),
    (0x080a, "rsa_pss_pss_sha384"),
    (0x080b, "rsa_pss_pss_sha512"),
    (0x0201, "rsa_pkcs1_sha1"),
    (0x0203, "ecdsa_sha1"),
];

const HANDSHAKES: [(u8, &str); 16] = [
    (0, "HelloRequest"),
    (1, "ClientHello"),
    (2, "ServerHello"),
    (4, "NewSessionTicket"),
    (5, "EndOfEarlyData"),
    (8, "EncryptedExtensions"),
    (11, "Certificate"),
    (12, "ServerKeyExchange"),
    (13, "CertificateRequest"),
    (14, "ServerHelloDone"),
    (15, "CertificateVerify"),
    (16, "ClientKeyExchange"),
    (20, "Finished"),
    (22, "CertificateStatus"),
    (24, "KeyUpdate"),
    (25, "CompressedCertificate"),
];
