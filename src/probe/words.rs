//! What people read: a finding, an attempt and a next step as sentences.

use std::fmt;
use std::time::Duration;

use crate::mesh::Semantics;
use crate::policy::MtlsMode;
use crate::probe::attempt::{Attempt, End, Phase, Shown, Trial};
use crate::probe::finding::{Cell, Confidence, Finding, Kind, Next};
use crate::tls::Alert;

impl Kind {
    /// One word, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Unreachable => "unreachable",
            Self::Http => "http",
            Self::ServerFirst => "server-first",
            Self::Plaintext => "plaintext",
            Self::Mute => "mute",
            Self::AppTls => "app-tls",
            Self::ClientTls => "client-certificate-tls",
            Self::MeshTls => "mesh-tls",
            Self::Sniffing => "mesh-port",
            Self::Hbone => "hbone",
            Self::Refusing => "refusing",
            Self::Unclear => "unclear",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Closed => "nothing listens there",
            Self::Unreachable => "it cannot be reached",
            Self::Http => "an HTTP server in plaintext",
            Self::ServerFirst => "a server in plaintext that speaks first",
            Self::Plaintext => "a server in plaintext",
            Self::Mute => "something that takes connections and says nothing",
            Self::AppTls => "an application's own TLS",
            Self::ClientTls => "TLS with client certificates",
            Self::MeshTls => "mutual TLS of a mesh",
            Self::Sniffing => "a mesh port: a sidecar, or a captured port that terminates mesh mTLS",
            Self::Hbone => "an HBONE door, where a mesh takes its tunnels",
            Self::Refusing => "a port that cuts everything",
            Self::Unclear => "something unclear",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::CannotTell => "cannot tell",
        })
    }
}

impl Finding {
    /// What is there, in one sentence.
    pub fn says(&self) -> String {
        format!("{} ({})", self.kind.says(), self.confidence)
    }

    /// The mode that it behaves like, in one sentence; `None` when modes do not come into it.
    pub fn behaviour(&self) -> Option<String> {
        let istio: Vec<MtlsMode> = self.modes_of(Semantics::Istio);
        let ztunnel: Vec<MtlsMode> = self.modes_of(Semantics::Ztunnel);
        Some(match (self.kind, istio.as_slice(), ztunnel.as_slice()) {
            (_, [], []) => return None,
            (Kind::Hbone, _, ztunnel) if istio.len() == ztunnel.len() => {
                "cannot be told here: an AuthorizationPolicy refuses under any mode, and DISABLE refuses tunnels".to_owned()
            }
            (Kind::Hbone, ..) => "STRICT or PERMISSIVE; under ztunnel's semantics any mode".to_owned(),
            (Kind::Refusing, [_, ..], _) => {
                "cannot be told: STRICT of a ztunnel, or a server that closes on what it does not understand".to_owned()
            }
            (_, [MtlsMode::Strict], []) => "STRICT: mesh mTLS, and nothing else".to_owned(),
            (_, [MtlsMode::Permissive], []) => "PERMISSIVE: mesh mTLS, or whatever the application takes".to_owned(),
            (_, [MtlsMode::Disable], []) => "DISABLE: whatever the application takes, and no mesh mTLS".to_owned(),
            (_, [], [MtlsMode::Strict]) => "STRICT as a ztunnel enforces it: nothing at the port itself, only tunnels".to_owned(),
            (_, [], _) => "none that would show: no mesh, PERMISSIVE or DISABLE of a ztunnel, DISABLE of a sidecar".to_owned(),
            (_, istio, _) => istio.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
        })
    }

    fn modes_of(&self, semantics: Semantics) -> Vec<MtlsMode> {
        self.behaves.iter().filter(|cell| cell.semantics == semantics).map(|cell| cell.mode).collect()
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} under semantics {}", self.mode, self.semantics)
    }
}

