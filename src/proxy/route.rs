//! The outbound choice: which workload, over which wire. Pure.

use std::net::IpAddr;
use std::sync::Arc;

use crate::addr::{LocalAddr, MeshAddr};
use crate::mesh::{Owner, Place, Service, Workload};
use crate::policy::{Snapshot, SubsetRoute};
use crate::proxy::because::Because;
use crate::proxy::wire_choice::{Originate, Question, Route, Wired, obeys_rules};
use crate::reason::{Reason, Side};
use crate::telemetry::Wire;

/// A route with what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The route.
    pub route: Route,
    /// The TLS that the proxy speaks inside of it, if a DestinationRule says so.
    pub originate: Option<Originate>,
    /// The service that was dialled, if it was one.
    pub service: Option<Arc<Service>>,
    /// The route to one of its subsets, if there is one.
    pub subset: Option<Arc<SubsetRoute>>,
    /// The workload's address and workload port (or the unknown address as dialled).
    pub to: MeshAddr,
    /// Where that is on this machine.
    pub local: LocalAddr,
    /// Why this wire.
    pub because: Because,
}

impl Chosen {
    /// The wire; for a route without any TLS it is what the application sends, which nobody has looked at yet.
    pub fn wire(&self) -> Wire {
        match (&self.route, &self.originate) {
            (Route::Plain(_), Some(_)) => Wire::Tls,
            (route, _) => route.wire(),
        }
    }
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
    /// A route to a subset that no DestinationRule declares, for which Envoy has no cluster.
    #[error("no cluster match: subset {subset} of {service}")]
    UnknownSubset {
        /// The subset.
        subset: String,
        /// The service.
        service: String,
        /// The VirtualService, and where it stands.
        route: String,
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
            Self::UnknownSubset { .. } => "route.unknown_subset",
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
            Self::UnknownSubset { subset, service, route } => Some(format!(
                "{route} sends to it: declare the subset {subset} in the DestinationRule that holds for {service}"
            )),
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
        Some(Owner::Service(service)) => to_service(snapshot, place, source, (service, to), turn),
        Some(Owner::Workload(workload)) => {
            let headless = snapshot.destination_rules.headless_at(to.ip(), to.port());
            let question = Question {
                snapshot,
                source,
                service: headless.map(|service| (&**service, to.port())),
                subset: None,
                to: (workload, to.port()),
            };
            chosen(&question, (place, to.ip()), (headless, None))
        }
        None => Ok(Chosen {
            route: Route::Plain(None),
            originate: None,
            service: None,
            subset: None,
            to,
            local: LocalAddr::new(to.ip(), to.port()),
            because: Because::UnknownAddress,
        }),
    }
}

fn to_service(
    snapshot: &Snapshot,
    place: Place,
    source: &Workload,
    (service, to): (&Arc<Service>, MeshAddr),
    turn: usize,
) -> Result<Chosen, RouteError> {
    let rules = &snapshot.destination_rules;
    let subset = rules.subset_route(source, service, to.port()).filter(|_| obeys_rules(snapshot, source));
    let (workload, port) = match subset {
        None => service.pick(to.port(), turn),
        Some(route) => {
            let deciding = rules.deciding(source, service);
            let found = deciding.as_ref().and_then(|deciding| deciding.subset(&route.subset));
            let (_, subset) = found.ok_or_else(|| unknown_subset(service, route))?;
            let fits = || service.endpoints_of(to.port()).filter(|(to, _)| to.matches(&subset.labels));
            turn.checked_rem(fits().count()).and_then(|place| fits().nth(place))
        }
    }
    .ok_or_else(|| no_endpoint(service, to))?;
    let question = Question {
        snapshot,
        source,
        service: Some((service, to.port())),
        subset: subset.map(|route| route.subset.as_str()),
        to: (workload, port),
    };
    chosen(&question, (place, to.ip()), (Some(service), subset))
}

fn unknown_subset(service: &Service, route: &SubsetRoute) -> RouteError {
    RouteError::UnknownSubset {
        subset: route.subset.clone(),
        service: service.name.to_string(),
        route: route.to_string(),
    }
}

fn no_endpoint(service: &Service, addr: MeshAddr) -> RouteError {
    let ports: Vec<String> = service.ports.iter().map(|port| port.number.to_string()).collect();
    RouteError::NoHealthyUpstream { addr, service: service.name.to_string(), ports: ports.join(", ") }
}

fn chosen(
    question: &Question<'_>,
    (place, dialled): (Place, IpAddr),
    (service, subset): (Option<&Arc<Service>>, Option<&Arc<SubsetRoute>>),
) -> Result<Chosen, RouteError> {
    let (workload, port) = question.to;
    let no_place = || RouteError::NoPlace { workload: workload.name.to_string() };
    let at = workload.address_like(dialled);
    let local = at.and_then(|at| place.local(workload, at, port)).ok_or_else(no_place)?;
    let Wired { route, originate, because } = question.answer();
    Ok(Chosen {
        route,
        originate,
        service: service.cloned(),
        subset: subset.cloned(),
        to: MeshAddr::new(at.unwrap_or(dialled), port),
        local,
        because,
    })
}
