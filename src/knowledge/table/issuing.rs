//! Certificates that never came, or came as files that cannot be used.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Envoy, Glasstunnel, Go, Istio, OpenSsl, Rustls, Ztunnel};
use crate::knowledge::row::{Area, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B43",
        name: "ca-unavailable-or-refuses",
        area: Area::Certificates,
        title: "The CA does not issue",
        story: "It is down, not reachable from this node, or it does not like the token, the namespace or the \
            identity; so there is no certificate to show.",
        confusing: "Connections fail within a millisecond, and the traffic of others is stuck while a certificate \
            is fetched.",
        seen: &[
            only(Ztunnel, "request impersonation authentication failure"),
            only(Ztunnel, "signing gRPC error"),
            only(Envoy, "ca request failed, starting attempt"),
            only(Ztunnel, "chain returned from CA is empty"),
            only(Ztunnel, "did not find expected SAN"),
            shared(Ztunnel, "identity error"),
        ],
        flags: &["IDENTITY_ERROR"],
        codes: &[
            "identity.unavailable",
            "identity.no_answer",
            "identity.issuer",
            "identity.empty_chain",
            "identity.no_certificate",
        ],
        looks_like: &["E81"],
        words: "istiod csr",
        tells_apart: "The state for each identity: `Unavailable` and why. A valid certificate beside it is B24.",
        fix: "Make the CA reachable; then wait for the backoff, at most 150 s.",
        next: &[commands::CERTIFICATES, commands::CERTS_LIST],
        sources: &[
            "istio/istio#52057",
            "istio/istio#36957",
            "istio/istio#45739",
            "istio/istio#26731",
            "istio/istio#40259",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B44",
        name: "bad-pem-or-key-mismatch",
        area: Area::Certificates,
        title: "A PEM file or a key cannot be used",
        story: "Comments, a missing newline, an EC key in SEC1 where PKCS#8 is read, or a key that belongs to \
            another certificate.",
        confusing: "A verifier written in Go may say bad_certificate of anything that it does not accept, such as \
            an unknown CA.",
        seen: &[
            only(Istio, "failed to parse X.509 certificate"),
            only(OpenSsl, "key values mismatch"),
            only(Go, "tls: private key does not match public key"),
            only(Go, "tls: failed to find any PEM data"),
            only(Rustls, "KeyMismatch"),
            only(OpenSsl, "no start line"),
            shared(Rustls, "BadCertificate"),
            only(Glasstunnel, "expected a certificate, key and roots that can be used"),
            only(Glasstunnel, "expected one PKCS#8 block (PRIVATE KEY)"),
        ],
        alerts: &[42],
        codes: &[
            "identity.bad_pem",
            "tls.own_certificate",
            "tls.bad_certificate",
            "tls.refused_bad_certificate",
            "tls.forged_proof",
            "identity.unreadable_certificate",
            "identity.file",
        ],
        looks_like: &["B43"],
        words: "pem sec1 pkcs8 newline",
        tells_apart: "Check the files before a proxy reads them: `certs lint`.",
        fix: "Convert: `openssl pkcs8 -topk8 -nocrypt`; chain first, key of the first certificate.",
        next: &[commands::LINT, "openssl pkcs8 -topk8 -nocrypt -in key.pem"],
        sources: &["istio/istio#27605", "linkerd/linkerd2#3880", "istio/ztunnel src/tls"],
        ..Row::EMPTY
    },
];
