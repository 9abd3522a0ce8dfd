//! The outbound choice: which wire, to which workload. Pure.

use std::sync::Arc;

use crate::addr::{LocalAddr, MeshAddr};
use crate::mesh::{Owner, Place, Reach, Semantics, Service, Workload};
use crate::policy::{MtlsMode, Snapshot};
use crate::reason::{Reason, Side};
use crate::telemetry::Wire;

/// Where a connection goes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through a tunnel to 15008 of the workload.
    Hbone(Arc<Workload>),
    /// Mesh mutual TLS straight to the workload's port, as sidecars expect it.
    Mtls(Arc<Workload>),
    /// As it is; `None` is an address that no workload owns.
    Plain(Option<Arc<Workload>>),
}

impl Route {
    /// The workload, if it is one of the mesh's.
    pub fn workload(&self) -> Option<&Arc<Workload>> {
        match self {
            Self::Hbone(workload) | Self::Mtls(workload) => Some(workload),
            Self::Plain(workload) => workload.as_ref(),
        }
    }

    /// The wire; for `Plain` it is what the application sends, which nobody has looked at yet.
    pub fn wire(&self) -> Wire {
        match self {
            Self::Hbone(_) => Wire::Hbone,
            Self::Mtls(_) => Wire::Mtls,
            Self::Plain(_) => Wire::Raw,
        }
    }
}

/// A route with what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The route.
    pub route: Route,
    /// The service that was dialled, if it was one.
    pub service: Option<Arc<Service>>,
    /// The workload's address and workload port (or the unknown address as dialled).
    pub to: MeshAddr,
    /// Where that is on this machine.
    pub local: LocalAddr,
    /// Why this wire.
    pub because: &'static str,
}

/// Why there is no route.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// ztunnel's sentence for a service port without endpoints.
    #[error("no healthy upstream: {addr}")]
    NoHealthyUpstream {
        /// What was dialled.
        addr: MeshAddr,
        /// The service.
        service: String,
        /// The ports that it has.
        ports: String,
    },
    /// A workload without a place on this machine.
    #[error("no ip addresses were resolved for workload: {workload}")]
    NoPlace {
        /// The workload.
        workload: String,
    },
}

impl Reason for RouteError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoHealthyUpstream { .. } => "route.no_healthy_upstream",
            Self::NoPlace { .. } => "route.no_place",
        }
    }

    fn side(&self) -> Side {
        Side::Upstream
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoHealthyUpstream { service, ports, .. } => {
                Some(format!("{service} has ports {ports}; glasstunnel config services shows its endpoints"))
            }
            Self::NoPlace { .. } => None,
        }
    }
}

/// Chooses for a connection of `source` to `to`; `turn` spreads connections over a service's endpoints.
///
/// # Errors
///
/// [`RouteError`] when a service has nothing behind that port.
pub fn route(
    snapshot: &Snapshot,
    place: Place,
    source: &Workload,
    to: MeshAddr,
    turn: usize,
) -> Result<Chosen, RouteError> {
    match snapshot.mesh.owner(to.ip()) {
        Some(Owner::Service(service)) => {
            let (workload, port) = service.pick(to.port(), turn).ok_or_else(|| no_endpoint(service, to))?;
            let chosen = to_workload(snapshot, place, source, (workload, port))?;
            Ok(Chosen { service: Some(Arc::clone(service)), ..chosen })
        }
        Some(Owner::Workload(workload)) => to_workload(snapshot, place, source, (workload, to.port())),
        None => Ok(Chosen {
            route: Route::Plain(None),
            service: None,
            to,
            local: LocalAddr::new(to.ip(), to.port()),
            because: "no workload has this address: passed through",
        }),
    }
}

fn no_endpoint(service: &Service, addr: MeshAddr) -> RouteError {
    let ports: Vec<String> = service.ports.iter().map(|port| port.number.to_string()).collect();
    RouteError::NoHealthyUpstream { addr, service: service.name.to_string(), ports: ports.join(", ") }
}

fn to_workload(
    snapshot: &Snapshot,
    place: Place,
    source: &Workload,
    (workload, port): (&Arc<Workload>, u16),
) -> Result<Chosen, RouteError> {
    let no_place = || RouteError::NoPlace { workload: workload.name.to_string() };
    let (route, because) = wire(snapshot, source, workload, port);
    Ok(Chosen {
        route,
        service: None,
        to: workload.address(port),
        local: place.local(workload, port).ok_or_else(no_place)?,
        because,
    })
}

/// Auto mTLS: HBONE to an ambient workload, direct mTLS to a sidecar, plaintext to anything else.
fn wire(
    snapshot: &Snapshot,
    source: &Workload,
    workload: &Arc<Workload>,
    port: u16,
) -> (Route, &'static str) {
    let plain = || Route::Plain(Some(Arc::clone(workload)));
    let mode = snapshot.policies.effective(&workload.name, port).mode;
    match (source.reach.in_mesh(), workload.reach, mode, snapshot.policies.semantics()) {
        (false, ..) => (plain(), "the source is not in the mesh"),
        (_, Reach::Plain, ..) => (plain(), "the destination is not in the mesh"),
        (_, _, MtlsMode::Disable, Semantics::Istio) => (plain(), "the port's mode is DISABLE"),
        (_, Reach::Hbone, ..) => (Route::Hbone(Arc::clone(workload)), "both are in the ambient mesh"),
        (_, Reach::Sidecar, ..) => (Route::Mtls(Arc::clone(workload)), "the destination has a sidecar"),
    }
}
