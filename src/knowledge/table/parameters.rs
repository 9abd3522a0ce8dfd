//! Versions, ciphers, groups and protocols that do not meet.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Curl, Envoy, Glasstunnel, Go, Java, OpenSsl, Rustls};
use crate::knowledge::row::{Area, MEASURED, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "C45",
        name: "tls12-only-peer",
        area: Area::Tls,
        title: "One side speaks TLS 1.2 at most",
        story: "HBONE is TLS 1.3; the peer has nothing newer than 1.2, or is not allowed to use it.",
        confusing: "rustls as a server names an extension that is not there, and no version.",
        seen: &[
            only(Rustls, "SupportedVersionsExtensionRequired"),
            shared(OpenSsl, "tlsv1 alert protocol version"),
            shared(Curl, "curl: (35)"),
            only(OpenSsl, "unsupported protocol"),
            only(Go, "tls: client offered only unsupported versions"),
            only(Java, "No appropriate protocol"),
            shared(Rustls, "received fatal alert: ProtocolVersion"),
            only(Glasstunnel, "expected TLS 1.3, found older versions only"),
        ],
        alerts: &[70],
        codes: &["tls.old_version", "tls.refused_protocol_version"],
        words: "tls1",
        tells_apart: "Versions offered against versions accepted: the ClientHello has the first.",
        fix: "Upgrade the peer; ztunnel has TLS12_ENABLED.",
        next: &[commands::TRACE, "openssl s_client -connect HOST:PORT -tls1_2", commands::PROBE],
        sources: &["istio/ztunnel src/tls/lib.rs", "envoyproxy/envoy#44274", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C46",
        name: "no-common-cipher",
        area: Area::Tls,
        title: "No cipher suite in common",
        story: "ztunnel offers AES-GCM alone; a peer with ChaCha20 or CCM alone shares nothing with it.",
        confusing: "Both sides say handshake failure, exactly as for groups (C47).",
        seen: &[
            only(Rustls, "NoCipherSuitesInCommon"),
            only(OpenSsl, "no shared cipher"),
            only(Go, "tls: no cipher suite supported by both client and server"),
            shared(OpenSsl, "sslv3 alert handshake failure"),
            only(Glasstunnel, "found neither among the peer's suites"),
        ],
        alerts: &[40],
        codes: &["tls.no_common_cipher", "tls.refused_handshake_failure", "tls.incompatible"],
        words: "cipher chacha",
        tells_apart: "The difference of both lists; only the server's log says cipher or group.",
        fix: "Allow TLS_AES_256_GCM_SHA384 or TLS_AES_128_GCM_SHA256.",
        next: &[commands::TRACE, "openssl s_client -connect HOST:PORT -ciphersuites TLS_AES_256_GCM_SHA384"],
        sources: &["istio/ztunnel README.md", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C47",
        name: "no-common-curve",
        area: Area::Tls,
        title: "No key exchange group in common (FIPS against post-quantum only)",
        story: "One side has P-256 and P-384 alone, the other X25519MLKEM768 alone.",
        confusing: "Both sides say handshake failure, exactly as for ciphers (C46).",
        seen: &[
            only(Rustls, "NoKxGroupsInCommon"),
            only(OpenSsl, "no suitable key share"),
            only(Go, "tls: no ECDHE curve supported by both client and server"),
            shared(OpenSsl, "sslv3 alert handshake failure"),
            only(Glasstunnel, "found none among the peer's groups"),
        ],
        alerts: &[40],
        codes: &["tls.no_common_group", "tls.refused_handshake_failure", "tls.incompatible"],
        words: "fips curve pqc post quantum",
        tells_apart: "The groups of the ClientHello against the server's.",
        fix: "Keep a classical group as a fallback on both sides.",
        next: &[commands::TRACE, "openssl s_client -connect HOST:PORT -groups X25519"],
        sources: &[
            "envoyproxy/envoy#46537",
            "envoyproxy/envoy#47225",
            "golang/go#78178",
            "istio/ztunnel src/tls/lib.rs",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "C48",
        name: "hello-retry-extra-round-trip",
        area: Area::Tls,
        title: "Every handshake takes one round trip more",
        story: "The client sends one key share and the server wants another group, so that it asks for a \
            second hello.",
        confusing: "Nothing fails; it is only slow.",
        seen: &[only(Rustls, "HelloRetryRequest")],
        words: "hrr round trip latency",
        tells_apart: "`trace` shows the HelloRetryRequest and a second ClientHello.",
        fix: "Send a second share, or align the preferences.",
        next: &[commands::TRACE],
        sources: &["rustls/rustls#2495"],
        ..Row::EMPTY
    },
    Row {
        id: "C49",
        name: "alpn-mismatch",
        area: Area::Tls,
        title: "The application protocols (ALPN) do not meet",
        story: "HBONE is h2 and a sidecar wants istio…; the peer offers other names only.",
        seen: &[
            only(Rustls, "peer doesn't support any known protocol"),
            shared(OpenSsl, "tlsv1 alert no application protocol"),
            shared(Curl, "curl: (35)"),
            only(Go, "tls: client requested unsupported application protocols"),
            shared(Rustls, "received fatal alert: NoApplicationProtocol"),
            only(Envoy, "268436576"),
            only(Glasstunnel, "found only others in the peer's ALPN"),
        ],
        alerts: &[120],
        codes: &["tls.no_common_alpn", "tls.refused_no_application_protocol"],
        words: "alpn",
        tells_apart: "Offered and selected ALPN: in the ClientHello and in EncryptedExtensions.",
        fix: "Offer h2. No ALPN at all passes, and may break later (C50).",
        next: &[commands::TRACE, "openssl s_client -connect HOST:PORT -alpn h2", commands::PROBE],
        sources: &["istio/istio#6384", "istio/istio#40680", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C50",
        name: "alpn-absent-is-accepted",
        area: Area::Tls,
        title: "No ALPN at all: TLS is fine, and what follows may not be",
        story: "TLS refuses lists that do not meet, and a missing list is no list; so a peer gets in that does \
            not speak HTTP/2.",
        confusing: "The error is about HTTP/2, far from its cause (D68).",
        seen: &[only(OpenSsl, "No ALPN negotiated"), only(Curl, "ALPN: server did not agree on a protocol")],
        words: "alpn absent",
        tells_apart: "\"ALPN: none\" in the trace.",
        fix: "Offer h2; demand it where you can.",
        next: &[commands::TRACE, commands::PROBE],
        sources: &[MEASURED],
        ..Row::EMPTY
    },
];
