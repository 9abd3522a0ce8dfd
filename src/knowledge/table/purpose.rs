//! Certificates that are good for something else.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Curl, Glasstunnel, Go, Java, OpenSsl, Rustls};
use crate::knowledge::row::{Area, MEASURED, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B36",
        name: "wrong-eku-leaf",
        area: Area::Certificates,
        title: "The certificate may only be a server's, or only a client's",
        story: "Its extendedKeyUsage lists one role, and a mesh workload plays both; public CAs and \
            OpenShift's service CA issue such.",
        confusing: "It works in one direction.",
        seen: &[
            shared(Rustls, "certificate does not allow extended key usage for client authentication"),
            only(OpenSsl, "unsuitable certificate purpose"),
            only(OpenSsl, "unsupported certificate purpose"),
            only(Go, "x509: certificate specifies an incompatible key usage"),
            only(Java, "Extended key usage does not permit use for TLS client authentication"),
            shared(OpenSsl, "sslv3 alert unsupported certificate"),
            shared(Curl, "errno 107"),
            shared(Glasstunnel, "expected extendedKeyUsage … found"),
        ],
        alerts: &[43],
        flags: &["TLS_FAILURE"],
        codes: &["tls.wrong_purpose", "tls.refused_unsupported_certificate"],
        words: "eku purpose usage",
        tells_apart: "`certs verify A B` asks for both roles. If the leaf allows both, an intermediate does not \
            (B37).",
        fix: "Both purposes, or no extendedKeyUsage at all.",
        next: &[commands::VERIFY, commands::LINT],
        sources: &[
            "istio/istio#47708",
            "openshift/service-ca-operator#62",
            "grpc/grpc-java#6934",
            "cert-manager/cert-manager#2407",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B37",
        name: "eku-on-intermediate",
        area: Area::Certificates,
        title: "The leaf is right, its intermediate limits the purpose",
        story: "An extendedKeyUsage on a CA is inherited as a limit; serverAuth alone there forbids every \
            client.",
        confusing: "The text and the alert are those of a wrong leaf, and the leaf is right.",
        seen: &[
            shared(Rustls, "certificate does not allow extended key usage for client authentication"),
            shared(OpenSsl, "sslv3 alert unsupported certificate"),
            shared(Glasstunnel, "expected extendedKeyUsage … found"),
        ],
        alerts: &[43],
        codes: &["tls.wrong_purpose", "tls.refused_unsupported_certificate"],
        words: "eku intermediate",
        tells_apart: "Ask which certificate of the chain lacks the purpose: `certs lint` names it.",
        fix: "No extendedKeyUsage on CAs.",
        next: &[commands::LINT, commands::VERIFY],
        sources: &["istio/istio#27193", "istio/istio#27128", "cert-manager/cert-manager#2738", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "B38",
        name: "leaf-is-ca",
        area: Area::Certificates,
        title: "A CA certificate is used as a leaf",
        story: "A certificate that somebody made by hand says CA:TRUE.",
        confusing: "Other stacks may take it, so that it \"worked before\".",
        seen: &[
            only(Rustls, "CaUsedAsEndEntity"),
            shared(OpenSsl, "sslv3 alert certificate unknown"),
            only(Glasstunnel, "expected a leaf certificate, found a CA certificate"),
            only(Glasstunnel, "expected a certificate that may not sign"),
        ],
        alerts: &[46],
        codes: &[
            "tls.leaf_is_ca",
            "tls.leaf_may_sign",
            "identity.leaf_is_ca",
            "identity.leaf_may_sign",
            "tls.refused_certificate_unknown",
        ],
        words: "basicconstraints",
        tells_apart: "basicConstraints and keyUsage of the leaf: `certs lint`.",
        fix: "CA:FALSE, and no keyCertSign.",
        next: &[commands::LINT, commands::INSPECT],
        sources: &["spiffe/spiffe#381", "bloomberg/vault-auth-spire#10", MEASURED],
        ..Row::EMPTY
    },
];
