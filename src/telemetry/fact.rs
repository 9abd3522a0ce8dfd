//! What a step found out, typed; it becomes a sentence only when somebody reads it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::{Service, Workload};
use crate::policy::{Effective, Permit};
use crate::sniff::{FirstBytes, Protocol};
use crate::telemetry::outcome::Wire;
use crate::telemetry::stage::Stage;

/// One finished step of a connection.
#[derive(Clone, Debug)]
pub struct Step {
    /// Since the connection was accepted.
    pub at: Duration,
    /// What it found out.
    pub fact: Fact,
}

/// A fact that a stage reports.
#[derive(Clone, Debug)]
pub enum Fact {
    /// Accept: at which door (`outbound`, `captured`, `hbone`), from whom.
    Accepted {
        /// The door's name.
        door: &'static str,
        /// The client.
        from: MeshAddr,
    },
    /// OrigDst: where the application meant to go.
    Asked {
        /// How we know: `socks5`, `http-connect`, `own-address`, `redirect`.
        through: &'static str,
        /// The destination as asked for; a host name is kept.
        target: Arc<str>,
    },
    /// Route: the outbound choice.
    Routed {
        /// The wire that was picked.
        wire: Wire,
        /// The service that was dialled, if it was one.
        service: Option<Arc<Service>>,
        /// The workload that was picked, if it is one of the mesh's.
        workload: Option<Arc<Workload>>,
        /// Its address.
        to: MeshAddr,
        /// Why this wire, in a few words.
        because: Cow<'static, str>,
    },
    /// Sniff: what the first bytes are.
    Sniffed {
        /// What they mean.
        protocol: Protocol,
        /// The bytes themselves.
        first: FirstBytes,
    },
    /// PeerAuth: which mode holds, and who says so.
    Mode(Effective),
    /// Tls: the handshake succeeded.
    Handshaken {
        /// The verified peer.
        peer: SpiffeId,
        /// `TLSv1.3`.
        version: &'static str,
        /// `TLS_AES_256_GCM_SHA384`.
        suite: &'static str,
        /// `h2`, `istio`, or nothing.
        alpn: Option<Arc<str>>,
    },
    /// Tls: the proxy originated TLS for the application, as a DestinationRule says.
    Originated {
        /// The server name that was sent.
        sni: Arc<str>,
        /// The names in the server's certificate.
        names: Vec<String>,
        /// The file that it was verified with; `None` is not at all.
        roots: Option<Arc<str>>,
        /// Whether a client certificate was at hand.
        client_certificate: bool,
        /// `TLSv1.3`.
        version: &'static str,
        /// `TLS_AES_256_GCM_SHA384`.
        suite: &'static str,
    },
    /// Hbone: an existing tunnel was used, so there was no handshake.
    Reused {
        /// The peer that the tunnel was verified for.
        peer: SpiffeId,
        /// How long ago that was: the tunnel's handshake.
        verified: Duration,
        /// For how long the certificate that the peer showed then has been expired, if it has.
        peer_expired: Option<Duration>,
        /// For how long the certificate that we showed then has been expired, if it has.
        own_expired: Option<Duration>,
    },
    /// Hbone: a CONNECT was sent or received.
    Connect {
        /// Its authority.
        authority: Arc<str>,
    },
    /// Hbone: the status that answered it.
    Answered {
        /// 200, 400, 401 or 503.
        status: u16,
    },
    /// Authz: policy permits.
    Permitted(Box<Permit>),
    /// Dial: the next hop accepted.
    Dialed {
        /// Where; in the mesh's terms.
        to: MeshAddr,
    },
    /// Relay: both directions ended.
    Relayed {
        /// Bytes from the client to the backend.
        to_backend: u64,
        /// Bytes from the backend to the client.
        to_client: u64,
    },
}

impl Fact {
    /// The stage that reports this.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Accepted { .. } => Stage::Accept,
            Self::Asked { .. } => Stage::OrigDst,
            Self::Routed { .. } => Stage::Route,
            Self::Sniffed { .. } => Stage::Sniff,
            Self::Mode(_) => Stage::PeerAuth,
            Self::Handshaken { .. } | Self::Originated { .. } => Stage::Tls,
            Self::Reused { .. } | Self::Connect { .. } | Self::Answered { .. } => Stage::Hbone,
            Self::Permitted(_) => Stage::Authz,
            Self::Dialed { .. } => Stage::Dial,
            Self::Relayed { .. } => Stage::Relay,
        }
    }

    /// The fact as a sentence.
    pub fn says(&self) -> String {
        match self {
            Self::Accepted { door, from } => format!("{door} door, from {from}"),
            Self::Asked { through, target } => format!("wants {target} ({through})"),
            Self::Routed { wire, workload, to, because, .. } => match workload {
                Some(workload) => format!("{wire} to {} at {to}: {because}", workload.name),
                None => format!("{wire} to {to}: {because}"),
            },
            Self::Sniffed { protocol, .. } => protocol.says(),
            Self::Mode(effective) => effective.to_string(),
            Self::Handshaken { peer, version, suite, alpn } => {
                let alpn = alpn.as_deref().unwrap_or("none");
                format!("peer is {peer} ({version}, {suite}, ALPN {alpn})")
            }
            Self::Originated { sni, names, roots, client_certificate, version, suite } => {
                let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
                let verified = match roots {
                    Some(roots) => format!("verified with {roots}"),
                    None => "not verified: no caCertificates (IST0128 warns of it)".to_owned(),
                };
                let shown = if *client_certificate { ", with a client certificate" } else { "" };
                format!(
                    "originated TLS{shown}, SNI {sni}, to a server for {names}, {verified} ({version}, {suite}, ALPN none)"
                )
            }
            Self::Reused { peer, verified, peer_expired, own_expired } => {
                let ago = verified.as_secs();
                let since = expired_since(*peer_expired, *own_expired);
                format!("reused the tunnel to {peer}: no handshake, the tunnel's own was {ago} s ago{since}")
            }
            Self::Connect { authority } => format!("CONNECT {authority}"),
            Self::Answered { status } => format!("answered {status}"),
            Self::Permitted(permit) => permit.why(),
            Self::Dialed { to } => format!("connected to {to}"),
            Self::Relayed { to_backend, to_client } => {
                format!("{to_backend} bytes to the backend, {to_client} bytes to the client")
            }
        }
    }
}

/// Which certificates have expired since a tunnel's handshake; nothing, if none has.
fn expired_since(peers: Option<Duration>, ours: Option<Duration>) -> String {
    let since = match (peers.map(|ago| ago.as_secs()), ours.map(|ago| ago.as_secs())) {
        (None, None) => return String::new(),
        (Some(peers), None) => format!("the peer's certificate has expired since, {peers} s ago"),
        (None, Some(ours)) => format!("our certificate has expired since, {ours} s ago"),
        (Some(peers), Some(ours)) => {
            format!("the peer's certificate has expired since, {peers} s ago, and ours, {ours} s ago")
        }
    };
    format!("; {since} (certificates are checked in the handshake only)")
}
