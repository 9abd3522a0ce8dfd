//! What a DestinationRule tells a client proxy to do about TLS (Istio's `ClientTLSSettings`).

use std::fmt;

use crate::mesh::Source;

/// `trafficPolicy.tls.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientTlsMode {
    /// Plaintext. Also what `tls: {}` means: it is the enum's zero (reference/policy.md 3.1).
    Disable,
    /// TLS that verifies the server only.
    Simple,
    /// TLS with a client certificate from files.
    Mutual,
    /// Mesh mutual TLS with the workload's own certificate.
    IstioMutual,
}

impl ClientTlsMode {
    /// The spellings in documents; case matters.
    pub const SPELLINGS: [&'static str; 4] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];

    /// Reads a spelling.
    pub fn read(text: &str) -> Option<Self> {
        [Self::Disable, Self::Simple, Self::Mutual, Self::IstioMutual]
            .into_iter()
            .find(|mode| mode.spelling() == text)
    }

    /// As documents write it.
    pub fn spelling(self) -> &'static str {
        match self {
            Self::Disable => "DISABLE",
            Self::Simple => "SIMPLE",
            Self::Mutual => "MUTUAL",
            Self::IstioMutual => "ISTIO_MUTUAL",
        }
    }
}

impl fmt::Display for ClientTlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spelling())
    }
}

/// One `tls` block. The files are read when a connection uses them, not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTlsSettings {
    /// The mode; under DISABLE and ISTIO_MUTUAL everything below but `sni` is without effect.
    pub mode: ClientTlsMode,
    /// The server name to send; `None` sends the service's host name.
    pub sni: Option<String>,
    /// Names of which the server's certificate must have one; empty asks for none.
    pub subject_alt_names: Vec<String>,
    /// A PEM file of the roots to verify the server with; `None` does not verify it.
    pub ca_certificates: Option<String>,
    /// A PEM file with the client's certificate chain.
    pub client_certificate: Option<String>,
    /// A PEM file with its key.
    pub private_key: Option<String>,
    /// A Kubernetes Secret in place of the files.
    pub credential_name: Option<String>,
    /// Whether the server is not verified at all.
    pub insecure_skip_verify: bool,
    /// Where the block stands.
    pub source: Source,
}
