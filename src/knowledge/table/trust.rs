//! Chains that do not lead to a trusted root, or too far.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Curl, Envoy, Glasstunnel, Go, Java, Node, OpenSsl, Rustls};
use crate::knowledge::row::{Area, MEASURED, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B25",
        name: "unknown-ca-different-root",
        area: Area::Certificates,
        title: "The certificate leads to a root that the verifier does not trust",
        story: "Two clusters or two CAs, or a subordinate CA that is not in the bundle.",
        confusing: "The client's handshake may well have succeeded: in TLS 1.3 the refusal comes with the first \
            read.",
        seen: &[
            shared(Rustls, "invalid peer certificate: UnknownIssuer"),
            shared(Rustls, "UnknownIssuer"),
            shared(Envoy, "268435581"),
            shared(Envoy, "CERTIFICATE_VERIFY_FAILED"),
            only(OpenSsl, "self-signed certificate in certificate chain"),
            only(OpenSsl, "self signed certificate in certificate chain"),
            shared(OpenSsl, "unable to get local issuer certificate"),
            shared(OpenSsl, "tlsv1 alert unknown ca"),
            shared(Go, "x509: certificate signed by unknown authority"),
            shared(Java, "unable to find valid certification path to requested target"),
            shared(Node, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
            only(Node, "SELF_SIGNED_CERT_IN_CHAIN"),
            only(Curl, "SSL certificate problem"),
            shared(Curl, "curl: (60)"),
            shared(Curl, "errno 107"),
            shared(Glasstunnel, "expected a certificate that leads to one of our roots"),
        ],
        alerts: &[48, 42],
        flags: &["TLS_FAILURE"],
        codes: &["tls.unknown_issuer", "tls.refused_unknown_ca"],
        words: "unknown_ca root bundle",
        tells_apart: "Compare the authority key id of the last certificate sent with the verifier's anchors. If only \
            the leaf was sent, it is a missing intermediate (B27); if it began during a rotation, B41.",
        fix: "One common root, or both roots in every bundle.",
        next: &[
            commands::VERIFY,
            commands::INSPECT,
            "openssl s_client -connect HOST:PORT -alpn h2 -cert cert-chain.pem -key key.pem -CAfile root-cert.pem",
        ],
        sources: &["istio/ztunnel#1061", "istio/istio#52356", "istio/istio#23916"],
        ..Row::EMPTY
    },
    Row {
        id: "B26",
        name: "wrong-root-same-subject",
        area: Area::Certificates,
        title: "Another root with the same name",
        story: "Every self-signed istiod root has the same subject, so that the verifier finds its issuer by \
            name, and then the signature does not fit.",
        confusing: "The error is not \"unknown issuer\" but \"bad signature\": people look for a damaged file.",
        seen: &[
            only(Rustls, "invalid peer certificate: BadSignature"),
            only(OpenSsl, "certificate signature failure"),
            only(OpenSsl, "PADDING_CHECK_FAILED"),
            only(Envoy, "BLOCK_TYPE_IS_NOT_01"),
            only(OpenSsl, "invalid padding"),
            only(Go, "x509: certificate signed by unknown authority (possibly because of"),
            only(Envoy, "268436507"),
            shared(OpenSsl, "tlsv1 alert decrypt error"),
            only(Glasstunnel, "found one by another CA of the same name"),
        ],
        alerts: &[51],
        flags: &["TLS_FAILURE"],
        codes: &["tls.same_name_other_key", "tls.refused_decrypt_error"],
        words: "subject",
        tells_apart: "Names are equal, key ids are not: `certs inspect` prints both. A peer that signs with another \
            key than its certificate's says tls.forged_proof instead.",
        fix: "As for any unknown root (B25); give each CA a name of its own.",
        next: &[commands::VERIFY, commands::INSPECT],
        sources: &["istio/istio#52886", "istio/istio#23530", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "B27",
        name: "missing-intermediate",
        area: Area::Certificates,
        title: "The intermediate certificate was not sent",
        story: "The leaf is signed by an intermediate that is neither in the chain nor among the verifier's \
            roots.",
        confusing: "The verifier says exactly what it says of a foreign root.",
        seen: &[
            shared(Rustls, "invalid peer certificate: UnknownIssuer"),
            shared(Rustls, "UnknownIssuer"),
            shared(OpenSsl, "unable to get local issuer certificate"),
            only(OpenSsl, "unable to verify the first certificate"),
            shared(OpenSsl, "tlsv1 alert unknown ca"),
            shared(Go, "x509: certificate signed by unknown authority"),
            shared(Java, "unable to find valid certification path to requested target"),
            shared(Node, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
            shared(Glasstunnel, "expected a certificate that leads to one of our roots"),
        ],
        alerts: &[48],
        flags: &["TLS_FAILURE"],
        codes: &["tls.unknown_issuer", "tls.refused_unknown_ca"],
        words: "intermediate chain",
        tells_apart: "One certificate was sent, and its issuer is no anchor: `certs inspect` counts them.",
        fix: "Send the leaf and its intermediates.",
        next: &[commands::INSPECT, commands::LINT, "openssl s_client -connect HOST:PORT -showcerts"],
        sources: &["istio/istio#4640", "istio/istio#16960", "istio/ztunnel#1061", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "B28",
        name: "bloated-or-wrong-chain",
        area: Area::Certificates,
        title: "The chain holds roots, duplicates or strangers",
        story: "The CA gives one list, and the root is in it, even twice; strict peers refuse, and the \
            handshake grows past one flight.",
        seen: &[only(OpenSsl, "certificate chain too long")],
        looks_like: &["B44", "B30"],
        words: "chain bloated duplicate",
        tells_apart: "Print the chain with duplicates marked and its size: `certs lint`.",
        fix: "Send the leaf and its intermediates, and nothing else.",
        next: &[commands::LINT, commands::INSPECT],
        sources: &["istio/istio#39001", "istio/ztunnel src/tls/certificate.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "B29",
        name: "expired-root-still-works",
        area: Area::Certificates,
        title: "The root has expired, and everything still works",
        story: "webpki (rustls, and so ztunnel) does not look at a trust anchor's dates; stricter libraries \
            do.",
        confusing: "It breaks weeks later, when a leaf or an intermediate ends, or at the first peer with another \
            library.",
        words: "expired root anchor",
        tells_apart: "Check the anchors apart from any handshake: `certs lint`.",
        fix: "Treat it as a warning, and rotate.",
        next: &[commands::LINT, commands::CERTIFICATES],
        sources: &["linkerd/linkerd2#3676", "linkerd/linkerd2#9256", MEASURED],
        ..Row::EMPTY
    },
];
