//! What can be wrong with a certificate before anybody meets it, and which stacks refuse it: one table.
//!
//! What OpenSSL, Go and Envoy do is held against them in `tests/it/stacks.rs`, in both roles and with their own words up to the
//! first comma. What ztunnel (rustls) and go-spiffe do is from their sources (reference/failures.md B), and so are keys that are too
//! small or too large, and keys that do not fit; our own verifier's part is in `src/tls/accepts/tests.rs`.

use std::fmt;

use crate::analyze::level::Level;

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct CertificateRule {
    /// What people call it.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Who refuses it.
    pub refused_by: &'static [Refusal],
    /// What to do.
    pub fix: &'static str,
}

/// A stack that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub stack: &'static str,
    /// When.
    pub when: When,
    /// With which words.
    pub how: &'static str,
}

/// When a stack refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Whoever shows it.
    Always,
    /// A client shows it.
    FromClient,
    /// A server shows it.
    FromServer,
    /// Its owner loads it.
    AtStart,
    /// With an option that is off by default.
    WithOption(&'static str),
}

impl Refusal {
    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, when, how } = self;
        match when {
            When::Always => write!(f, "{stack}: {how}"),
            When::FromClient => write!(f, "{stack}, from a client: {how}"),
            When::FromServer => write!(f, "{stack}, from a server: {how}"),
            When::AtStart => write!(f, "{stack}, when its owner starts: {how}"),
            When::WithOption(option) => write!(f, "{stack}, with {option}: {how}"),
        }
    }
}

const fn error(id: &'static str, refused_by: &'static [Refusal], fix: &'static str) -> CertificateRule {
    CertificateRule { id, level: Level::Error, refused_by, fix }
}

const fn warning(id: &'static str, refused_by: &'static [Refusal], fix: &'static str) -> CertificateRule {
    CertificateRule { id, level: Level::Warning, refused_by, fix }
}

const fn info(id: &'static str, refused_by: &'static [Refusal], fix: &'static str) -> CertificateRule {
    CertificateRule { id, level: Level::Info, refused_by, fix }
}

const fn rustls(how: &'static str) -> Refusal {
    Refusal { stack: "ztunnel (rustls)", when: When::Always, how }
}

const fn envoy(how: &'static str) -> Refusal {
    Refusal { stack: "Envoy (BoringSSL)", when: When::Always, how }
}

const fn openssl(how: &'static str) -> Refusal {
    Refusal { stack: "OpenSSL", when: When::Always, how }
}

const fn go(how: &'static str) -> Refusal {
    Refusal { stack: "Go", when: When::Always, how }
}

const fn go_spiffe(how: &'static str) -> Refusal {
    Refusal { stack: "go-spiffe", when: When::Always, how }
}

const fn ours(how: &'static str) -> Refusal {
    Refusal { stack: "glasstunnel", when: When::Always, how }
}

const ISSUE_ONE_URI: &str = "issue a certificate with exactly one URI SAN, the SPIFFE ID";
const ISSUE_LEAF: &str = "issue workloads a leaf: CA:FALSE, keyUsage digitalSignature and keyEncipherment";
const BOTH_PURPOSES: &str = "issue with both serverAuth and clientAuth, or without extended key usage";
const CA_PURPOSE: &str = "issue CAs without extended key usage: it limits every certificate below";
const RENEW: &str = "renew it, and find out why that did not happen by itself";

pub(crate) static NO_URI_SAN: CertificateRule = error(
    "no-uri-san",
    &[
        rustls("SanTrustDomainError with an empty list; the peer hears certificate_unknown"),
        envoy("SAN matcher, as Istio sets it up"),
        go_spiffe("no URI SAN"),
    ],
    ISSUE_ONE_URI,
);
pub(crate) static NO_NAME: CertificateRule = error(
    "no-name",
    &[
        rustls("SanTrustDomainError with an empty list; the peer hears certificate_unknown"),
        envoy("Invalid TLS context has neither subject CN nor SAN names").when(When::AtStart),
        go_spiffe("no URI SAN"),
    ],
    ISSUE_ONE_URI,
);
pub(crate) static SEVERAL_URI_SANS: CertificateRule = error(
    "several-uri-sans",
    &[
        ours("exactly one URI SAN (X509-SVID §2); ztunnel lets it pass and takes the first for the identity"),
        go_spiffe("more than one URI SAN"),
    ],
    ISSUE_ONE_URI,
);
pub(crate) static NOT_ISTIO: CertificateRule = error(
    "not-istio-id",
    &[rustls("skips the name and finds no identity"), ours("the same")],
    "name workloads spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT",
);
pub(crate) static LEAF_IS_CA: CertificateRule =
    error("leaf-is-ca", &[rustls("CaUsedAsEndEntity"), go_spiffe("a leaf must not be a CA")], ISSUE_LEAF);
