//! What was found behind an address, with the evidence.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::time::nanoseconds;
use crate::probe::{Attempt, Cell, Probed, Shown};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeView {
    /// What was asked about, as it was typed.
    pub target: String,
    /// The address that was connected to.
    pub address: String,
    /// The workload of the running mesh at that address, `namespace/name`, if the target named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// `closed`, `unreachable`, `http`, `server-first`, `plaintext`, `mute`, `app-tls`, `client-certificate-tls`,
    /// `mesh-tls`, `mesh-port`, `hbone`, `refusing` or `unclear`.
    pub found: String,
    /// `certain`, `likely` or `cannot tell`.
    pub confidence: String,
    /// The same in one sentence.
    pub says: String,
    /// The modes that would do the same, as `STRICT`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
    /// The same, under whose semantics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behaves: Vec<CellView>,
    /// What they mean, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behaviour: Option<String>,
    /// The SPIFFE ID that the server showed; nobody verified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// What the finding rests on.
    pub because: Vec<String>,
    /// How many connections were made.
    pub connections: usize,
    /// The connections, in their order.
    pub evidence: Vec<AttemptView>,
    /// What would have told more, and was not tried for want of a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untried: Option<String>,
    /// What to do next.
    pub next: Vec<NextView>,
}

/// One cell of the modes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CellView {
    /// `istio` or `ztunnel`.
    pub semantics: String,
    /// `STRICT`, `PERMISSIVE` or `DISABLE`.
    pub mode: String,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// `raw`, `tls`, `tls-istio`, `tls-h2`, `mtls-istio`, `hbone` or `mtls`.
    pub trial: String,
    /// What was sent.
    pub sent: String,
    /// `dial`, `listen`, `handshake` or `answer`.
    pub phase: String,
    /// What came back, in one line.
    pub says: String,
    /// The number of the alert that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// The server's side of the handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ShownView>,
    /// From the beginning of the phase to its end.
    pub after_ns: u64,
}

/// What a TLS server showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownView {
    /// `TLSv1.3`.
    pub version: String,
    /// The cipher suite.
    pub suite: String,
    /// The application protocol that it chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// Whose certificate it says it is.
    pub name: String,
    /// Who signed it, as it says.
    pub issuer: String,
    /// Whether it asks for a client certificate.
    pub asks_for_certificate: bool,
    /// The CAs that it names when it asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_authorities: Vec<String>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextView {
    /// What for.
    pub to: String,
    /// The command.
    pub command: String,
}

impl ProbeView {
    /// What `probed` found at `address`; `target` is that address as the user named it.
    pub fn of(probed: &Probed, target: (&str, u16), address: String, workload: Option<String>) -> Self {
        let finding = &probed.finding;
        let (host, port) = target;
        let next = finding.next.iter().filter_map(|next| next.advice(target, workload.as_deref()));
        let next = next.map(|(to, command)| NextView { to: to.to_owned(), command }).collect();
        Self {
            target: if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") },
            address,
            workload,
            found: finding.kind.name().to_owned(),
            confidence: finding.confidence.to_string(),
            says: finding.says(),
            modes: finding.modes().iter().map(ToString::to_string).collect(),
            behaves: finding.behaves.iter().map(CellView::of).collect(),
            behaviour: finding.behaviour(),
            identity: finding.identity.clone(),
            because: finding.because.clone(),
            connections: probed.attempts.len(),
            evidence: probed.attempts.iter().map(AttemptView::of).collect(),
            untried: probed.untried.map(|trial| trial.sends().to_owned()),
            next,
        }
    }
}

impl CellView {
    fn of(cell: &Cell) -> Self {
        Self { semantics: cell.semantics.to_string(), mode: cell.mode.to_string() }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            trial: attempt.trial.name().to_owned(),
            sent: attempt.sent().to_owned(),
            phase: attempt.phase.name().to_owned(),
            says: attempt.says(),
            alert: attempt.alert().map(|alert| alert.number),
            server: attempt.shown.as_ref().map(ShownView::of),
            after_ns: nanoseconds(attempt.after),
        }
    }
}

impl ShownView {
    fn of(shown: &Shown) -> Self {
        Self {
            version: shown.version.clone(),
            suite: shown.suite.clone(),
            alpn: shown.alpn.clone(),
            name: shown.name.clone(),
            issuer: shown.issuer.clone(),
            asks_for_certificate: shown.asks.is_some(),
            certificate_authorities: shown.asks.clone().unwrap_or_default(),
        }
    }
}

impl Kind for ProbeView {
    const KIND: &'static str = "Probe";
}
