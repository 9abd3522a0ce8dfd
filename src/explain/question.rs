//! A question about a connection, read from what people type, and how that connection would arrive.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::addr::MeshAddr;
use crate::identity::SpiffeId;
use crate::mesh::{Mesh, UnknownName, Workload};
use crate::policy::MtlsMode;
use crate::reason::{Reason, Side};

/// An address of nobody (RFC 5737 §3), for a caller who is only a name.
fn nowhere() -> IpAddr {
    [192, 0, 2, 1].into()
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A workload of the mesh's YAML, which may be outside the mesh.
    Workload(Arc<Workload>),
    /// Somebody with that address, and no certificate.
    Address(IpAddr),
    /// Somebody who shows that identity, from that address.
    Identity(SpiffeId, IpAddr),
}

/// What the client itself speaks, straight to the workload's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    /// A tunnel to 15008.
    Hbone,
    /// Mutual TLS to the port, as a sidecar does.
    Mtls,
    /// One-way TLS of its own to the port.
    Tls,
    /// Plaintext to the port.
    Raw,
}

impl FromStr for Manner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hbone" => Ok(Self::Hbone),
            "mtls" => Ok(Self::Mtls),
            "tls" => Ok(Self::Tls),
            "raw" => Ok(Self::Raw),
            other => {
                Err(format!("expected `hbone`, `mtls`, `tls` or `raw`, found `{}`", other.escape_debug()))
            }
        }
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who calls.
    pub caller: Caller,
    /// The address and port that are dialled: a service's, or a workload's.
    pub dialled: MeshAddr,
    /// What the client speaks; `None` leaves it to the proxy of the caller, as in the mesh.
    pub manner: Option<Manner>,
    /// What if the workload that is reached had this mode?
    pub under: Option<MtlsMode>,
}

/// Why a question cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// A name that the mesh does not know.
    #[error("{0}")]
    Unknown(#[from] UnknownName),
    /// A caller that is neither a name, an address nor an identity.
    #[error("expected a workload, an IP address or a SPIFFE ID, found `{found}`: {problem}")]
    Caller {
        /// What was typed, escaped.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No port where one is needed.
    #[error("expected NAME:PORT, found `{found}`")]
    NoPort {
        /// What was typed, escaped.
        found: String,
        /// The ports that would do.
        ports: String,
    },
}

impl Reason for QuestionError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(unknown) => unknown.code(),
            Self::Caller { .. } => "explain.caller",
            Self::NoPort { .. } => "explain.no_port",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown(unknown) => unknown.hint(),
            Self::Caller { .. } => Some("glasstunnel config workloads lists the names".to_owned()),
            Self::NoPort { ports, .. } if ports.is_empty() => Some("add the port that is dialled".to_owned()),
            Self::NoPort { ports, .. } => Some(format!("it has {ports}")),
        }
    }
}

impl Question {
    /// Reads who calls and what is dialled.
    ///
    /// `to` is a service with its service port, or a workload with its workload port; where a name is both, the service
    /// counts if it has that port, as a client that dials the name would reach it.
    ///
    /// # Errors
    ///
    /// An unknown name, with the nearest; a missing port, with those that there are.
    pub fn read(mesh: &Mesh, from: &str, to: &str, manner: Option<Manner>) -> Result<Self, QuestionError> {
        Ok(Self { caller: caller(mesh, from)?, dialled: dialled(mesh, to)?, manner, under: None })
    }
}

fn caller(mesh: &Mesh, text: &str) -> Result<Caller, QuestionError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let owner = mesh.workload_at(address).cloned();
        return Ok(owner.map_or(Caller::Address(address), Caller::Workload));
    }
    match (mesh.find_workload(text), text.starts_with("spiffe://")) {
        (Ok(workload), _) => Ok(Caller::Workload(workload)),
        (Err(_), true) => text.parse().map(|identity| Caller::Identity(identity, nowhere())).map_err(
            |error: crate::identity::IdentityError| QuestionError::Caller {
                found: text.escape_debug().to_string(),
                problem: error.to_string(),
            },
        ),
        (Err(unknown), false) => Err(unknown.into()),
    }
}

fn dialled(mesh: &Mesh, text: &str) -> Result<MeshAddr, QuestionError> {
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return Ok(MeshAddr::new(address.ip(), address.port()));
    }
    let split = text.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?)));
    let Some((name, port)) = split.filter(|(_, port)| *port > 0) else {
        let known = mesh.find_workload(text.split(':').next().unwrap_or(text))?;
        let ports: Vec<String> =
            known.ports.iter().map(|port| format!("{}:{}", known.name.dotted(), port.number)).collect();
        return Err(QuestionError::NoPort {
            found: text.escape_debug().to_string(),
            ports: ports.join(", "),
        });
    };
    let service = mesh.find_service(name).filter(|service| service.ports.iter().any(|it| it.number == port));
    if let Some(vip) = service.as_ref().and_then(|service| service.vips.first()) {
        return Ok(MeshAddr::new(*vip, port));
    }
    // A headless service has no address of its own: DNS answers with its pods'.
    let behind =
        service.as_ref().and_then(|service| Some(service.endpoints_of(port).next()?.0.address(port)));
    match behind {
        Some(address) => Ok(address),
        None => Ok(mesh.find_workload(name)?.address(port)),
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hbone => "hbone",
            Self::Mtls => "mtls",
            Self::Tls => "tls",
            Self::Raw => "raw",
        })
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(workload) => workload.name.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Identity(identity, _) => identity.fmt(f),
        }
    }
}