pub(crate) static LEAF_MAY_SIGN: CertificateRule = error(
    "leaf-may-sign",
    &[
        ours("X509-SVID §4.3; ztunnel does not look at keyUsage"),
        go_spiffe("keyCertSign or cRLSign on a leaf"),
    ],
    ISSUE_LEAF,
);
pub(crate) static NO_CLIENT_AUTH: CertificateRule = error(
    "no-client-auth",
    &[
        rustls("unsupported_certificate (43)").when(When::FromClient),
        envoy("unsupported certificate purpose").when(When::FromClient),
        openssl("unsuitable certificate purpose").when(When::FromClient),
        go("certificate specifies an incompatible key usage").when(When::FromClient),
    ],
    BOTH_PURPOSES,
);
pub(crate) static NO_SERVER_AUTH: CertificateRule = error(
    "no-server-auth",
    &[
        rustls("unsupported_certificate (43)").when(When::FromServer),
        envoy("unsupported certificate purpose").when(When::FromServer),
        openssl("unsuitable certificate purpose").when(When::FromServer),
        go("certificate specifies an incompatible key usage").when(When::FromServer),
    ],
    BOTH_PURPOSES,
);
pub(crate) static NO_DIGITAL_SIGNATURE: CertificateRule = warning(
    "no-digital-signature",
    &[
        envoy("KEY_USAGE_BIT_INCORRECT").when(When::AtStart),
        openssl("unsuitable certificate purpose").when(When::FromClient),
    ],
    ISSUE_LEAF,
);
pub(crate) static EXPIRED: CertificateRule = error(
    "expired",
    &[
        rustls("certificate_expired (45)"),
        envoy("certificate has expired"),
        openssl("certificate has expired"),
        go("certificate has expired or is not yet valid"),
    ],
    RENEW,
);
pub(crate) static NOT_YET_VALID: CertificateRule = error(
    "not-yet-valid",
    &[
        rustls("certificate_expired (45), though it is too early"),
        envoy("certificate is not yet valid"),
        openssl("certificate is not yet valid"),
        go("certificate has expired or is not yet valid"),
    ],
    "compare the issuer's clock with this machine's",
);
pub(crate) static EXPIRED_ROOT: CertificateRule = error(
    "expired-root",
    &[
        envoy("certificate has expired"),
        openssl("certificate has expired"),
        go("certificate has expired or is not yet valid"),
    ],
    "rotate the root: ztunnel (rustls) does not look at a root's dates, so that it works until a stricter peer comes",
);
pub(crate) static EXPIRES_SOON: CertificateRule = warning("expires-soon", &[], "renew it now");
pub(crate) static NAMES_NOT_CRITICAL: CertificateRule = info(
    "names-not-critical",
    &[openssl("empty subject, names not critical (RFC 5280 §4.2.1.6)")
        .when(When::WithOption("-x509_strict"))],
    "mark the subject alternative names critical where the subject is empty",
);
pub(crate) static LONG_LIVED: CertificateRule = info(
    "long-lived",
    &[],
    "let workload certificates live for hours: istiod issues none for longer than 90 days, and revocation is rare",
);
pub(crate) static NOT_A_CA: CertificateRule = error(
    "not-a-ca",
    &[
        rustls("as an intermediate: UnknownIssuer"),
        envoy("invalid CA certificate"),
        openssl("invalid CA certificate"),
        go("parent certificate cannot sign this kind of certificate"),
    ],
    "issue it with basicConstraints CA:TRUE",
);
pub(crate) static CA_MAY_NOT_SIGN: CertificateRule = error(
    "ca-may-not-sign",
    &[
        envoy("unable to get local issuer certificate"),
        openssl("key usage does not include certificate signing"),
        go("parent certificate cannot sign this kind of certificate"),
    ],
    "add keyCertSign to its key usage; ztunnel (rustls) does not look, others do",
);
pub(crate) static CA_NO_CLIENT_AUTH: CertificateRule = error(
    "ca-no-client-auth",
    &[
        rustls("unsupported_certificate (43), for all below it").when(When::FromClient),
        envoy("unsupported certificate purpose, for all below it").when(When::FromClient),
        openssl("unsuitable certificate purpose, for all below it").when(When::FromClient),
        go("certificate specifies an incompatible key usage, for all below it").when(When::FromClient),
    ],
    CA_PURPOSE,
);
pub(crate) static CA_NO_SERVER_AUTH: CertificateRule = error(
    "ca-no-server-auth",
    &[
        rustls("unsupported_certificate (43), for all below it").when(When::FromServer),
        envoy("unsupported certificate purpose, for all below it").when(When::FromServer),
        openssl("unsuitable certificate purpose, for all below it").when(When::FromServer),
        go("certificate specifies an incompatible key usage, for all below it").when(When::FromServer),
    ],
    CA_PURPOSE,
);
pub(crate) static ROOT_NOT_SELF_SIGNED: CertificateRule = warning(
    "root-not-self-signed",
    &[openssl("unable to get issuer certificate, unless -partial_chain is given")],
    "trust the root above it, or know that only some stacks take an intermediate for a root",
);
pub(crate) static SAME_NAME_ROOTS: CertificateRule = warning(
    "same-name-roots",
    &[],
    "give each CA a name of its own: a log says `bad signature` where it should say `unknown issuer`; compare key ids",
);
pub(crate) static NO_PATH: CertificateRule = error(
    "no-path",
    &[
        rustls(
            "UnknownIssuer, unknown_ca (48); BadSignature, decrypt_error (51) if a root has the name and another key",
        ),
        envoy("unable to get local issuer certificate"),
        openssl(
            "unable to get local issuer certificate; certificate signature failure if a root has the name",
        ),
        go("certificate signed by unknown authority"),
    ],
    "send what lies between, or trust the root that it leads to: compare key ids, not names",
);
pub(crate) static OTHER_TRUST_DOMAIN: CertificateRule = error(
    "other-trust-domain",
    &[
        rustls("SanTrustDomainError; the peer hears certificate_unknown (46)"),
        envoy("SAN matcher, as Istio sets it up"),
    ],
    "issue it in the mesh's trust domain, or name the other one in trustDomainAliases",
);
pub(crate) static DUPLICATE: CertificateRule =
    warning("duplicate", &[], "keep one of the two: it is sent with every handshake");
