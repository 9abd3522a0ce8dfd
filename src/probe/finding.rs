//! [`Finding`]: what is inferred from the attempts, and how sure that is.

use crate::mesh::Semantics;
use crate::policy::MtlsMode;
use crate::probe::attempt::Attempt;

/// What is behind the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing: connections are refused.
    Closed,
    /// Nobody answers, or there is no way there.
    Unreachable,
    /// An HTTP/1 server in plaintext.
    Http,
    /// A server in plaintext that speaks first.
    ServerFirst,
    /// Some other server in plaintext.
    Plaintext,
    /// It takes connections, and says nothing to anything.
    Mute,
    /// The application's own TLS, for any client.
    AppTls,
    /// TLS that demands a client certificate.
    ClientTls,
    /// TLS with a SPIFFE identity that demands a client certificate: it could be either of the next two.
    MeshTls,
    /// A port where a proxy looks at the first bytes and terminates mesh mTLS.
    Sniffing,
    /// The door for tunnels.
    Hbone,
    /// It cuts everything.
    Refusing,
    /// None of these.
    Unclear,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// Nothing else that we know does this.
    Certain,
    /// Others could do the same, and rarely do.
    Likely,
    /// There are other explanations as good.
    CannotTell,
}

/// One cell of the modes: whose semantics, and which mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Whose rules.
    pub semantics: Semantics,
    /// The mode.
    pub mode: MtlsMode,
}

impl Cell {
    /// The documented three modes.
    pub const fn istio(mode: MtlsMode) -> Self {
        Self { semantics: Semantics::Istio, mode }
    }

    /// The real ztunnel's.
    pub const fn ztunnel(mode: MtlsMode) -> Self {
        Self { semantics: Semantics::Ztunnel, mode }
    }
}

/// What could be done to know more, or to get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// See what listens on that machine.
    Listening,
    /// See where connections to it end.
    Route,
    /// Show a certificate.
    Certificate,
    /// Ask for an address behind the tunnel door.
    Authority,
    /// Probe the tunnel door of the same host.
    TunnelDoor,
    /// Read the server's certificate.
    Inspect,
    /// See which policy decides.
    Explain,
    /// See what would break if plaintext were refused.
    Rehearse,
    /// See whether a certificate would be accepted, and why not.
    Verify,
    /// Wait longer.
    Patience,
}

/// What the attempts say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is there.
    pub kind: Kind,
    /// How sure that is, and what it behaves like.
    pub confidence: Confidence,
    /// The modes that would do the same; empty when modes do not come into it.
    pub behaves: Vec<Cell>,
    /// The SPIFFE identity of the server in the mesh.
    pub identity: Option<String>,
    /// What it rests on, a sentence each.
    pub because: Vec<String>,
    /// What would tell more, most useful first; never empty.
    pub next: Vec<Next>,
}

impl Finding {
    /// The modes that would do the same, each once, whosever semantics they are of.
    pub fn modes(&self) -> Vec<MtlsMode> {
        let all = [MtlsMode::Strict, MtlsMode::Permissive, MtlsMode::Disable];
        all.into_iter().filter(|mode| self.behaves.iter().any(|cell| cell.mode == *mode)).collect()
    }

    /// The same, with the modes that would do it, too.
    pub(crate) fn behaving(self, cells: &[Cell]) -> Self {
        Self { behaves: cells.to_vec(), ..self }
    }

    /// The same, of the server that `attempt` met.
    pub(crate) fn of(self, attempt: &Attempt) -> Self {
        Self { identity: attempt.shown.as_ref().and_then(|shown| shown.identity.clone()), ..self }
    }

    /// The same, resting on one thing more.
    pub(crate) fn also(mut self, said: Option<String>) -> Self {
        self.because.extend(said);
        self
    }
}

/// A finding that is not about modes, so far.
pub(crate) fn found(kind: Kind, confidence: Confidence, because: &[&str], next: &[Next]) -> Finding {
    Finding {
        kind,
        confidence,
        behaves: Vec::new(),
        identity: None,
        because: because.iter().map(|said| (*said).to_owned()).collect(),
        next: next.to_vec(),
    }
}
