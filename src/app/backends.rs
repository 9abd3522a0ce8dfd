//! Starting what answers behind the workloads' ports: in-process backends on a thread of their own.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use crate::app::bind::listen;
use crate::app::error::StartError;
use crate::app::port_holder::who_holds;
use crate::mesh::{BackendKind, Mesh, Name, Place, Workload};
use crate::proxy::{Backend, Backends};

/// A bound backend that nobody serves yet.
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) workload: Arc<Workload>,
    pub(crate) addr: SocketAddr,
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
                    let one = bind_one(workload, (ip, number))?;
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

fn bind_one(workload: &Arc<Workload>, (ip, number): (IpAddr, u16)) -> Result<Bound, StartError> {
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
    Ok(Bound { listener, workload: Arc::clone(workload), addr })
}
