//! Certificates that are too old or too new.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Curl, Envoy, Glasstunnel, Go, Java, Node, OpenSsl, Rustls, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "B22",
        name: "cert-expired",
        area: Area::Certificates,
        title: "The certificate has expired",
        story: "Nobody renewed it, or the renewed one was never loaded.",
        confusing: "The refused side hears one word: the same alert 45 that a certificate from the future gets \
            (B23).",
        seen: &[
            only(Rustls, "certificate expired: verification time"),
            only(Rustls, "InvalidCertificate(Expired)"),
            only(OpenSsl, "certificate has expired"),
            only(Curl, "SSL certificate problem: certificate has expired"),
            only(Curl, "Certificate is expired"),
            shared(Envoy, "268435581"),
            shared(Envoy, "CERTIFICATE_VERIFY_FAILED"),
            only(Go, "x509: certificate has expired or is not yet valid"),
            only(Java, "CertificateExpiredException"),
            only(Node, "CERT_HAS_EXPIRED"),
            shared(OpenSsl, "sslv3 alert certificate expired"),
            shared(Curl, "errno 107"),
            only(Glasstunnel, "expected a certificate that is valid now, found one that expired"),
        ],
        alerts: &[45],
        flags: &["TLS_FAILURE"],
        codes: &["tls.expired", "tls.refused_certificate_expired", "identity.expired"],
        words: "expired",
        tells_apart: "Put notBefore, now and notAfter of both sides in one line: `certs inspect`. If now lies before \
            notBefore it is B23; the alert does not say which.",
        fix: "Reissue and reload; then find out why rotation stopped (B24, B43).",
        next: &[commands::INSPECT, commands::VERIFY, commands::CERTIFICATES],
        sources: &[
            "istio/istio#3155",
            "istio/istio#3967",
            "openservicemesh/osm#661",
            "dapr/dapr#4517",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B23",
        name: "cert-not-yet-valid-clock-skew",
        area: Area::Certificates,
        title: "The certificate is not valid yet: two clocks disagree",
        story: "The issuer's clock is ahead of the verifier's, so that notBefore lies in the future.",
        confusing: "TLS has one alert for \"expired or not yet valid\": the peer is told that its new certificate \
            expired.",
        seen: &[
            only(Rustls, "certificate not valid yet: verification time"),
            only(Rustls, "NotValidYet"),
            only(OpenSsl, "certificate is not yet valid"),
            only(Java, "CertificateNotYetValidException"),
            only(Node, "CERT_NOT_YET_VALID"),
            shared(OpenSsl, "sslv3 alert certificate expired"),
            only(Glasstunnel, "expected a certificate that is valid now, found one that begins in"),
        ],
        alerts: &[45],
        flags: &["TLS_FAILURE"],
        codes: &["tls.not_yet_valid", "tls.refused_certificate_expired", "identity.not_valid_now"],
        words: "clock skew ntp future",
        tells_apart: "Fresh pods fail for seconds and heal by themselves; the verifier's own text says how many \
            seconds in the future.",
        fix: "Synchronise the clocks; a CA should date certificates back by a little.",
        next: &[commands::INSPECT, "glasstunnel certs verify A B --at +1m"],
        sources: &[
            "istio/istio#32176",
            "istio/istio#29379",
            "linkerd/linkerd2#3980",
            "dapr/dapr#3058",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "B24",
        name: "renewal-failure-kills-valid-cert",
        area: Area::Certificates,
        title: "A failed renewal takes a certificate away that is still valid",
        story: "The manager replaces \"valid\" by \"unavailable\" when a refresh fails; or its loop is stuck, \
            and everything ends at once days later.",
        confusing: "The certificate on disk or in the dump has hours left.",
        seen: &[rarely(Ztunnel, "identity error")],
        looks_like: &["B43"],
        words: "renewal rotation stuck refresh",
        tells_apart: "`config certificates` shows the state, the next refresh and the last error. A valid \
            certificate beside `Unavailable` is this; without any certificate it is B43.",
        fix: "Keep the old one until it expires; alert on the age of certificates.",
        next: &[commands::CERTIFICATES, commands::CERTS_LIST],
        sources: &["istio/istio#56452", "rossoctl/rossoctl#2362", "istio/ztunnel#1679"],
        ..Row::EMPTY
    },
];
