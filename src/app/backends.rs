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
    pub(crate) listener: TcpListener,
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
    /// Whether a proxy stands in front of it, so that the declared port is not its own.
    is_behind_proxy: bool,
    /// The local address of its workload.
    ip: IpAddr,
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

/// Binds every in-process backend of `mesh` that is not in `before` as it should be.
pub(crate) fn rearrange(
    mesh: &Mesh,
    (ground, place, networks): (&Ground, Place, &Networks),
    before: &Placement,
) -> Result<Rearranged, StartError> {
    let mut placement = Placement::new();
    let mut new = Vec::new();
    for workload in mesh.workloads().filter(|workload| networks.serves(&workload.name)) {
        let Some(ip) = place.local_ip(workload) else { continue };
        let is_behind_proxy = workload.reach.in_mesh();
        for port in &workload.ports {
            let key = (workload.name.clone(), port.number);
            let fits = |placed: &&Placed| {
                (&placed.kind, placed.is_behind_proxy, placed.ip) == (&workload.backend, is_behind_proxy, ip)
            };
            let placed = match (before.get(&key).filter(fits), &workload.backend) {
                (Some(placed), _) => placed.clone(),
                (None, BackendKind::At(target)) if is_behind_proxy => {
                    let backend = Backend::At(Arc::clone(target));
                    Placed { backend, kind: workload.backend.clone(), is_behind_proxy, ip }
                }
                // Outside the mesh no proxy leads to the user's server, so a listener of ours forwards to it.
                _ => {
                    let Some(spot) = ground.spot(workload, (place, networks), port.number) else { continue };
                    let one = bind_one(mesh, workload, &spot)?;
                    let backend = Backend::Here(one.addr);
                    new.push(one);
                    Placed { backend, kind: workload.backend.clone(), is_behind_proxy, ip }
                }
            };
            placement.insert(key, placed);
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

fn bind_one(mesh: &Mesh, workload: &Arc<Workload>, spot: &Spot) -> Result<Bound, StartError> {
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
