//! The CONNECT of a tunnel, and how it is answered.

use crate::knowledge::commands;
use crate::knowledge::row::By::{App, Curl, Envoy, Glasstunnel, Go, H2, Rustls, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "D62",
        name: "connect-wrong-method",
        area: Area::Hbone,
        title: "An ordinary HTTP/2 request on the tunnel's port",
        story: "Somebody with a good certificate, such as curl or a health check, asked 15008 for a page; only \
            CONNECT is answered.",
        seen: &[
            only(Ztunnel, "expected method CONNECT, got"),
            shared(Ztunnel, "http status: 400 Bad Request"),
        ],
        codes: &["hbone.method"],
        tells_apart: "The method and the authority in the log. With CONNECT in it, it is D63.",
        fix: "Call the service; the tunnel is for proxies.",
        next: &[commands::EXPLAIN, commands::PROBE],
        sources: &["istio/ztunnel src/proxy/inbound.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "D63",
        name: "connect-bad-authority-or-ip-mismatch",
        area: Area::Hbone,
        title: "The CONNECT asks for a workload that is not here",
        story: "Its authority names another address than the one dialled: a stale record, NAT, the wrong \
            waypoint; or it cannot be read.",
        seen: &[
            only(Ztunnel, "ip mismatch"),
            only(Ztunnel, "policy rejection: workload mismatch"),
            only(Ztunnel, "invalid CONNECT address"),
            only(Ztunnel, "no valid authority pseudo header"),
            only(Ztunnel, "no valid service port in authority header"),
            shared(Ztunnel, "http status: 400 Bad Request"),
            shared(Ztunnel, "http status: 404 Not Found"),
        ],
        codes: &["hbone.ip_mismatch", "hbone.authority", "hbone.no_authority"],
        words: "authority mismatch",
        tells_apart: "Dialled, asked for, and who owns the address now: three values in one line.",
        fix: "Correct the workload table; with IP reuse see D76.",
        next: &[commands::WORKLOADS, commands::EXPLAIN],
        sources: &["istio/ztunnel src/proxy/inbound.rs", "istio/ztunnel#1637"],
        ..Row::EMPTY
    },
    Row {
        id: "D64",
        name: "connect-401-shown-as-reset",
        area: Area::Hbone,
        title: "The destination's policy said no (401), and the app sees a reset",
        story: "A policy at the destination refused the CONNECT; layer 4 has no way to hand that status to the \
            application.",
        confusing: "The app's side and the source's log do not name the policy: only the destination's does. At \
            the source the flag is CONNECT, not DENY.",
        seen: &[
            shared(Ztunnel, "http status: 401 Unauthorized"),
            shared(Ztunnel, "http status: 403 Forbidden"),
            shared(Curl, "curl: (56) Recv failure: Connection reset by peer"),
            shared(Curl, "curl: (52) Empty reply from server"),
            shared(Curl, "curl: (56)"),
            shared(App, "Connection reset by peer"),
            shared(App, "ECONNRESET"),
            shared(App, "errno 104"),
        ],
        flags: &["CONNECT"],
        codes: &["hbone.status"],
        looks_like: &["F87"],
        tells_apart: "Read the destination's log for the same connection: it names the policy (F87), or that none of \
            the ALLOW policies fits (F88).",
        fix: "The policy. Do not make a 403 of it for the app: it may not speak HTTP.",
        next: &[commands::EXPLAIN, commands::FORESEE],
        sources: &["istio/ztunnel#691", "istio/ztunnel src/proxy/inbound.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "D65",
        name: "connect-503-backend-down",
        area: Area::Hbone,
        title: "The tunnel is fine, and the application does not answer (503)",
        story: "Nothing listens on that port of the workload: stopped, bound to another family, or to another \
            address.",
        confusing: "The app's own connect() succeeded, since the proxy accepts first; the reset comes later.",
        seen: &[
            shared(Ztunnel, "http status: 503 Service Unavailable"),
            only(Ztunnel, "connection failed: Connection refused (os error 111)"),
            shared(App, "Connection refused (os error 111)"),
            shared(App, "No route to host"),
            shared(App, "ECONNREFUSED"),
            shared(App, "errno 111"),
            shared(Curl, "SSL_ERROR_SYSCALL"),
            only(Curl, "curl: (7)"),
            shared(Curl, "curl: (56) Recv failure: Connection reset by peer"),
            only(Envoy, "delayed connect error: 111"),
            only(Ztunnel, "connection failed: deadline has elapsed"),
        ],
        flags: &["CONNECT"],
        codes: &["dial.refused", "dial.timeout", "dial.no_backend", "dial.resolve", "hbone.status"],
        words: "refused backend",
        tells_apart: "Which leg failed? The destination logs `connection failed: …` for its backend; a refused 15008 \
            itself is G97 or G102.",
        fix: "Start it, or bind it to the address that is delivered to.",
        next: &[commands::EXPLAIN, commands::PROBE],
        sources: &["istio/ztunnel src/proxy/inbound.rs", "istio/istio#52886"],
        ..Row::EMPTY
    },
    Row {
        id: "D66",
        name: "connect-503-unknown-host",
        area: Area::Hbone,
        title: "The destination does not know the host or the port asked for",
        story: "The authority is a name, and there is no such service, or the service has no such port.",
        seen: &[
            only(Ztunnel, "no service or workload for hostname"),
            only(Ztunnel, "found, but cannot resolve port"),
            only(Ztunnel, "no service for target address"),
            only(Ztunnel, "no valid target port for workload"),
            only(Ztunnel, "unknown waypoint"),
            only(Ztunnel, "unknown network gateway"),
            only(Ztunnel, "no gateway address"),
            only(Ztunnel, "found, but has no IP addresses"),
            only(Ztunnel, "dns response had no valid IP addresses"),
            only(Ztunnel, "no valid routing destination for workload"),
            shared(Ztunnel, "http status: 503 Service Unavailable"),
        ],
        codes: &[
            "hbone.no_service",
            "hbone.no_service_port",
            "orig_dst.unknown_host",
            "route.no_place",
            "route.unknown_subset",
        ],
        words: "hostname",
        tells_apart: "Which names and ports does that side know: `config services`.",
        fix: "Correct the name or the port; wait for the service to arrive.",
        next: &[commands::SERVICES, commands::EXPLAIN],
        sources: &["istio/ztunnel src/proxy/inbound.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "D67",
        name: "tunnel-into-itself",
        area: Area::Hbone,
        title: "The tunnel leads back to the proxy",
        story: "The target port is one of the proxy's own (15001, 15006, 15008), or an echo answers our hello \
            with itself.",
        seen: &[
            only(Ztunnel, "attempted recursive call to ourselves"),
            only(Rustls, "got ClientHello when expecting ServerHello"),
            only(Glasstunnel, "expected a ServerHello, found our own ClientHello"),
        ],
        alerts: &[10],
        codes: &["hbone.own_port", "dial.self_call", "orig_dst.self_call", "tls.echo", "tls.misbehaved"],
        words: "loop recursive echo",
        tells_apart: "Target port and owner of the address; for an echo, our own hello comes back.",
        fix: "Refuse one's own ports, also after a service's port was resolved.",
        next: &[commands::EXPLAIN, commands::PROBE],
        sources: &["istio/ztunnel src/proxy/inbound.rs", "istio/ztunnel src/proxy/outbound.rs", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "D68",
        name: "h2-client-to-http1-server-behind-tls",
        area: Area::Hbone,
        title: "Behind the TLS stands HTTP/1.1",
        story: "A TLS end without ALPN answered the HTTP/2 preface with HTTP/1.1 words.",
        confusing: "The error is about the size of a frame.",
        seen: &[
            only(H2, "frame with invalid size"),
            only(Go, "http2: frame too large"),
            only(Curl, "Remote peer returned unexpected data while we expected SETTINGS frame"),
            only(Curl, "curl: (16)"),
            only(Glasstunnel, "expected a SETTINGS frame, found"),
        ],
        flags: &["H2_HANDSHAKE_FAILURE"],
        codes: &["hbone.handshake", "hbone.not_http2"],
        words: "http1 preface",
        tells_apart: "The first nine bytes read as text: \"HTTP/1.1 \". A TLS alert there is D69.",
        fix: "Demand ALPN h2.",
        next: &[commands::TRACE, commands::PROBE],
        sources: &[MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "D69",
        name: "late-client-auth-shown-as-h2-error",
        area: Area::Hbone,
        title: "\"HTTP/2 failed\", and the truth is a refused client certificate",
        story: "A TLS 1.3 client is done before the server has judged it, so that the alert arrives as the \
            first thing that HTTP/2 reads.",
        confusing: "The log says http2, and HTTP/2 never began.",
        seen: &[
            only(Ztunnel, "http2 handshake failed … received fatal alert"),
            only(Ztunnel, "h2 failed … received fatal alert"),
            shared(Ztunnel, "http2 handshake failed"),
        ],
        flags: &["H2_HANDSHAKE_FAILURE"],
        codes: &["hbone.handshake"],
        looks_like: &["B26"],
        words: "http2 late",
        tells_apart: "The alert in the same line decides: 48 is B25, 45 is B22, 46 is B30 to B34, 116 is A05. \
            Without one, read the server's log.",
        fix: "As the alert says.",
        next: &[commands::VERIFY, commands::TRACE],
        sources: &["istio/istio#53942", MEASURED],
        ..Row::EMPTY
    },
];
