//! A connection's life: ends, resets, idle times and sockets.

use crate::knowledge::commands;
use crate::knowledge::row::By::{App, Curl, Envoy, Glasstunnel, Go, Java, Node, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "E79",
        name: "half-close-leak",
        area: Area::Tcp,
        title: "Half-closed connections pile up, or lose the answer",
        story: "Each direction ends by itself; peers that never close leave the rest open, proxies that close \
            both ways cut the answer off.",
        seen: &[only(App, "CLOSE_WAIT"), only(App, "FIN_WAIT2")],
        words: "close close_wait fin",
        tells_apart: "Four flags for a connection: which side has ended, and which was reset.",
        fix: "Hand ends on (FIN and END_STREAM); an idle timeout for what is half closed.",
        next: &[commands::EXPLAIN, commands::CONNECTIONS],
        sources: &[
            "istio/istio#43297",
            "istio/ztunnel#1630",
            "ekzhang/bore#165",
            "envoyproxy/envoy#45361",
            "envoyproxy/envoy#45198",
            "HyNetworks/hysteria#1672",
            "istio/ztunnel#1875",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "E80",
        name: "rst-turns-into-fin",
        area: Area::Tcp,
        title: "The backend crashed, and the client sees a clean end",
        story: "ztunnel turns a reset into a FIN, and logs a reset, a broken pipe and an early end as success.",
        confusing: "Cut-off data passes for complete wherever no length was sent.",
        seen: &[
            only(Curl, "bytes remaining to read"),
            only(Curl, "curl: (18)"),
            only(Ztunnel, "destination disconnected before all data was written"),
            only(Node, "Premature close"),
            only(Java, "Premature EOF"),
        ],
        codes: &["relay.backend_reset", "relay.backend_failed"],
        words: "truncated premature",
        tells_apart: "Who closed and how: `explain` says reset or end. This program hands resets on.",
        fix: "A length or a checksum in the protocol; a proxy that hands resets on.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &["istio/ztunnel#1483", "istio/ztunnel src/copy.rs", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "E81",
        name: "fin-turns-into-rst",
        area: Area::Tcp,
        title: "A tidy end arrives as a reset",
        story: "A socket that is closed with unread bytes in it makes the kernel send a reset instead of a \
            FIN.",
        confusing: "The pod drained as it should, and a client on another node gets ECONNRESET on its next \
            request.",
        seen: &[
            shared(Curl, "curl: (56) Recv failure: Connection reset by peer"),
            shared(App, "Connection reset by peer (os error 104)"),
            shared(App, "Connection reset by peer"),
            shared(App, "ECONNRESET"),
            shared(App, "errno 104"),
            only(Envoy, "33554536"),
            shared(Go, "read: connection reset by peer"),
            shared(Java, "java.net.SocketException: Connection reset"),
            only(Ztunnel, "client disconnected before all data was written"),
        ],
        codes: &["relay.client_reset", "relay.client_failed", "tls.reset"],
        looks_like: &["E80"],
        words: "econnreset reset",
        tells_apart: "Unread bytes when it was closed. A reset before any byte came back is a refusal instead: A01, \
            D64 or D65.",
        fix: "Shut down, read what is left, then close.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &["istio/ztunnel#1887", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "E82",
        name: "idle-timeout-mismatch",
        area: Area::Tcp,
        title: "Connections die after quiet minutes",
        story: "The idle limits of app, proxy and load balancer grow the wrong way.",
        confusing: "A pool marks connections as broken that it never used wrongly.",
        seen: &[
            only(App, "marked as broken"),
            only(Node, "Socket closed unexpectedly"),
            only(Node, "socket hang up"),
            shared(Envoy, "upstream_reset_before_response_started{connection_termination}"),
        ],
        flags: &["UC"],
        looks_like: &["E80", "E81"],
        words: "idle keepalive keep alive quiet",
        tells_apart: "Who closed, and after how many quiet seconds: always the same number.",
        fix: "Limits that grow towards the server; keepalives of the app.",
        next: &[commands::EXPLAIN, commands::CONNECTIONS],
        sources: &[
            "istio/istio#24387",
            "istio/istio#25056",
            "istio/istio#37432",
            "istio/ztunnel#1662",
            "istio/ztunnel#1346",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "E83",
        name: "dead-peer-not-noticed",
        area: Area::Tcp,
        title: "A dead peer is not noticed for minutes",
        story: "The power is gone, and TCP keeps trying; a keepalive on one leg says nothing of the other.",
        seen: &[
            only(App, "Connection timed out (os error 110)"),
            only(App, "ETIMEDOUT"),
            only(App, "errno 110"),
            only(Glasstunnel, "expected an answer to the CONNECT within"),
        ],
        codes: &["tls.io", "hbone.answer_timeout"],
        words: "keepalive established dead",
        tells_apart: "The age of the last acknowledgement on each leg.",
        fix: "Pings in the tunnel; close both legs.",
        next: &[commands::CONNECTIONS, commands::EXPLAIN],
        sources: &["istio/istio#32116", "istio/istio#38476", "istio/istio#33466"],
        ..Row::EMPTY
    },
    Row {
        id: "E84",
        name: "proxy-restart-cuts-live-streams",
        area: Area::Tcp,
        title: "A proxy's restart cuts long connections",
        story: "A proxy in user space owns the sockets; what outlasts the drain is cut.",
        seen: &[
            only(Ztunnel, "connection closed due to connection drain"),
            only(Glasstunnel, "the proxy shut down and its grace period was over"),
        ],
        codes: &["relay.drained"],
        words: "upgrade long lived",
        tells_apart: "How many drained by themselves, and how many were forced.",
        fix: "Drain the node first; clients that connect again.",
        next: &[commands::CONNECTIONS, commands::EXPLAIN],
        sources: &["istio/ztunnel#772", "istio/ztunnel#752", "istio/ztunnel src/proxy.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "E85",
        name: "sockets-times-three",
        area: Area::Tcp,
        title: "Descriptors or ports run out",
        story: "Each connection of a client costs three sockets, and a fixed source address takes a port for \
            itself.",
        seen: &[
            only(App, "Cannot assign requested address"),
            only(App, "EADDRNOTAVAIL"),
            only(App, "Too many open files"),
            only(App, "EMFILE"),
        ],
        words: "descriptors ephemeral ports ulimit",
        tells_apart: "Legs for each connection, and ports left.",
        fix: "Raise RLIMIT_NOFILE; IP_BIND_ADDRESS_NO_PORT; several source addresses in a load generator.",
        next: &[commands::CONNECTIONS],
        sources: &["emqx/emqx#17893", "envoyproxy/envoy#38288", "envoyproxy/envoy#44747", "google/neper#87"],
        ..Row::EMPTY
    },
    Row {
        id: "E86",
        name: "connect-succeeds-though-app-is-down",
        area: Area::Tcp,
        title: "connect() succeeds though the application is down",
        story: "The proxy accepts first and dials later.",
        confusing: "TCP health checks are green with nothing behind them.",
        looks_like: &["D65"],
        words: "health check green accept",
        tells_apart: "The connection opens and ends at once, without a byte; the destination logs D65.",
        fix: "Health checks that read a byte.",
        next: &[commands::PROBE, commands::EXPLAIN],
        sources: &["istio/istio#44248", "istio/istio#10832"],
        ..Row::EMPTY
    },
];
