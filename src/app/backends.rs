//! Starting what answers behind the workloads' ports: in-process backends on a thread of their own.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use crate::app::error::StartError;
use crate::app::ground::{Ground, Spot};
use crate::app::port_holder::who_holds;
use crate::ca::app_certificate;
use crate::mesh::{BackendKind, Mesh, Name, Place, Service, Workload};
use crate::proxy::{Backend, Networks};
use crate::tls::AppTls;

/// A bound backend that nobody serves yet.
pub(crate) struct Bound {
    /// `None` where the listener of the app that was there until now goes on as this one's.
    pub(crate) listener: Option<TcpListener>,
    pub(crate) workload: Arc<Workload>,
    pub(crate) addr: SocketAddr,
    /// What it terminates TLS with, if it is an app that does.
    pub(crate) tls: Option<AppTls>,
}

/// What stands behind one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// How the proxy reaches it.
    pub(crate) backend: Backend,
    /// What it is.
    kind: BackendKind,
    /// What its listener was asked to bind, and the address by which it is reached; `None` where it is the user's program.
    spot: Option<(SocketAddr, IpAddr)>,
}

/// All backends, by workload and port.
pub(crate) type Placement = HashMap<(Name, u16), Placed>;

/// The backends that a mesh wants, and what has to happen for it.
pub(crate) struct Rearranged {
    /// All of them.
    pub(crate) placement: Placement,
    /// Those that are bound and wait to be served.
    pub(crate) new: Vec<Bound>,
    /// The listeners that nobody needs any more.
    pub(crate) gone: Vec<SocketAddr>,
}

/// Binds every in-process backend of `mesh` that is not in `before` as it should be, or was in a network that is `renewed`.
pub(crate) fn rearrange(
    mesh: &Mesh,
    (ground, place, networks): (&Ground, Place, &Networks),
    (before, renewed): (&Placement, &HashSet<Name>),
) -> Result<Rearranged, StartError> {
    let mut placement = Placement::new();
    let mut new = Vec::new();
    for workload in mesh.workloads().filter(|workload| networks.serves(&workload.name)) {
        for port in &workload.ports {
            let kind = workload.backend.clone();
            let placed = match &kind {
                // Outside the mesh no proxy leads to the user's server, so a listener of ours forwards to it.
                BackendKind::At(target) if workload.reach.in_mesh() => {
                    Placed { backend: Backend::At(Arc::clone(target)), kind, spot: None }
                }
                _ => {
                    let spot = ground.spot(workload, (place, networks), port.number);
                    let Some(spot) = spot else { continue };
                    let at = Some((spot.bind, spot.ip));
                    let there = before.get(&(workload.name.clone(), port.number));
                    let there = there.filter(|old| old.spot == at && !renewed.contains(&workload.name));
                    let (listener, addr) = match there.and_then(Placed::listener) {
                        Some(addr) => (None, addr),
                        None => bind_one(workload, &spot)?,
                    };
                    if there.is_none_or(|old| old.kind != kind) {
                        new.push(bound(mesh, workload, (listener, addr))?);
                    }
                    Placed { backend: Backend::Here(addr), kind, spot: at }
                }
            };
            placement.insert((workload.name.clone(), port.number), placed);
        }
    }
    let gone = before.values().filter_map(Placed::listener);
    let kept: HashSet<SocketAddr> = placement.values().filter_map(Placed::listener).collect();
    let gone = gone.filter(|addr| !kept.contains(addr)).collect();
    Ok(Rearranged { placement, new, gone })
}

impl Placed {
    /// Where it listens, if it is inside this process.
    pub(crate) fn listener(&self) -> Option<SocketAddr> {
        match &self.backend {
            Backend::Here(addr) => Some(*addr),
            Backend::At(_) => None,
        }
    }
}

/// The backends as the proxy asks for them.
pub(crate) fn addresses(placement: &Placement) -> HashMap<(Name, u16), Backend> {
    placement.iter().map(|(key, placed)| (key.clone(), placed.backend.clone())).collect()
}

fn bind_one(workload: &Workload, spot: &Spot) -> Result<(Option<TcpListener>, SocketAddr), StartError> {
    let addr = spot.bind;
    let listener = spot.network.listen(addr, spot.sharing).map_err(|source| {
        let door = format!("the app of {}", workload.name);
        match source.kind() {
            std::io::ErrorKind::AddrInUse => {
                StartError::PortInUse { addr, door, holder: who_holds(addr), source }
            }
            _ => StartError::Bind { addr, door, source },
        }
    })?;
    let addr = SocketAddr::new(spot.ip, listener.local_addr().map_err(StartError::System)?.port());
    Ok((Some(listener), addr))
}

fn bound(
    mesh: &Mesh,
    workload: &Arc<Workload>,
    (listener, addr): (Option<TcpListener>, SocketAddr),
) -> Result<Bound, StartError> {
    let tls = (workload.backend == BackendKind::Tls).then(|| app_tls(mesh, workload)).transpose()?;
    Ok(Bound { listener, workload: Arc::clone(workload), addr, tls })
}

/// An app's own certificate, for the names of the services in front of it; nothing of the mesh's.
fn app_tls(mesh: &Mesh, workload: &Workload) -> Result<AppTls, StartError> {
    let behind = |service: &&Arc<Service>| {
        service.endpoints.iter().any(|endpoint| endpoint.workload.name == workload.name)
    };
    let names = mesh
        .services()
        .filter(behind)
        .flat_map(|service| [service.hostname.clone(), service.name.dotted(), service.name.name.to_string()]);
    let mut names: Vec<String> = names.collect();
    if names.is_empty() {
        names.push(workload.name.dotted());
    }
    let (certificate, key) = app_certificate(names)?;
    AppTls::new(&certificate, &key)
        .map_err(|source| StartError::Tls { id: format!("the app of {}", workload.name), source })
}
