//! [`Row`]: one failure, what each stack says about it, and what to do.

use std::fmt;

/// The source of what was measured with the stacks themselves.
pub(crate) const MEASURED: &str = "measured with rustls 0.23, OpenSSL 3.0, h2 0.4 and curl 7.88";

/// One failure.
#[derive(Debug)]
pub struct Row {
    /// A letter for the area and the number in the catalogue: `B25`. It never changes.
    pub id: &'static str,
    /// The same in words: `unknown-ca-different-root`.
    pub name: &'static str,
    /// Where it belongs.
    pub area: Area,
    /// What it is, in one line without a full stop.
    pub title: &'static str,
    /// What happened, and why.
    pub story: &'static str,
    /// Why people are led astray; empty where they are not.
    pub confusing: &'static str,
    /// What is seen of it, in the words of whoever says it.
    pub seen: &'static [Seen],
    /// The TLS alerts that the refused side is sent.
    pub alerts: &'static [u8],
    /// The response flags of access logs and metrics, ztunnel's and Envoy's.
    pub flags: &'static [&'static str],
    /// Our own error codes, [`crate::reason::Reason::code`].
    pub codes: &'static [&'static str],
    /// Rows whose symptoms it may show, because it ends as they do: they come first for those, and it behind them.
    pub looks_like: &'static [&'static str],
    /// Words that a person would use of it, lower-case, with blanks between them.
    pub words: &'static str,
    /// What to look at to know that it is this one, and which rows look the same.
    pub tells_apart: &'static str,
    /// What makes it go away.
    pub fix: &'static str,
    /// Commands that decide it; capitals are placeholders.
    pub next: &'static [&'static str],
    /// Where this is known from: threads as `owner/repository#number`, files, pages, measurements.
    pub sources: &'static [&'static str],
}

impl Row {
    /// What a row has that says nothing of a field.
    pub(crate) const EMPTY: Self = Self {
        id: "",
        name: "",
        area: Area::Policy,
        title: "",
        story: "",
        confusing: "",
        seen: &[],
        alerts: &[],
        flags: &[],
        codes: &[],
        looks_like: &[],
        words: "",
        tells_apart: "",
        fix: "",
        next: &[],
        sources: &[],
    };
}

/// A symptom as somebody words it.
#[derive(Debug)]
pub struct Seen {
    /// Who says so.
    pub by: By,
    /// The words; `…` stands for any others. Case and punctuation do not count.
    pub text: &'static str,
    /// Whether other rows look exactly the same: the text alone does not decide.
    pub shared: bool,
    /// Whether this row is behind it less often than the others that share it.
    pub rare: bool,
}

/// A symptom that means this row.
pub(crate) const fn only(by: By, text: &'static str) -> Seen {
    Seen { by, text, shared: false, rare: false }
}

/// A symptom that several rows have in common.
pub(crate) const fn shared(by: By, text: &'static str) -> Seen {
    Seen { by, text, shared: true, rare: false }
}

/// A symptom that several rows have in common, and this one is seldom the cause.
pub(crate) const fn rarely(by: By, text: &'static str) -> Seen {
    Seen { by, text, shared: true, rare: true }
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// A: the wire against PeerAuthentication and DestinationRule.
    Policy,
    /// B: certificates and identities.
    Certificates,
    /// C: TLS parameters, bytes and sniffing.
    Tls,
    /// D: HBONE and HTTP/2.
    Hbone,
    /// E: connections through the tunnel.
    Tcp,
    /// F: AuthorizationPolicy at layer 4.
    Authorization,
    /// G: topology and environment.
    Topology,
}

impl Area {
    /// All of them, in the order of their letters.
    pub const ALL: [Self; 7] = [
        Self::Policy,
        Self::Certificates,
        Self::Tls,
        Self::Hbone,
        Self::Tcp,
        Self::Authorization,
        Self::Topology,
    ];
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "policy",
            Self::Certificates => "certificates",
            Self::Tls => "tls",
            Self::Hbone => "hbone",
            Self::Tcp => "tcp",
            Self::Authorization => "authz",
            Self::Topology => "topology",
        })
    }
}

/// Who words a symptom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// An application, or the system's error that it prints.
    App,
    /// curl.
    Curl,
    /// Envoy, with BoringSSL's words; sidecars and waypoints.
    Envoy,
    /// This program, where it does not use ztunnel's words.
    Glasstunnel,
    /// Go's crypto/tls and net.
    Go,
    /// The h2 crate: ztunnel and this program.
    H2,
    /// istiod and its webhooks.
    Istio,
    /// Java's JSSE.
    Java,
    /// The kubelet and the API server.
    Kubernetes,
    /// Linkerd's proxy.
    Linkerd,
    /// Node.js.
    Node,
    /// OpenSSL, and what is built with it.
    OpenSsl,
    /// rustls: ztunnel and this program.
    Rustls,
    /// ztunnel's log, and this program in its words.
    Ztunnel,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "an application",
            Self::Curl => "curl",
            Self::Envoy => "Envoy",
            Self::Glasstunnel => "glasstunnel",
            Self::Go => "Go",
            Self::H2 => "h2",
            Self::Istio => "Istio",
            Self::Java => "Java",
            Self::Kubernetes => "Kubernetes",
            Self::Linkerd => "Linkerd",
            Self::Node => "Node.js",
            Self::OpenSsl => "OpenSSL",
            Self::Rustls => "rustls",
            Self::Ztunnel => "ztunnel",
        })
    }
}
