//! Revocation and rotation: what was good and is not any more.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Glasstunnel, Go, Java, OpenSsl, Rustls, Ztunnel};
use crate::knowledge::row::{Area, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B39",
        name: "revoked-new-connection",
        area: Area::Certificates,
        title: "The certificate is on a revocation list",
        story: "Its serial number is revoked; a ztunnel passes what the list does not know, and everything \
            when the file is missing.",
        confusing: "The revoked workload has no idea why everybody refuses it.",
        seen: &[
            only(Rustls, "invalid peer certificate: Revoked"),
            only(OpenSsl, "certificate revoked"),
            only(Java, "CertificateRevokedException"),
            shared(OpenSsl, "sslv3 alert certificate revoked"),
            only(Glasstunnel, "expected a certificate in force, found serial number … revoked by its list"),
        ],
        alerts: &[44],
        codes: &["tls.revoked", "tls.refused_certificate_revoked"],
        words: "crl revoked revocation",
        tells_apart: "Serial number, number of the list, its dates: `certs verify A B --crl FILE`.",
        fix: "Reissue.",
        next: &["glasstunnel certs verify A B --crl FILE", commands::INSPECT],
        sources: &["istio/ztunnel#1660", "istio/ztunnel#1678", "istio/ztunnel#1766", "istio/istio#58733"],
        ..Row::EMPTY
    },
    Row {
        id: "B40",
        name: "revoked-existing-connection",
        area: Area::Certificates,
        title: "An open connection is cut because its peer was revoked",
        story: "Certificates are judged in the handshake only, unless the proxy asks again when the list \
            changes; newer ztunnels do.",
        confusing: "Without that check a revoked peer talks on for hours over a pooled tunnel.",
        seen: &[
            only(Ztunnel, "connection closed: peer certificate revoked by CRL"),
            only(Glasstunnel, "was revoked while it was open"),
        ],
        flags: &["CERT_REVOKED"],
        codes: &["relay.cert_revoked"],
        looks_like: &["B39", "E80"],
        words: "crl pooled revoked",
        tells_apart: "Compare the tunnel's age with the list's.",
        fix: "Reissue the peer's certificate; keep tunnels short-lived where no check exists.",
        next: &[commands::EXPLAIN, commands::CONNECTIONS],
        sources: &["istio/ztunnel#1986", "istio/ztunnel#1660", "radsecproxy/radsecproxy#5"],
        ..Row::EMPTY
    },
    Row {
        id: "B41",
        name: "root-rotation-without-overlap",
        area: Area::Certificates,
        title: "A new root signs before everybody trusts it",
        story: "Half of the mesh has the new root and half has not; new pods work, old ones do not, or the CA \
            cannot be reached.",
        confusing: "It is the text of an unknown CA, in one direction only, and it moves through the mesh with \
            each renewal.",
        seen: &[
            rarely(Rustls, "invalid peer certificate: UnknownIssuer"),
            rarely(Rustls, "UnknownIssuer"),
            rarely(OpenSsl, "tlsv1 alert unknown ca"),
            rarely(Go, "x509: certificate signed by unknown authority"),
            rarely(Glasstunnel, "expected a certificate that leads to one of our roots"),
        ],
        alerts: &[48],
        codes: &["tls.unknown_issuer", "tls.refused_unknown_ca"],
        words: "rotation root overlap",
        tells_apart: "A matrix of who signs with what and who trusts what: `certs list` has it as TRUSTED BY.",
        fix: "Trust first, sign later, remove last.",
        next: &[commands::CERTS_LIST, commands::VERIFY],
        sources: &[
            "istio/istio#47427",
            "istio/istio#30947",
            "istio/istio#22993",
            "istio/ztunnel#1679",
            "istio/ztunnel#730",
            "cert-manager/istio-csr#137",
            "linkerd/linkerd2#4808",
            "linkerd/linkerd2#8282",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B42",
        name: "rotation-mid-connection",
        area: Area::Certificates,
        title: "A certificate is renewed while connections live on",
        story: "TLS does not authenticate again: an old tunnel lives on with the old certificate, also past \
            its end.",
        confusing: "Hourly rotation is blamed for socket closes that have another cause.",
        words: "rotation hourly renewed",
        tells_apart: "For each tunnel, which serial number it was made with and whether that has expired: `explain` \
            says so of a pooled one.",
        fix: "A maximum age for tunnels below that of certificates, if it matters.",
        next: &[commands::EXPLAIN, commands::CERTIFICATES],
        sources: &["linkerd/linkerd2#9256", "istio/istio#42887"],
        ..Row::EMPTY
    },
];
