//! Tunnels with many streams: limits, windows, pools and goodbyes.

use crate::knowledge::commands;
use crate::knowledge::row::By::{App, Curl, Envoy, Glasstunnel, Go, H2, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "D70",
        name: "max-streams-queue-hang",
        area: Area::Hbone,
        title: "The N+1st connection hangs, without any error",
        story: "HTTP/2 queues what goes beyond MAX_CONCURRENT_STREAMS, and long-lived streams never make room.",
        confusing: "It looks like the backend.",
        seen: &[rarely(Curl, "curl: (28)"), only(Glasstunnel, "expected room for another stream within")],
        codes: &["hbone.no_room"],
        words: "streams queue concurrent",
        tells_apart: "Streams open, the limit, and those that wait; a new tunnel works at once.",
        fix: "Open another tunnel at the cap (ztunnel: 100, under the server's 200).",
        next: &[commands::CONNECTIONS, commands::TRACE],
        sources: &["envoyproxy/envoy#2941", "envoyproxy/envoy#7403", "istio/ztunnel src/config.rs", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "D71",
        name: "max-streams-race-refused",
        area: Area::Hbone,
        title: "Streams were opened before SETTINGS had been read, and refused",
        story: "The client did not yet know the limit; the server answers REFUSED_STREAM.",
        seen: &[
            only(H2, "refused stream before processing any application logic"),
            only(Envoy, "remote refused stream"),
            only(Go, "REFUSED_STREAM"),
            only(Glasstunnel, "refused the stream before it did anything for it"),
        ],
        codes: &["hbone.refused"],
        words: "refused_stream settings",
        tells_apart: "How many streams were opened before the first SETTINGS came.",
        fix: "Try again: REFUSED_STREAM promises that nothing was done (RFC 9113 §8.7).",
        next: &[commands::TRACE],
        sources: &["envoyproxy/envoy#13948", "envoyproxy/envoy#20650", "envoyproxy/envoy#963", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "D72",
        name: "goaway-on-checkout",
        area: Area::Hbone,
        title: "The pooled tunnel said goodbye just before it was used",
        story: "GOAWAY came between taking the tunnel out of the pool and opening a stream.",
        confusing: "\"not a result of an error\" is how h2 spells NO_ERROR; the app sees a reset on a new \
            connection.",
        seen: &[
            only(H2, "connection error received: not a result of an error"),
            only(Go, "http2: server sent GOAWAY"),
            only(Ztunnel, "pool draining"),
            rarely(Curl, "curl: (56) Recv failure: Connection reset by peer"),
            only(Glasstunnel, "h2 failed: the tunnel closed before the CONNECT was sent"),
            only(Glasstunnel, "ended the tunnel before it took the CONNECT"),
        ],
        codes: &["hbone.gone", "hbone.goaway"],
        words: "goaway",
        tells_apart: "When the GOAWAY came, its last stream, and the stream that was opened.",
        fix: "Try once more on a new tunnel: not a byte of the app was sent.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &["istio/ztunnel src/proxy/pool.rs", "istio/ztunnel#2017", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "D73",
        name: "graceful-drain-does-not-drain",
        area: Area::Hbone,
        title: "A drain ends streams, or never ends",
        story: "Idle peers are never told, or all at once; and a deadline of seconds meets streams of minutes.",
        seen: &[
            only(Ztunnel, "connection failed to drain within the timeout"),
            only(Ztunnel, "failed to drain within the timeout"),
        ],
        codes: &["relay.drained"],
        words: "drain deadline grace",
        tells_apart: "When GOAWAY went out, when the last stream ended, and how many were forced.",
        fix: "GOAWAY before the listener closes; a grace that fits the streams (--grace).",
        next: &[commands::CONNECTIONS, commands::EXPLAIN],
        sources: &[
            "envoyproxy/envoy#14350",
            "envoyproxy/envoy#35085",
            "envoyproxy/envoy#22825",
            "envoyproxy/envoy#45519",
            "istio/ztunnel#772",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "D74",
        name: "flow-control-stall",
        area: Area::Hbone,
        title: "A transfer stops after exactly one window",
        story: "The reader does not read, so that it gives no more room; in a shared connection window one \
            slow reader stalls all.",
        confusing: "It stops at 65,535 bytes, or at some other round number.",
        seen: &[only(Curl, "FLOW_CONTROL_ERROR")],
        words: "window stall flow",
        tells_apart: "The room left for the stream and for the connection, and who owes the update.",
        fix: "A larger connection window, limits per stream, tunnels of their own for slow readers.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &[
            "hyperium/h2#80",
            "mock-server/mockserver-monorepo#2683",
            "httpwg/http2-spec#859",
            "apache/trafficserver#2749",
            "istio/ztunnel src/config.rs",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "D75",
        name: "connect-upgrade-without-backpressure",
        area: Area::Hbone,
        title: "Memory grows without bound while a client does not read",
        story: "A CONNECT stream that says \"writable\" for ever queues everything that a fast upstream sends.",
        confusing: "The kernel kills the proxy, seconds after all seemed well.",
        seen: &[rarely(App, "OOMKilled"), rarely(App, "Out of memory: Killed process")],
        words: "oom memory backpressure",
        tells_apart: "Bytes queued for each stream.",
        fix: "Ask for room before sending, and send no more than was given.",
        next: &[commands::CONNECTIONS],
        sources: &["hyperium/hyper#4049", "golang/go#56315", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "D76",
        name: "stale-pooled-tunnel-ip-reuse",
        area: Area::Hbone,
        title: "A pooled tunnel leads to a pod that is gone",
        story: "The address belongs to a new pod, and the pool keeps the tunnel to the old one.",
        confusing: "Sporadic, only after pods have changed; keepalives do not help.",
        seen: &[
            shared(Envoy, "upstream_reset_before_response_started{connection_termination}"),
            only(Envoy, "503 UC"),
            only(Glasstunnel, "expected an answer to the CONNECT, found that the stream or its tunnel broke"),
        ],
        flags: &["UC"],
        codes: &["hbone.broken"],
        words: "pooled sporadic",
        tells_apart: "The tunnel's age and last byte, and who had that address then and now. Quiet minutes before it \
            are E82.",
        fix: "A short idle timeout, pings, one retry on a tunnel that was not used.",
        next: &[commands::EXPLAIN, commands::CONNECTIONS],
        sources: &["istio/ztunnel#1637", "istio/ztunnel#1662", "istio/istio#58389"],
        ..Row::EMPTY
    },
    Row {
        id: "D77",
        name: "ping-timeout-noise",
        area: Area::Hbone,
        title: "Thousands of ping errors",
        story: "Pods vanish before they can say goodbye, or close while a ping is under way.",
        confusing: "Real failures drown in it.",
        seen: &[
            only(Ztunnel, "HBONE ping timeout"),
            only(Ztunnel, "ping error: broken pipe"),
            only(Ztunnel, "HBONE ping timeout/error"),
        ],
        codes: &["hbone.ping_timeout", "hbone.too_many_resets"],
        words: "ping",
        tells_apart: "Frozen peer, vanished peer, or a race: the first is silent for 20 s, the second's pod is gone.",
        fix: "Look at those whose pod is still there; one line for each tunnel is enough.",
        next: &[commands::EXPLAIN, commands::CONNECTIONS],
        sources: &["istio/ztunnel#1346", "istio/ztunnel src/proxy/h2.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "D78",
        name: "pool-lock-head-of-line",
        area: Area::Hbone,
        title: "One handshake that hangs makes all others wait",
        story: "A lock for each pair of peers is held while a tunnel is being made.",
        seen: &[rarely(Curl, "curl: (28)")],
        codes: &["hbone.handshake_timeout"],
        looks_like: &["C57"],
        words: "pool lock waiters",
        tells_apart: "Who waits, and at which stage is the one that holds the lock; usually it is C57.",
        fix: "Make tunnels outside the lock, with a deadline.",
        next: &[commands::CONNECTIONS, commands::PROBE],
        sources: &[
            "istio/ztunnel#2017",
            "istio/ztunnel#2015",
            "istio/ztunnel#931",
            "istio/ztunnel src/proxy/pool.rs",
        ],
        ..Row::EMPTY
    },
];
