//! Certificates that name nobody, somebody else, or too many.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Curl, Envoy, Glasstunnel, OpenSsl, Rustls, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B30",
        name: "trust-domain-mismatch",
        area: Area::Certificates,
        title: "The peer's trust domain is another one",
        story: "The CA is right; the SPIFFE ID belongs to another trust domain, and a ztunnel accepts that of \
            its own certificate only.",
        confusing: "The peer is told certificate_unknown, which says nothing at all.",
        seen: &[
            shared(Ztunnel, "SanTrustDomainError"),
            shared(Ztunnel, "peer did not present the expected trustdomain"),
            shared(Envoy, "CERTIFICATE_VERIFY_FAILED"),
            shared(OpenSsl, "sslv3 alert certificate unknown"),
            shared(Rustls, "received fatal alert: CertificateUnknown"),
            shared(Curl, "errno 107"),
            shared(Glasstunnel, "expected the trust domain … found"),
        ],
        alerts: &[46],
        flags: &["TLS_FAILURE"],
        codes: &["tls.wrong_trust_domain", "tls.refused_certificate_unknown"],
        words: "trust domain trustdomain",
        tells_apart: "Print both domains. The peer cannot tell this from a missing URI SAN (B34) or a wrong identity \
            (B32): only the side that refused can.",
        fix: "One trust domain; or aliases, where the verifier knows them (B31).",
        next: &[commands::VERIFY, commands::INSPECT],
        sources: &[
            "istio/ztunnel#2092",
            "istio/istio#53666",
            "istio/istio#30769",
            "istio/istio#61608",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B31",
        name: "trust-domain-alias-ignored",
        area: Area::Certificates,
        title: "A trust domain alias is configured, and ztunnel refuses all the same",
        story: "Aliases and caCertificates' trustDomains reach Envoy and not ztunnel.",
        confusing: "Sidecars of the same mesh accept the same peer.",
        seen: &[
            shared(Ztunnel, "SanTrustDomainError"),
            shared(Ztunnel, "peer did not present the expected trustdomain"),
            shared(OpenSsl, "sslv3 alert certificate unknown"),
            shared(Glasstunnel, "expected the trust domain … found"),
        ],
        alerts: &[46],
        codes: &["tls.wrong_trust_domain", "tls.refused_certificate_unknown"],
        words: "alias aliases trustdomainaliases",
        tells_apart: "List the domains that each verifier accepts; `certs verify` asks with each workload's own.",
        fix: "One domain until ztunnel knows aliases; restart istiod after changing them in older versions.",
        next: &[commands::VERIFY, commands::ANALYZE],
        sources: &[
            "istio/ztunnel#1671",
            "istio/ztunnel#2092",
            "istio/istio#58427",
            "istio/istio#58345",
            "istio/istio#61608",
            "istio/istio#28437",
            "istio/istio#17594",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B32",
        name: "san-identity-mismatch",
        area: Area::Certificates,
        title: "The server is somebody else than expected",
        story: "The certificate is good and names another service account: a stale endpoint, a reused IP, a \
            wrong record, a custom SPIFFE template.",
        confusing: "The server sees certificate_unknown, and its own certificate looks perfect.",
        seen: &[
            only(Ztunnel, "peer did not present the expected SAN"),
            only(Ztunnel, "SanError"),
            only(Envoy, "verify cert failed: SAN matcher"),
            only(Envoy, "verify SAN list"),
            only(OpenSsl, "hostname mismatch"),
            only(Curl, "no alternative certificate subject name matches"),
            shared(Curl, "curl: (60)"),
            shared(Rustls, "received fatal alert: CertificateUnknown"),
            shared(OpenSsl, "sslv3 alert certificate unknown"),
            only(Glasstunnel, "expected a certificate for … found one for"),
        ],
        alerts: &[46, 42],
        flags: &["TLS_FAILURE"],
        codes: &[
            "tls.wrong_identity",
            "tls.wrong_name",
            "tls.refused_certificate_unknown",
            "identity.other_identity",
        ],
        words: "san secure naming",
        tells_apart: "Hold the expected list against the presented one; the client's text has both.",
        fix: "Correct the workload's record; do not loosen the check.",
        next: &[commands::VERIFY, commands::INSPECT, commands::WORKLOADS],
        sources: &["istio/istio#49874", "istio/istio#58345", "istio/istio#50193", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "B33",
        name: "spiffe-path-not-ns-sa",
        area: Area::Certificates,
        title: "A SPIFFE ID that is legal, and not of Istio's shape",
        story: "The mesh wants exactly spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT; anything else is \
            no identity.",
        seen: &[
            only(Ztunnel, "could not be parsed: invalid spiffe identity"),
            only(Ztunnel, "invalid spiffe identity"),
            shared(OpenSsl, "sslv3 alert certificate unknown"),
            only(Glasstunnel, "expected spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT, found"),
        ],
        alerts: &[46],
        codes: &["tls.not_spiffe", "identity.not_spiffe", "tls.refused_certificate_unknown"],
        words: "spiffe template",
        tells_apart: "`certs inspect` reads the URI and says what is wrong with it.",
        fix: "Issue identities of Istio's shape.",
        next: &[commands::INSPECT, commands::LINT],
        sources: &["istio/istio#49874", "istio/ztunnel src/identity/manager.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "B34",
        name: "no-uri-san",
        area: Area::Certificates,
        title: "The certificate has no SPIFFE URI",
        story: "A corporate or public TLS certificate has DNS names only, and so names nobody in the mesh.",
        confusing: "Openssl verifies it without a word.",
        seen: &[
            shared(Ztunnel, "SanTrustDomainError"),
            shared(Ztunnel, "peer did not present the expected trustdomain"),
            shared(OpenSsl, "sslv3 alert certificate unknown"),
            shared(Rustls, "received fatal alert: CertificateUnknown"),
            only(Glasstunnel, "expected one SPIFFE identity, found"),
        ],
        alerts: &[46],
        codes: &["tls.no_identity", "identity.no_uri_san", "tls.refused_certificate_unknown"],
        words: "san uri",
        tells_apart: "List the names by type; the verifier's \"got\" list is empty.",
        fix: "Issue SVIDs.",
        next: &[commands::INSPECT, commands::LINT],
        sources: &["spiffe/spiffe#34", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "B35",
        name: "two-uri-sans",
        area: Area::Certificates,
        title: "Two SPIFFE URIs in one certificate",
        story: "SPIFFE allows exactly one; peers that hold to it refuse, code like ztunnel's accepts when any \
            of them fits and then uses the first for policy.",
        confusing: "The peer that accepts may decide about another identity than the one it checked.",
        seen: &[only(Glasstunnel, "expected exactly one URI SAN")],
        codes: &["tls.several_identities", "identity.several_uri_sans"],
        looks_like: &["B30"],
        words: "uri sans",
        tells_apart: "Count the URIs: `certs inspect`, and which of them a policy would see.",
        fix: "One URI. This program refuses two, always.",
        next: &[commands::INSPECT, commands::LINT],
        sources: &[
            "spiffe/spiffe#34",
            "spiffe/spiffe#72",
            "spiffe/spiffe#32",
            "grpc/grpc#23295",
            "square/keywhiz#697",
            "istio/ztunnel src/tls/certificate.rs",
        ],
        ..Row::EMPTY
    },
];