pub(crate) static ROOT_SENT: CertificateRule = warning(
    "root-sent",
    &[],
    "send leaf and intermediates only: whoever trusts the root has it, whoever does not will not believe it",
);
pub(crate) static CHAIN_ORDER: CertificateRule = warning(
    "chain-order",
    &[],
    "put each certificate behind the one that it signed (RFC 8446 §4.4.2); the leaf must be the first",
);
pub(crate) static LONG_CHAIN: CertificateRule = error(
    "long-chain",
    &[rustls("follows six intermediates and no more")],
    "shorten the chain; every handshake carries it",
);
pub(crate) static WEAK_RSA: CertificateRule = error(
    "weak-rsa",
    &[rustls("takes 2048 bits and more"), openssl("at security level 2: EE key too small")],
    "use ECDSA P-256 as Istio does, or RSA 2048 to 4096",
);
pub(crate) static HUGE_RSA: CertificateRule = error(
    "huge-rsa",
    &[rustls("takes 8192 bits and less"), go("certificate containing RSA key larger than 8192 bits")],
    "use ECDSA P-256 as Istio does, or RSA 2048 to 4096",
);
pub(crate) static ED25519: CertificateRule = warning(
    "ed25519",
    &[envoy("loads RSA and ECDSA certificates only").when(When::AtStart)],
    "use ECDSA P-256 as Istio does",
);
pub(crate) static KEY_MISMATCH: CertificateRule = error(
    "key-mismatch",
    &[
        rustls("keys may not be consistent").when(When::AtStart),
        envoy("KEY_VALUES_MISMATCH").when(When::AtStart),
        openssl("key values mismatch").when(When::AtStart),
        go("private key does not match public key").when(When::AtStart),
    ],
    "put the key beside the certificate that was issued for it",
);