impl Next {
    /// What to do about `host` and `port`, which are `workload`'s if the running mesh knows it: a few words, and the command.
    /// `None` when there is no such thing to do there.
    pub fn advice(self, (host, port): (&str, u16), workload: Option<&str>) -> Option<(&'static str, String)> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let at = format!("{host}:{port}");
        Some(match self {
            Self::Listening => ("see what listens there", format!("ss -ltn 'sport = :{port}'")),
            Self::Route => ("see whether there is a way", format!("ip route get {host}")),
            Self::Certificate => ("show it a certificate", format!("glasstunnel probe {at} --from WORKLOAD")),
            Self::Authority => {
                let command = format!("glasstunnel probe {at} --from WORKLOAD --authority ADDRESS:PORT");
                ("ask for an address behind it", command)
            }
            Self::TunnelDoor => ("is there a tunnel door", format!("glasstunnel probe {host}:15008")),
            Self::Inspect => ("read its certificate", format!("glasstunnel certs inspect {at} --alpn none")),
            Self::Explain => match workload {
                Some(_) => ("see which policy decides", format!("glasstunnel explain --from WHO --to {at}")),
                None => ("see which policies there are", "kubectl get peerauthentication -A".to_owned()),
            },
            Self::Rehearse => {
                ("see who would break under STRICT", format!("glasstunnel strict {} --dry-run", workload?))
            }
            Self::Verify => {
                ("see why a certificate is refused", "glasstunnel certs verify SERVER/ CLIENT/".to_owned())
            }
            Self::Patience => ("wait longer", format!("glasstunnel probe {at} --timeout 10s")),
        })
    }
}

impl Trial {
    /// What it sends.
    pub fn sends(self) -> &'static str {
        match self {
            Self::Raw => "nothing at first, then OPTIONS * in plaintext",
            Self::Tls => "a ClientHello without ALPN",
            Self::Sidecar => "a ClientHello with ALPN istio-peer-exchange, istio",
            Self::H2 => "a ClientHello with ALPN h2",
            Self::SidecarMtls => "ALPN istio-peer-exchange, istio, our certificate, then OPTIONS *",
            Self::Hbone => "ALPN h2, our certificate, then a CONNECT",
            Self::Mtls => "our certificate without ALPN, then OPTIONS *",
        }
    }
}

impl Attempt {
    /// What was sent, as far as it came to that.
    pub fn sent(&self) -> &'static str {
        match self.phase {
            Phase::Dial | Phase::Listen => "nothing",
            Phase::Handshake | Phase::Answer => self.trial.sends(),
        }
    }

    /// What came back, in one line.
    pub fn says(&self) -> String {
        let ended = format!("{} after {}", self.ended_text(), took(self.after));
        match &self.shown {
            Some(shown) if self.end == End::Enough => shown.says(),
            Some(shown) => format!("{}; then {ended}", shown.says()),
            None => ended,
        }
    }

    fn ended_text(&self) -> String {
        let when = match self.phase {
            Phase::Listen => " before anything was sent",
            Phase::Handshake => " in the handshake",
            Phase::Dial | Phase::Answer => "",
        };
        match (&self.end, self.phase) {
            (End::Reset, Phase::Dial) => "connection refused".to_owned(),
            (End::Silent, Phase::Dial) => "no answer to the attempt to connect".to_owned(),
            (End::Enough, _) => "what was wanted".to_owned(),
            (End::Answered, _) => format!("{}{when}", first_line(&self.bytes)),
            (End::Status(status), _) => format!("status {status}"),
            (End::Closed, _) => format!("FIN{when}"),
            (End::Reset, _) => format!("RST{when}"),
            (End::Silent, _) => format!("nothing{when}"),
            (End::Alert(alert), _) => format!("alert {alert}{when}"),
            (End::NotTls { first }, _) => format!("no TLS: {first}"),
            (End::Echoed, _) => "our own ClientHello".to_owned(),
            (End::Failed { problem }, _) => problem.clone(),
        }
    }
}

impl Shown {
    fn says(&self) -> String {
        let alpn =
            self.alpn.as_deref().map(|alpn| format!(", ALPN {}", alpn.escape_debug())).unwrap_or_default();
        let asks = match self.asks.as_deref() {
            None => "asks for no certificate".to_owned(),
            Some([]) => "asks for a certificate".to_owned(),
            Some(names) => format!("asks for a certificate of {}", names.join(" or ").escape_debug()),
        };
        format!("{}{alpn}, {}, {asks}", self.version, self.name.escape_debug())
    }
}

/// The first line as text, or what it is if it is no text.
fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    match bytes {
        // RFC 8446 §6: type, version, length 2, level, description.
        [0x15, 3, _, 0, 2, _, number, ..] => format!("the TLS alert {}", Alert::of(*number)),
        _ => format!("\"{}\"", line.escape_ascii()),
    }
}

/// Whole milliseconds: a probe measures no performance.
fn took(after: Duration) -> String {
    match after.as_millis() {
        0 => "less than 1 ms".to_owned(),
        milliseconds @ 1..=999 => format!("{milliseconds} ms"),
        milliseconds => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
    }
}
