//! The files of the catalogue, in the order of their ids; a test holds this list against the folder.

/// The mesh of all entries.
pub(crate) const BASE: &str = include_str!("catalogue/base.yaml");

/// Name and text.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("A01-plaintext-to-strict.yaml", include_str!("catalogue/A01-plaintext-to-strict.yaml")),
    ("A02-app-https-to-strict.yaml", include_str!("catalogue/A02-app-https-to-strict.yaml")),
    (
        "A04-plain-http-to-raw-tls-listener.yaml",
        include_str!("catalogue/A04-plain-http-to-raw-tls-listener.yaml"),
    ),
    ("A05-one-way-tls-no-client-cert.yaml", include_str!("catalogue/A05-one-way-tls-no-client-cert.yaml")),
    ("B22-cert-expired.yaml", include_str!("catalogue/B22-cert-expired.yaml")),
    (
        "B23-cert-not-yet-valid-clock-skew.yaml",
        include_str!("catalogue/B23-cert-not-yet-valid-clock-skew.yaml"),
    ),
    ("B25-unknown-ca-different-root.yaml", include_str!("catalogue/B25-unknown-ca-different-root.yaml")),
    ("B26-wrong-root-same-subject.yaml", include_str!("catalogue/B26-wrong-root-same-subject.yaml")),
    ("B27-missing-intermediate.yaml", include_str!("catalogue/B27-missing-intermediate.yaml")),
    ("B30-trust-domain-mismatch.yaml", include_str!("catalogue/B30-trust-domain-mismatch.yaml")),
    ("B32-san-identity-mismatch.yaml", include_str!("catalogue/B32-san-identity-mismatch.yaml")),
    ("B34-no-uri-san.yaml", include_str!("catalogue/B34-no-uri-san.yaml")),
    ("B35-two-uri-sans.yaml", include_str!("catalogue/B35-two-uri-sans.yaml")),
    ("B36-wrong-eku-leaf.yaml", include_str!("catalogue/B36-wrong-eku-leaf.yaml")),
    (
        "D63-connect-bad-authority-or-ip-mismatch.yaml",
        include_str!("catalogue/D63-connect-bad-authority-or-ip-mismatch.yaml"),
    ),
    ("D64-connect-401-shown-as-reset.yaml", include_str!("catalogue/D64-connect-401-shown-as-reset.yaml")),
    ("D65-connect-503-backend-down.yaml", include_str!("catalogue/D65-connect-503-backend-down.yaml")),
    ("D66-connect-503-unknown-host.yaml", include_str!("catalogue/D66-connect-503-unknown-host.yaml")),
    ("D67-tunnel-into-itself.yaml", include_str!("catalogue/D67-tunnel-into-itself.yaml")),
    ("F87-authz-denied-principal.yaml", include_str!("catalogue/F87-authz-denied-principal.yaml")),
    ("G105-no-healthy-upstream.yaml", include_str!("catalogue/G105-no-healthy-upstream.yaml")),
];
