//! First bytes: what is taken for TLS, and what comes before, late or never.

use crate::knowledge::commands;
use crate::knowledge::row::By::{App, Curl, Envoy, Glasstunnel, Go, Java, Linkerd, OpenSsl, Rustls, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "C51",
        name: "non-tls-bytes-starting-0x16",
        area: Area::Tls,
        title: "A binary protocol is taken for TLS",
        story: "A sniffer that looks at one byte takes every 0x16 for a handshake.",
        seen: &[
            only(Rustls, "UnknownProtocolVersion"),
            only(Rustls, "MessageTooLarge"),
            only(Rustls, "InvalidEmptyPayload"),
            rarely(Rustls, "received corrupt message of type InvalidContentType"),
            only(Glasstunnel, "expected a TLS handshake, found a malformed message"),
        ],
        codes: &["tls.malformed"],
        words: "mqtt binary sniff",
        tells_apart: "The first eleven bytes: 16 03 0x, a sane length and 01 are a ClientHello, anything else is \
            not.",
        fix: "Decide on six bytes, not on one; declare the port as opaque.",
        next: &[commands::TRACE, commands::EXPLAIN],
        sources: &["ntop/nDPI#2382", "nats-io/nats-server#8302", "dlundquist/sniproxy#87", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C52",
        name: "slow-or-unfinished-hello",
        area: Area::Tls,
        title: "The handshake begins and never goes on",
        story: "The client sent a part of its hello and stopped; a server without a deadline waits for as long \
            as the client stays.",
        confusing: "There is no log line until the client leaves, and then it is an \"eof\".",
        seen: &[
            shared(Rustls, "tls handshake eof"),
            only(Linkerd, "TLS detection timed out"),
            only(Ztunnel, "Timeout during TLS handshake"),
            rarely(Ztunnel, "io error: deadline has elapsed"),
            rarely(Curl, "curl: (28)"),
            shared(Glasstunnel, "expected the rest of the handshake, found the end of the connection"),
            only(Glasstunnel, "expected a whole ClientHello by the deadline"),
        ],
        codes: &["sniff.timeout", "sniff.truncated", "tls.timeout", "tls.eof", "sniff.closed", "sniff.reset"],
        words: "hello",
        tells_apart: "Bytes seen and their age: the record says how much of the hello came.",
        fix: "Deadlines for sniffing and for the handshake, set and counted apart.",
        next: &[commands::EXPLAIN, commands::CONNECTIONS],
        sources: &[
            "linkerd/linkerd2#6146",
            "nature-lang/nature#300",
            "istio/istio#53971",
            "istio/ztunnel src/proxy/inbound.rs",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "C53",
        name: "fragmented-hello",
        area: Area::Tls,
        title: "A ClientHello in several segments or records is misread",
        story: "Some middle box wants the whole hello in one read; good stacks do not care.",
        confusing: "The server name is lost, or the connection, with some clients only.",
        words: "fragment segment sni",
        tells_apart: "How many reads and records the verdict took; the same client through no middle box works.",
        fix: "A loop that reads on; decide TLS or raw on six bytes.",
        next: &[commands::TRACE],
        sources: &[
            "mholt/caddy-l4#346",
            "mozilla/cipherscan#150",
            "WestpointLtd/tls_prober#45",
            "traefik/traefik#12871",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "C54",
        name: "oversize-hello",
        area: Area::Tls,
        title: "A ClientHello larger than the library takes",
        story: "Large tickets or many extensions push the hello over the limit (16 KiB in BoringSSL).",
        confusing: "rustls sends no alert: the client sees a bare end.",
        seen: &[
            only(Rustls, "HandshakePayloadTooLarge"),
            only(OpenSsl, "excessive message size"),
            rarely(Rustls, "tls handshake eof"),
            only(Glasstunnel, "expected a ClientHello within"),
        ],
        codes: &["sniff.over_cap", "tls.malformed"],
        words: "oversize hello",
        tells_apart: "The length that the hello claims against the limit.",
        fix: "A smaller hello: fewer extensions, smaller tickets.",
        next: &[commands::TRACE],
        sources: &["envoyproxy/envoy#39903", "envoyproxy/envoy#39976", "envoyproxy/envoy#27742", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C55",
        name: "pq-large-hello-breaks-middle",
        area: Area::Tls,
        title: "Only new clients hang: their hello no longer fits into one packet",
        story: "A post-quantum key share adds more than a kilobyte, and a middle box reads one segment only.",
        confusing: "Older browsers and clients work through the same path.",
        seen: &[rarely(Curl, "curl: (28)")],
        words: "ml kem mlkem post quantum browser",
        tells_apart: "Sizes of the hellos: over 1,400 bytes hang, under do not. Large certificates that hang instead \
            are G100.",
        fix: "Mend the middle box; until then a client without X25519MLKEM768.",
        next: &[commands::TRACE, "openssl s_client -connect HOST:PORT -groups X25519"],
        sources: &["envoyproxy/envoy#33850", "testssl/testssl.sh#2493", "mholt/caddy-l4#346"],
        ..Row::EMPTY
    },
    Row {
        id: "C56",
        name: "tls-eof-without-close-notify",
        area: Area::Tls,
        title: "The connection ended without TLS's own goodbye",
        story: "A process was killed, or code dropped a TLS stream instead of shutting it down.",
        confusing: "It reads like an attack and is nearly always untidiness.",
        seen: &[
            only(Rustls, "peer closed connection without sending TLS close_notify"),
            only(OpenSsl, "unexpected eof while reading"),
            only(Java, "Remote host terminated the handshake"),
            shared(Glasstunnel, "expected the rest of the handshake, found the end of the connection"),
            only(Glasstunnel, "to say that it has said all, found the bare end of its connection"),
        ],
        codes: &["tls.eof", "relay.client_failed"],
        words: "close_notify truncated",
        tells_apart: "Clean, truncated or reset: `explain` says who closed and how. In the middle of a frame data \
            was lost; at a boundary nothing was.",
        fix: "Shut the stream down before it is dropped; tolerate it at a boundary.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &[
            "istio/ztunnel#1094",
            "tokio-rs/tls#157",
            "rustls/rustls#1637",
            "rustls/rustls#779",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "C57",
        name: "handshake-blackhole",
        area: Area::Tls,
        title: "The port accepts, and nobody ever speaks",
        story: "A stuck process or half a firewall: TCP is there and TLS never comes; ztunnel has no deadline \
            for that.",
        confusing: "Nothing is in any log, and other connections to the same peer wait as well (D78).",
        seen: &[
            shared(Ztunnel, "io error: deadline has elapsed"),
            shared(Curl, "curl: (28)"),
            only(Curl, "SSL connection timeout"),
            only(Go, "net/http: TLS handshake timeout"),
            only(Glasstunnel, "expected the handshake to end within"),
        ],
        flags: &["TLS_FAILURE"],
        codes: &["tls.timeout", "hbone.handshake_timeout"],
        words: "hang blackhole stuck",
        tells_apart: "TCP done, TLS pending for seconds, not one byte back: `trace` shows the stage. 10 s and no TCP \
            is G97.",
        fix: "A deadline for handshakes; restart the peer.",
        next: &[commands::PROBE, commands::TRACE],
        sources: &["istio/ztunnel src/proxy/pool.rs", "nature-lang/nature#300", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C58",
        name: "server-first-protocol-vs-sniff",
        area: Area::Tls,
        title: "The server should speak first, and a sniffer waits for the client",
        story: "MySQL, SMTP, FTP and NATS clients say nothing until the server has; the sniffer waits for \
            bytes that never come.",
        confusing: "It ends in a delay of exactly the sniffer's deadline, or in a lost connection.",
        seen: &[
            only(App, "Lost connection to MySQL server at 'reading initial communication packet'"),
            only(App, "ERROR 2013 (HY000)"),
            only(Linkerd, "protocol detection timed out"),
            only(Envoy, "listener filter times out"),
        ],
        words: "mysql smtp ftp nats server first opaque",
        tells_apart: "Sniffed nothing for N ms, then raw: the record says how long it waited. Ambient does not \
            sniff, and so is free of this.",
        fix: "Declare the port as TCP or opaque; STRICT or DISABLE instead of PERMISSIVE on it.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &[
            "istio/istio#10062",
            "istio/istio#16455",
            "istio/istio#10832",
            "istio/istio#35232",
            "istio/api#1033",
            "istio/installer#377",
            "linkerd/linkerd2#3166",
            "linkerd/linkerd2#7768",
            "linkerd/linkerd2#10745",
            "linkerd/linkerd2#5922",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "C59",
        name: "server-first-with-half-configured-strict",
        area: Area::Tls,
        title: "Database members cannot join, though STRICT holds everywhere",
        story: "The client's side does not start TLS, because the protocol was never declared there, and the \
            server's side waits for it: both wait.",
        confusing: "There is no proxy log at all.",
        words: "database cluster galera",
        tells_apart: "Both sides' sniffing side by side: both wait.",
        fix: "Declare the protocol on both sides; a setting for the port.",
        next: &[commands::EXPLAIN, commands::TRACE],
        sources: &["istio/istio#38655", "istio/istio#17457", "istio/istio#12551"],
        ..Row::EMPTY
    },
    Row {
        id: "C60",
        name: "proxy-protocol-before-tls",
        area: Area::Tls,
        title: "A PROXY header stands before the ClientHello",
        story: "A load balancer prepends PROXY v1 or v2, and the listener expects TLS.",
        confusing: "The client does speak TLS, and the server swears that it does not.",
        seen: &[
            rarely(Rustls, "received corrupt message of type InvalidContentType"),
            rarely(Glasstunnel, "expected TLS, found bytes that begin with"),
        ],
        codes: &["tls.not_tls"],
        words: "proxy protocol load balancer",
        tells_apart: "The first bytes: \"PROXY \" or 0d 0a 0d 0a 00 0d 0a 51. \"GET \" is A04.",
        fix: "Take the header off before sniffing, or do not send it.",
        next: &[commands::TRACE, commands::PROBE],
        sources: &["nats-io/nats-server#8302", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "C61",
        name: "proxy-protocol-into-app",
        area: Area::Tls,
        title: "A PROXY header reaches an application that did not ask for it",
        story: "The sender adds it, and nobody takes it off any more.",
        confusing: "The app logs a malformed request from a client that sent a good one.",
        seen: &[only(App, "invalid proxy protocol header")],
        words: "proxy protocol malformed",
        tells_apart: "The first bytes that were delivered.",
        fix: "Send it to those only who declare it; ztunnel's carries the SPIFFE ID in TLV 0xD0.",
        next: &[commands::TRACE, commands::EXPLAIN],
        sources: &[
            "istio/ztunnel#1124",
            "istio/ztunnel#850",
            "istio/istio#50215",
            "agentgateway/agentgateway#729",
        ],
        ..Row::EMPTY
    },
];
