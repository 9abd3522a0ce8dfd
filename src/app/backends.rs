//! Starting what answers behind the workloads' ports: in-process backends on a thread of their own.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use crate::app::bind::listen;
use crate::app::error::StartError;
use crate::app::port_holder::who_holds;
use crate::ca::app_certificate;
use crate::mesh::{BackendKind, Mesh, Name, Place, Service, Workload};
use crate::proxy::{Backend, Backends};
use crate::tls::AppTls;

/// A bound backend that nobody serves yet.
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) workload: Arc<Workload>,
    pub(crate) addr: SocketAddr,
    /// What it terminates TLS with, if it is an app that does.
    pub(crate) tls: Option<AppTls>,
}

/// Binds every in-process backend and tells the proxy where they are.
///
/// Behind a proxy the app listens on its workload's local address and any free port; outside the mesh there is no proxy
/// in front, and the app has the declared port itself.
pub(crate) fn bind(mesh: &Mesh, place: Place, backends: &Backends) -> Result<Vec<Bound>, StartError> {
    let mut addresses: HashMap<(Name, u16), Backend> = HashMap::new();
    let mut bound = Vec::new();
    for workload in mesh.workloads() {
        let Some(ip) = place.local_ip(workload) else { continue };
        for port in &workload.ports {
            let backend = match &workload.backend {
                BackendKind::At(target) if workload.reach.in_mesh() => Backend::At(Arc::clone(target)),
                // Outside the mesh no proxy leads to the user's server, so a listener of ours forwards to it.
                _ => {
                    let number = if workload.reach.in_mesh() { 0 } else { port.number };
                    let one = bind_one(mesh, workload, (ip, number))?;
                    let addr = one.addr;
                    bound.push(one);
                    Backend::Here(addr)
                }
            };
            addresses.insert((workload.name.clone(), port.number), backend);
        }
    }
    backends.store(addresses);
    Ok(bound)
}

fn bind_one(mesh: &Mesh, workload: &Arc<Workload>, (ip, number): (IpAddr, u16)) -> Result<Bound, StartError> {
    let addr = SocketAddr::new(ip, number);
    let listener = listen(addr, false).map_err(|source| {
        let door = format!("the app of {}", workload.name);
        match source.kind() {
            std::io::ErrorKind::AddrInUse => {
                StartError::PortInUse { addr, door, holder: who_holds(addr), source }
            }
            _ => StartError::Bind { addr, door, source },
        }
    })?;
    let addr = listener.local_addr().map_err(StartError::System)?;
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
