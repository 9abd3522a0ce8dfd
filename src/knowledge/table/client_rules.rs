//! What a DestinationRule makes the client send, and what the server makes of it.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Curl, Envoy, OpenSsl};
use crate::knowledge::row::{Area, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "A07",
        name: "client-disable-vs-server-strict",
        area: Area::Policy,
        title: "A DestinationRule says DISABLE, the server demands mTLS",
        story: "`tls.mode: DISABLE` beats auto mTLS, so that the client's proxy sends plaintext to a STRICT \
            port.",
        confusing: "The application sees an HTTP 503 of its own proxy and no socket error, so that the server is \
            suspected.",
        seen: &[
            shared(
                Envoy,
                "upstream connect error or disconnect/reset before headers … connection termination",
            ),
            shared(Envoy, "upstream_reset_before_response_started{connection_termination}"),
        ],
        flags: &["UC"],
        codes: &["peer_auth.strict_refuses_plaintext"],
        looks_like: &["A01", "E80"],
        words: "destinationrule disable",
        tells_apart: "Put both halves side by side: what the client's rule sends, what the server's mode wants. \
            `explain` names both.",
        fix: "Take the rule out, or set ISTIO_MUTUAL.",
        next: &[commands::FORESEE, commands::ANALYZE],
        sources: &["istio/istio#31425", "istio/istio.io#3157", "istio/istio.io#2131"],
        ..Row::EMPTY
    },
    Row {
        id: "A08",
        name: "rule-without-tls-block-resets-mtls",
        area: Area::Policy,
        title: "A DestinationRule without a TLS block switches mTLS off",
        story: "In older Istio an omitted TLS block meant no TLS, and the more specific rule replaces the \
            wider one whole: nothing is merged.",
        confusing: "The rule that breaks things says nothing about TLS; it only sets a load balancer.",
        seen: &[rarely(
            Envoy,
            "upstream connect error or disconnect/reset before headers … connection termination",
        )],
        words: "destinationrule loadbalancer merge",
        tells_apart: "Ask for the rule that is in effect, field by field: `explain` names the DestinationRule that \
            chose the wire.",
        fix: "Repeat the `tls` block in the specific rule, or rely on auto mTLS.",
        next: &[commands::FORESEE, commands::ANALYZE],
        sources: &["istio/istio#6279", "istio/istio#7590", "istio/istio#36672", "istio/istio.io#3120"],
        ..Row::EMPTY
    },
    Row {
        id: "A09",
        name: "simple-tls-origination-to-mesh-port",
        area: Area::Policy,
        title: "A gateway re-encrypts with one-way TLS towards a mesh port",
        story: "DestinationRule SIMPLE makes TLS without a client certificate, and the mesh port demands one.",
        seen: &[shared(Envoy, "PEER_DID_NOT_RETURN_A_CERTIFICATE")],
        alerts: &[116],
        flags: &["UF"],
        codes: &["tls.no_certificate", "tls.refused_certificate_required"],
        looks_like: &["A05"],
        words: "gateway simple origination",
        tells_apart: "No client certificate arrives, and the hello has an SNI, as no mesh client sends one: that is \
            an originated TLS. Without SNI it is a mesh client that lost its certificate (A05).",
        fix: "ISTIO_MUTUAL towards the mesh; SIMPLE only towards the outside.",
        next: &[commands::TRACE, commands::ANALYZE],
        sources: &["istio/istio#29107", "istio/istio#54090"],
        ..Row::EMPTY
    },
    Row {
        id: "A10",
        name: "mutual-instead-of-istio-mutual",
        area: Area::Policy,
        title: "MUTUAL instead of ISTIO_MUTUAL: right certificates, no mesh ALPN",
        story: "DestinationRule MUTUAL does not send the ALPN name `istio`, and a PERMISSIVE server recognises \
            mesh TLS by that.",
        confusing: "Every certificate is right, and the connection fails all the same.",
        seen: &[only(
            Envoy,
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
        )],
        flags: &["UF"],
        words: "mutual istio_mutual",
        tells_apart: "Compare the ALPN that was offered with the one that the chain wants; `trace` shows the first \
            in the ClientHello.",
        fix: "ISTIO_MUTUAL.",
        next: &[commands::TRACE, commands::ANALYZE],
        sources: &["istio/istio#14130", "istio/istio#40680"],
        ..Row::EMPTY
    },
    Row {
        id: "A11",
        name: "double-tls",
        area: Area::Policy,
        title: "TLS inside TLS, or one layer taken off too many",
        story: "The application brings its own TLS into mesh mTLS, or the proxy originates TLS for a port that \
            is TLS already.",
        confusing: "It works, at twice the price, until exactly one layer is taken off.",
        seen: &[shared(OpenSsl, "wrong version number"), shared(Envoy, "WRONG_VERSION_NUMBER")],
        looks_like: &["A04"],
        words: "originate double tls",
        tells_apart: "Sniff what is inside after decapsulation: 16 03 is a second TLS layer. If the bytes are HTTP, \
            it is A06.",
        fix: "Choose one of the two; a ztunnel does not skip what is TLS already, by design.",
        next: &[commands::TRACE, commands::PROBE],
        sources: &["istio/istio#49829", "istio/istio#58460", "istio/istio#59627"],
        ..Row::EMPTY
    },
    Row {
        id: "A12",
        name: "strict-rollout-race",
        area: Area::Policy,
        title: "A short burst of resets just after STRICT was applied",
        story: "Client and server get a new policy at different times, and in between one of them demands what \
            the other does not yet do.",
        confusing: "It heals by itself within seconds, and leaves no trace.",
        seen: &[rarely(Curl, "curl: (56) Recv failure: Connection reset by peer")],
        looks_like: &["A01", "E80", "F92"],
        words: "rollout race burst",
        tells_apart: "The refusals begin with the change and end within seconds. If they go on, it is A01.",
        fix: "PERMISSIVE first, look who still sends plaintext, then STRICT.",
        next: &[commands::DRY_RUN, commands::CONNECTIONS],
        sources: &["istio/istio#48290"],
        ..Row::EMPTY
    },
];
