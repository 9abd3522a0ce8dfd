//! Starting what answers behind the workloads' ports: in-process backends on a thread of their own.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use crate::app::backend::{self, About, AppTls};
use crate::app::bind::listen;
use crate::app::error::StartError;
use crate::app::port_holder::who_holds;
use crate::drain::Tasks;
use crate::mesh::{BackendKind, Mesh, Name, Place, Workload};
use crate::proxy::{Backend, Backends};

/// A bound backend that nobody serves yet.
pub(crate) struct Bound {
    listener: TcpListener,
    workload: Arc<Workload>,
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
                // Outside the mesh nothing stands in front of the app, so the user's server is reached by forwarding.
                _ => {
                    let number = if workload.reach.in_mesh() { 0 } else { port.number };
                    let listener = bind_one(workload, ip, number)?;
                    let addr = listener.local_addr().map_err(StartError::System)?;
                    bound.push(Bound { listener, workload: Arc::clone(workload) });
                    Backend::Here(addr)
                }
            };
            addresses.insert((workload.name.clone(), port.number), backend);
        }
    }
    backends.store(addresses);
    Ok(bound)
}

fn bind_one(workload: &Workload, ip: IpAddr, port: u16) -> Result<TcpListener, StartError> {
    let addr = SocketAddr::new(ip, port);
    listen(addr, false).map_err(|source| {
        let door = format!("the app of {}", workload.name);
        match source.kind() {
            std::io::ErrorKind::AddrInUse => {
                StartError::PortInUse { addr, door, holder: who_holds(addr), source }
            }
            _ => StartError::Bind { addr, door, source },
        }
    })
}

/// Serves all of them until the drain starts; must be called on the backends' runtime.
pub(crate) fn serve(bound: Vec<Bound>, backends: &Backends, tls: &Arc<AppTls>, tasks: &Tasks) {
    for Bound { listener, workload } in bound {
        let backends = backends.clone();
        let about = About {
            workload: workload.name.to_string(),
            caller: Box::new(move |socket| backends.caller(socket)),
        };
        backend::serve(listener, &workload.backend, Arc::new(about), Arc::clone(tls), tasks);
    }
}
