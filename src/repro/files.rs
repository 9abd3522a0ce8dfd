//! The files of the catalogue, in the order of their ids; a test holds this list against the folder.

/// The mesh of all entries.
pub(crate) const BASE: &str = include_str!("catalogue/base.yaml");

/// Name and text.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("A01-plaintext-to-strict.yaml", include_str!("catalogue/A01-plaintext-to-strict.yaml")),
    ("A02-app-https-to-strict.yaml", include_str!("catalogue/A02-app-https-to-strict.yaml")),
    ("A03-app-https-to-permissive.yaml", include_str!("catalogue/A03-app-https-to-permissive.yaml")),
    (
        "A04-plain-http-to-raw-tls-listener.yaml",
        include_str!("catalogue/A04-plain-http-to-raw-tls-listener.yaml"),
    ),
    ("A05-one-way-tls-no-client-cert.yaml", include_str!("catalogue/A05-one-way-tls-no-client-cert.yaml")),
    (
        "A06-mtls-client-to-plaintext-server.yaml",
        include_str!("catalogue/A06-mtls-client-to-plaintext-server.yaml"),
    ),
    (
        "A07-client-disable-vs-server-strict.yaml",
        include_str!("catalogue/A07-client-disable-vs-server-strict.yaml"),
    ),
    (
        "A08-rule-without-tls-block-resets-mtls.yaml",
        include_str!("catalogue/A08-rule-without-tls-block-resets-mtls.yaml"),
    ),
    (
        "A09-simple-tls-origination-to-mesh-port.yaml",
        include_str!("catalogue/A09-simple-tls-origination-to-mesh-port.yaml"),
    ),
    (
        "A10-mutual-instead-of-istio-mutual.yaml",
        include_str!("catalogue/A10-mutual-instead-of-istio-mutual.yaml"),
    ),
    ("A11-double-tls.yaml", include_str!("catalogue/A11-double-tls.yaml")),
    ("A12-strict-rollout-race.yaml", include_str!("catalogue/A12-strict-rollout-race.yaml")),
    (
        "A13-peerauth-selector-in-root-namespace-ignored.yaml",
        include_str!("catalogue/A13-peerauth-selector-in-root-namespace-ignored.yaml"),
    ),
    (
        "A14-peerauth-selector-matches-nothing.yaml",
        include_str!("catalogue/A14-peerauth-selector-matches-nothing.yaml"),
    ),
    (
        "A15-peerauth-service-port-instead-of-container-port.yaml",
        include_str!("catalogue/A15-peerauth-service-port-instead-of-container-port.yaml"),
    ),
    (
        "A17-portlevel-disable-under-unset-mode-ignored.yaml",
        include_str!("catalogue/A17-portlevel-disable-under-unset-mode-ignored.yaml"),
    ),
    ("A20-two-policies-oldest-wins.yaml", include_str!("catalogue/A20-two-policies-oldest-wins.yaml")),
    ("A21-disable-mode-in-ambient.yaml", include_str!("catalogue/A21-disable-mode-in-ambient.yaml")),
    ("B22-cert-expired.yaml", include_str!("catalogue/B22-cert-expired.yaml")),
    (
        "B23-cert-not-yet-valid-clock-skew.yaml",
        include_str!("catalogue/B23-cert-not-yet-valid-clock-skew.yaml"),
    ),
    ("B25-unknown-ca-different-root.yaml", include_str!("catalogue/B25-unknown-ca-different-root.yaml")),
    ("B26-wrong-root-same-subject.yaml", include_str!("catalogue/B26-wrong-root-same-subject.yaml")),
    ("B27-missing-intermediate.yaml", include_str!("catalogue/B27-missing-intermediate.yaml")),
    ("B28-bloated-or-wrong-chain.yaml", include_str!("catalogue/B28-bloated-or-wrong-chain.yaml")),
    ("B30-trust-domain-mismatch.yaml", include_str!("catalogue/B30-trust-domain-mismatch.yaml")),
    ("B31-trust-domain-alias-ignored.yaml", include_str!("catalogue/B31-trust-domain-alias-ignored.yaml")),
    ("B32-san-identity-mismatch.yaml", include_str!("catalogue/B32-san-identity-mismatch.yaml")),
    ("B33-spiffe-path-not-ns-sa.yaml", include_str!("catalogue/B33-spiffe-path-not-ns-sa.yaml")),
    ("B34-no-uri-san.yaml", include_str!("catalogue/B34-no-uri-san.yaml")),
    ("B35-two-uri-sans.yaml", include_str!("catalogue/B35-two-uri-sans.yaml")),
    ("B36-wrong-eku-leaf.yaml", include_str!("catalogue/B36-wrong-eku-leaf.yaml")),
    ("B37-eku-on-intermediate.yaml", include_str!("catalogue/B37-eku-on-intermediate.yaml")),
    ("B38-leaf-is-ca.yaml", include_str!("catalogue/B38-leaf-is-ca.yaml")),
    (
        "B41-root-rotation-without-overlap.yaml",
        include_str!("catalogue/B41-root-rotation-without-overlap.yaml"),
    ),
    ("C45-tls12-only-peer.yaml", include_str!("catalogue/C45-tls12-only-peer.yaml")),
    ("C46-no-common-cipher.yaml", include_str!("catalogue/C46-no-common-cipher.yaml")),
    ("C47-no-common-curve.yaml", include_str!("catalogue/C47-no-common-curve.yaml")),
    (
        "C48-hello-retry-extra-round-trip.yaml",
        include_str!("catalogue/C48-hello-retry-extra-round-trip.yaml"),
    ),
    ("C49-alpn-mismatch.yaml", include_str!("catalogue/C49-alpn-mismatch.yaml")),
    ("C50-alpn-absent-is-accepted.yaml", include_str!("catalogue/C50-alpn-absent-is-accepted.yaml")),
    ("C51-non-tls-bytes-starting-0x16.yaml", include_str!("catalogue/C51-non-tls-bytes-starting-0x16.yaml")),
    ("C52-slow-or-unfinished-hello.yaml", include_str!("catalogue/C52-slow-or-unfinished-hello.yaml")),
    ("C53-fragmented-hello.yaml", include_str!("catalogue/C53-fragmented-hello.yaml")),
    ("C54-oversize-hello.yaml", include_str!("catalogue/C54-oversize-hello.yaml")),
    (
        "C55-pq-large-hello-breaks-middle.yaml",
        include_str!("catalogue/C55-pq-large-hello-breaks-middle.yaml"),
    ),
    (
        "C56-tls-eof-without-close-notify.yaml",
        include_str!("catalogue/C56-tls-eof-without-close-notify.yaml"),
    ),
    ("C57-handshake-blackhole.yaml", include_str!("catalogue/C57-handshake-blackhole.yaml")),
    (
        "C58-server-first-protocol-vs-sniff.yaml",
        include_str!("catalogue/C58-server-first-protocol-vs-sniff.yaml"),
    ),
    ("C60-proxy-protocol-before-tls.yaml", include_str!("catalogue/C60-proxy-protocol-before-tls.yaml")),
    ("C61-proxy-protocol-into-app.yaml", include_str!("catalogue/C61-proxy-protocol-into-app.yaml")),
    ("D62-connect-wrong-method.yaml", include_str!("catalogue/D62-connect-wrong-method.yaml")),
    (
        "D63-connect-bad-authority-or-ip-mismatch.yaml",
        include_str!("catalogue/D63-connect-bad-authority-or-ip-mismatch.yaml"),
    ),
    ("D64-connect-401-shown-as-reset.yaml", include_str!("catalogue/D64-connect-401-shown-as-reset.yaml")),
    ("D65-connect-503-backend-down.yaml", include_str!("catalogue/D65-connect-503-backend-down.yaml")),
    ("D66-connect-503-unknown-host.yaml", include_str!("catalogue/D66-connect-503-unknown-host.yaml")),
    ("D67-tunnel-into-itself.yaml", include_str!("catalogue/D67-tunnel-into-itself.yaml")),
    (
        "D68-h2-client-to-http1-server-behind-tls.yaml",
        include_str!("catalogue/D68-h2-client-to-http1-server-behind-tls.yaml"),
    ),
    (
        "D69-late-client-auth-shown-as-h2-error.yaml",
        include_str!("catalogue/D69-late-client-auth-shown-as-h2-error.yaml"),
    ),
    ("D70-max-streams-queue-hang.yaml", include_str!("catalogue/D70-max-streams-queue-hang.yaml")),
    ("D71-max-streams-race-refused.yaml", include_str!("catalogue/D71-max-streams-race-refused.yaml")),
    ("D72-goaway-on-checkout.yaml", include_str!("catalogue/D72-goaway-on-checkout.yaml")),
    (
        "D73-graceful-drain-does-not-drain.yaml",
        include_str!("catalogue/D73-graceful-drain-does-not-drain.yaml"),
    ),
    ("D74-flow-control-stall.yaml", include_str!("catalogue/D74-flow-control-stall.yaml")),
    (
        "D76-stale-pooled-tunnel-ip-reuse.yaml",
        include_str!("catalogue/D76-stale-pooled-tunnel-ip-reuse.yaml"),
    ),
    ("D77-ping-timeout-noise.yaml", include_str!("catalogue/D77-ping-timeout-noise.yaml")),
    ("D78-pool-lock-head-of-line.yaml", include_str!("catalogue/D78-pool-lock-head-of-line.yaml")),
    ("E79-half-close-leak.yaml", include_str!("catalogue/E79-half-close-leak.yaml")),
    ("E80-rst-turns-into-fin.yaml", include_str!("catalogue/E80-rst-turns-into-fin.yaml")),
    ("E81-fin-turns-into-rst.yaml", include_str!("catalogue/E81-fin-turns-into-rst.yaml")),
    ("E82-idle-timeout-mismatch.yaml", include_str!("catalogue/E82-idle-timeout-mismatch.yaml")),
    ("E83-dead-peer-not-noticed.yaml", include_str!("catalogue/E83-dead-peer-not-noticed.yaml")),
    (
        "E86-connect-succeeds-though-app-is-down.yaml",
        include_str!("catalogue/E86-connect-succeeds-though-app-is-down.yaml"),
    ),
    ("F87-authz-denied-principal.yaml", include_str!("catalogue/F87-authz-denied-principal.yaml")),
    (
        "F88-authz-caller-has-no-identity.yaml",
        include_str!("catalogue/F88-authz-caller-has-no-identity.yaml"),
    ),
    (
        "F89-authz-sees-waypoint-identity.yaml",
        include_str!("catalogue/F89-authz-sees-waypoint-identity.yaml"),
    ),
    ("F90-l7-rule-without-waypoint.yaml", include_str!("catalogue/F90-l7-rule-without-waypoint.yaml")),
    (
        "F91-principal-written-with-spiffe-prefix.yaml",
        include_str!("catalogue/F91-principal-written-with-spiffe-prefix.yaml"),
    ),
    ("G93-probe-under-strict.yaml", include_str!("catalogue/G93-probe-under-strict.yaml")),
    (
        "G94-webhook-from-apiserver-under-strict.yaml",
        include_str!("catalogue/G94-webhook-from-apiserver-under-strict.yaml"),
    ),
    ("G95-ingress-outside-mesh.yaml", include_str!("catalogue/G95-ingress-outside-mesh.yaml")),
    ("G96-headless-or-pod-ip-direct.yaml", include_str!("catalogue/G96-headless-or-pod-ip-direct.yaml")),
    ("G97-port-15008-blocked.yaml", include_str!("catalogue/G97-port-15008-blocked.yaml")),
    (
        "G98-port-policy-bypassed-by-tunnel.yaml",
        include_str!("catalogue/G98-port-policy-bypassed-by-tunnel.yaml"),
    ),
    ("G99-node-local-blackhole.yaml", include_str!("catalogue/G99-node-local-blackhole.yaml")),
    ("G100-mtu-blackhole-large-certs.yaml", include_str!("catalogue/G100-mtu-blackhole-large-certs.yaml")),
    ("G101-not-captured-bypass.yaml", include_str!("catalogue/G101-not-captured-bypass.yaml")),
    ("G102-sidecar-ambient-mixing.yaml", include_str!("catalogue/G102-sidecar-ambient-mixing.yaml")),
    ("G105-no-healthy-upstream.yaml", include_str!("catalogue/G105-no-healthy-upstream.yaml")),
];
