//! What the client sends against what the server demands: plaintext, TLS, mesh mTLS.

use crate::knowledge::commands;
use crate::knowledge::row::By::{App, Curl, Envoy, Glasstunnel, Go, Java, Node, OpenSsl, Rustls, Ztunnel};
use crate::knowledge::row::{Area, MEASURED, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "A01",
        name: "plaintext-to-strict",
        area: Area::Policy,
        title: "Plaintext reaches a port that demands mesh mTLS",
        story: "The caller has no mesh identity, because it is outside the mesh or its proxy was bypassed, and \
            STRICT refuses whoever has none.",
        confusing: "Nothing at the caller speaks of TLS or of a policy: the refusal is a bare reset, and the \
            source's side logs nothing at all.",
        seen: &[
            shared(Curl, "curl: (56) Recv failure: Connection reset by peer"),
            shared(Curl, "curl: (52) Empty reply from server"),
            shared(Curl, "curl: (56)"),
            shared(Curl, "curl: (52)"),
            shared(App, "Connection reset by peer"),
            shared(App, "Connection reset by peer (os error 104)"),
            shared(App, "ECONNRESET"),
            shared(App, "errno 104"),
            shared(Go, "read: connection reset by peer"),
            shared(Java, "java.net.SocketException: Connection reset"),
            only(Envoy, "NR filter_chain_not_found"),
            shared(Envoy, "filter_chain_not_found"),
            shared(
                Envoy,
                "upstream connect error or disconnect/reset before headers … connection termination",
            ),
            only(Ztunnel, "explicitly denied by: istio-system/istio_converted_static_strict"),
            only(Glasstunnel, "STRICT from … refuses plaintext"),
        ],
        flags: &["DENY", "NR"],
        codes: &["peer_auth.strict_refuses_plaintext"],
        looks_like: &["E80"],
        words: "strict plaintext",
        tells_apart: "The destination's log has the caller's address and no src.identity, and the source has no \
            line. With a src.identity it is an AuthorizationPolicy instead (F87); if the port was meant to \
            be exempt, see A15 to A18.",
        fix: "Put the caller in the mesh; or PERMISSIVE while you migrate; or an exception for that one \
            workload port.",
        next: &[commands::EXPLAIN, commands::FORESEE, commands::DRY_RUN],
        sources: &[
            "istio/istio#43505",
            "istio/istio#27169",
            "istio/community#1435",
            "istio/istio pilot ambient/authorization.go",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "A02",
        name: "app-https-to-strict",
        area: Area::Policy,
        title: "The application's own HTTPS reaches a STRICT port",
        story: "STRICT means a mesh certificate, and not merely encryption: a client whose own HTTPS arrives \
            at the port is as anonymous as plaintext.",
        confusing: "The bytes are encrypted, so that STRICT seems to be satisfied.",
        seen: &[
            only(Curl, "curl: (35) Recv failure: Connection reset by peer"),
            shared(Curl, "SSL_ERROR_SYSCALL"),
            shared(Curl, "curl: (35)"),
        ],
        flags: &["DENY", "NR"],
        codes: &["peer_auth.strict_refuses_plaintext", "tls.reset"],
        looks_like: &["A05"],
        words: "https strict",
        tells_apart: "Look at the certificate that the client was shown: the app's own name means that the bytes \
            were passed through or refused, a SPIFFE URI means that the proxy answered the handshake \
            itself.",
        fix: "Enrol the client, so that its TLS rides inside HBONE; or make that port PERMISSIVE.",
        next: &[commands::FORESEE_TLS, commands::INSPECT, commands::PROBE],
        sources: &["istio/istio#40680", "istio/istio#52874", "istio/istio#31297"],
        ..Row::EMPTY
    },
    Row {
        id: "A03",
        name: "app-https-to-permissive",
        area: Area::Policy,
        title: "A PERMISSIVE sidecar takes the application's HTTPS for mesh TLS",
        story: "First bytes say TLS, and the proxy must still tell mesh TLS from the application's; Istio does \
            so by the ALPN names that begin with istio, and older chains got the rest wrong.",
        confusing: "Whether it works depends on the client's ALPN: none, http/1.1 and h2 end in three different \
            ways.",
        seen: &[shared(Envoy, "filter_chain_not_found")],
        looks_like: &["A05"],
        words: "alpn permissive https",
        tells_apart: "Print the sniffed ALPN and the chain that was chosen. curl with --no-alpn, --http1.1 and \
            neither gives three answers; in ambient all of them pass untouched.",
        fix: "Upgrade; the mesh's own ALPN names alone may mean mesh TLS, everything else passes through.",
        next: &[commands::FORESEE_TLS, commands::PROBE],
        sources: &[
            "istio/istio#29538",
            "istio/istio#31297",
            "istio/istio#31774",
            "istio/istio#6384",
            "istio/istio.io#4256",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "A04",
        name: "plain-http-to-raw-tls-listener",
        area: Area::Policy,
        title: "Plain HTTP reaches a listener that speaks nothing but TLS",
        story: "Someone called 15008, or another port without sniffing, with http://.",
        confusing: "curl complains about HTTP/0.9: the seven bytes of a TLS alert look like an answer to it.",
        seen: &[
            only(Curl, "Received HTTP/0.9 when not allowed"),
            only(Curl, "curl: (1)"),
            only(Envoy, "OPENSSL_internal:HTTP_REQUEST"),
            only(Envoy, "268435612"),
            only(OpenSsl, "SSL routines … http request"),
            shared(Rustls, "received corrupt message of type InvalidContentType"),
            only(Node, "Parse Error: Expected HTTP/"),
            shared(Glasstunnel, "expected TLS, found bytes that begin with"),
        ],
        alerts: &[50],
        codes: &["tls.not_tls"],
        tells_apart: "The first bytes that the server got are text: 47 45 54 20 is \"GET \". `trace` shows them.",
        fix: "Call the service's port, not the tunnel's; if a redirect was meant to lead there, it is \
            missing.",
        next: &[commands::TRACE, commands::PROBE],
        sources: &["istio/istio#26922", MEASURED],
        ..Row::EMPTY
    },
    Row {
        id: "A05",
        name: "one-way-tls-no-client-cert",
        area: Area::Policy,
        title: "The client trusts the server and shows no certificate itself",
        story: "Mutual TLS needs a certificate from both sides; the client (DestinationRule SIMPLE, a gateway, \
            `curl -k`) offered none.",
        confusing: "In TLS 1.3 the client's handshake succeeds: the refusal comes with its first read, and three \
            times in four only as a reset or errno 107.",
        seen: &[
            shared(OpenSsl, "tlsv13 alert certificate required"),
            only(Rustls, "peer sent no certificates"),
            only(Rustls, "NoCertificatesPresented"),
            shared(Envoy, "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
            only(OpenSsl, "peer did not return a certificate"),
            only(Go, "tls: client didn't provide a certificate"),
            shared(Curl, "errno 107"),
            shared(Curl, "curl: (55)"),
            rarely(Curl, "curl: (56)"),
            rarely(Curl, "curl: (56) Recv failure: Connection reset by peer"),
            only(Glasstunnel, "expected a client certificate, found none"),
        ],
        alerts: &[116],
        flags: &["TLS_FAILURE"],
        codes: &["tls.no_certificate", "tls.refused_certificate_required"],

        words: "certificate_required",
        tells_apart: "Only the server knows: it counts no certificate from the client. errno 107 and a reset look \
            the same for an expired, foreign or missing certificate; `certs verify` or the server's log \
            decides.",
        fix: "ISTIO_MUTUAL, or enrol the client; or end the TLS somewhere that does not ask for a \
            certificate.",
        next: &[
            commands::TRACE,
            "curl --cert cert-chain.pem --key key.pem --cacert root-cert.pem --http1.1 --no-alpn https://HOST:PORT/",
            commands::PROBE,
        ],
        sources: &[
            "istio/istio#29107",
            "envoyproxy/envoy#615",
            "layer5io/istio-service-mesh-workshop#25",
            MEASURED,
        ],
        ..Row::EMPTY
    },
    Row {
        id: "A06",
        name: "mtls-client-to-plaintext-server",
        area: Area::Policy,
        title: "A client that speaks mTLS meets a server that does not",
        story: "The client's side takes the peer for a member of the mesh, and it is none: headless service, \
            VM, pass-through load balancer, missing injection.",
        seen: &[
            shared(Envoy, "WRONG_VERSION_NUMBER"),
            shared(Envoy, "268435703"),
            shared(OpenSsl, "wrong version number"),
            shared(Rustls, "received corrupt message of type InvalidContentType"),
            only(Go, "first record does not look like a TLS handshake"),
            only(Java, "Unsupported or unrecognized SSL message"),
            only(Node, "EPROTO … wrong version number"),
            shared(Glasstunnel, "expected TLS, found bytes that begin with"),
        ],
        flags: &["UF"],
        codes: &["tls.not_tls"],
        looks_like: &["A04"],
        words: "headless passthrough vm",
        tells_apart: "The server's first bytes are no TLS: 48 54 54 50 is \"HTTP\". The same text also comes when \
            one TLS layer too many is taken off (A11) or a PROXY header precedes the hello (C60): look at \
            the bytes.",
        fix: "Say per endpoint who speaks TLS; DISABLE for this destination.",
        next: &[commands::PROBE, commands::TRACE, "openssl s_client -connect HOST:PORT"],
        sources: &[
            "istio/istio#23673",
            "istio/istio#35870",
            "istio/istio#23494",
            "istio/istio#25062",
            "envoyproxy/envoy#17361",
            "openservicemesh/osm#4820",
        ],
        ..Row::EMPTY
    },
];
