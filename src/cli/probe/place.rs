//! Where a target is: an address as it stands, a name of a running mesh, or a host name.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use tokio::net::lookup_host;

use crate::admin::{Client, ClientError, ContextError, ServiceView, WorkloadView, choose};
use crate::cli::certs::host_and_port;
use crate::cli::error::CliError;

/// The one address to connect to.
pub(crate) struct Place {
    /// As it was typed.
    pub(crate) host: String,
    /// As it was typed.
    pub(crate) port: u16,
    pub(crate) address: SocketAddr,
    /// The workload of the running mesh, if the name was its name.
    pub(crate) workload: Option<String>,
}

/// Finds the place of `target`. A name is looked for in the running mesh first; then the system resolves it.
pub(crate) async fn find(target: &str, context: Option<&str>) -> Result<Place, CliError> {
    let Some((host, port)) = host_and_port(target) else {
        return Err(CliError::NoPlace { found: target.to_owned() });
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Place { host, port, address: SocketAddr::new(ip, port), workload: None });
    }
    let unknown = match choose(context) {
        Ok(chosen) => match in_mesh(&Client::of(chosen), &host, port).await {
            Ok((address, workload)) => return Ok(Place { host, port, address, workload: Some(workload) }),
            Err(unknown @ CliError::Client(ClientError::Refused { .. })) => Some(unknown),
            Err(error) => return Err(error),
        },
        // Nobody has said that it is a name of a mesh.
        Err(ContextError::NoneRunning | ContextError::Several { .. }) if context.is_none() => None,
        Err(error) => return Err(error.into()),
    };
    let at = format!("{host}:{port}");
    let resolved = lookup_host((host.as_str(), port)).await.and_then(|mut found| {
        found.next().ok_or_else(|| Error::new(ErrorKind::NotFound, "the name has no address"))
    });
    match (resolved, unknown) {
        (Ok(address), _) => Ok(Place { host, port, address, workload: None }),
        // The mesh knows what was nearly meant.
        (Err(_), Some(unknown)) => Err(unknown),
        (Err(source), None) => Err(CliError::Dial { at, source }),
    }
}

/// The local address of `port` of what the mesh calls `name`: of a service the first workload behind that port.
async fn in_mesh(client: &Client, name: &str, port: u16) -> Result<(SocketAddr, String), CliError> {
    let services = client.services().await?;
    let behind = services.iter().find(|service| is_called(service, name)).and_then(|service| {
        service.endpoints.iter().find_map(|to| Some((&to.workload, *to.port.get(&port.to_string())?)))
    });
    let (workload, port) = match behind {
        Some((workload, port)) => (client.workload(workload).await?, port),
        None => (client.workload(name).await?, port),
    };
    match local(&workload, port) {
        Some(address) => Ok((address, workload.full_name())),
        None => Err(CliError::NoPlace { found: workload.full_name() }),
    }
}

/// The tunnel door where it is; any other port where the workload is.
fn local(workload: &WorkloadView, port: u16) -> Option<SocketAddr> {
    let is_door = |door: &SocketAddr| door.port() == port;
    let door =
        workload.doors.iter().filter(|door| door.door == "hbone").map(|door| door.address).find(is_door);
    door.or_else(|| Some(SocketAddr::new(workload.local_ip?, port)))
}

/// The bare name counts in `default` only, as a pod there would resolve it.
fn is_called(service: &ServiceView, name: &str) -> bool {
    let ServiceView { name: own, namespace, hostname, .. } = service;
    let short = own == name && namespace == "default";
    short
        || hostname == name
        || name.strip_prefix(own.as_str()).is_some_and(|rest| {
            rest.strip_prefix('.').is_some_and(|rest| rest == namespace || rest == format!("{namespace}.svc"))
        })
}
