//! Faults in a lab: relays in the path of its connections, an HBONE door that breaks the protocol, clocks that are wrong.

use std::net::SocketAddr;

use crate::drain::drain;
use crate::fault::{EndpointFault, Fault, Relay, RelayLimits, ScriptedServer};
use crate::identity::Clocks;
use crate::lab::error::LabError;
use crate::lab::mesh::Lab;
use crate::proxy::{Backend, Detour};
use crate::tls::ServerTls;

/// Which connections to a workload go through a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultyDoor {
    /// Tunnels that the proxies of other workloads open to it.
    Hbone,
    /// What is dialled at its own address and this port: plaintext and sidecars' mutual TLS.
    Captured(u16),
    /// What its own proxy delivers to the app at this port.
    Backend(u16),
}

/// A fault that is there for as long as this value: dropped, it cuts what is open, and dials go where they are meant to.
#[derive(Debug)]
pub struct Faulty {
    // First the dials, then whom they reach.
    detour: Option<Detour>,
    address: SocketAddr,
    _stands: Stands,
}

#[derive(Debug)]
enum Stands {
    Between { _relay: Relay },
    Instead { _server: ScriptedServer },
}

impl Faulty {
    /// Leads nobody there any more; what is open stays as it is for as long as this value lives.
    pub fn retire(&mut self) {
        self.detour = None;
    }

    /// Where it stands, for clients that no proxy leads there.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Lab {
    /// Leads what proxies dial of `workload` through `faults`. A tunnel that is open already stays as it is.
    ///
    /// # Errors
    ///
    /// An unknown name; no such door.
    pub async fn fault(
        &self,
        workload: &str,
        door: FaultyDoor,
        faults: &[Fault],
    ) -> Result<Faulty, LabError> {
        let meant = match door {
            FaultyDoor::Hbone => self.hbone(workload)?,
            FaultyDoor::Captured(port) => self.captured(workload, port)?,
            FaultyDoor::Backend(port) => self.app(workload, port).await?,
        };
        let (_drain, tasks) = drain();
        let relay = Relay::start(meant, faults, RelayLimits::default(), &tasks)?;
        let address = relay.address();
        let detour = self.running().detours().lead(meant, address);
        Ok(Faulty { detour: Some(detour), address, _stands: Stands::Between { _relay: relay } })
    }

    /// Puts a server with the certificate of `workload` in the place of its HBONE door, which does `fault`.
    ///
    /// # Errors
    ///
    /// An unknown name; no such door, or no certificate.
    pub fn endpoint_fault(&self, workload: &str, fault: EndpointFault) -> Result<Faulty, LabError> {
        let meant = self.hbone(workload)?;
        let tls = ServerTls::new(&*self.svid(workload)?)?;
        let (_drain, tasks) = drain();
        let server = ScriptedServer::start(tls, fault, &tasks)?;
        let address = server.address();
        let detour = self.running().detours().lead(meant, address);
        Ok(Faulty { detour: Some(detour), address, _stands: Stands::Instead { _server: server } })
    }

    /// Sets the clock by which `workload` judges certificates ahead of the system's, or behind. Workloads of the same service
    /// account share it.
    ///
    /// # Errors
    ///
    /// An unknown name, or a workload outside the mesh.
    pub fn skew(&self, workload: &str, ahead: time::Duration) -> Result<(), LabError> {
        self.clocks(workload)?.judging.set_ahead(ahead);
        Ok(())
    }

    /// Sets the clock by which the certificate of `workload` is renewed, so that what has expired by it is renewed, or
    /// withdrawn, now. The CA keeps its own time: what it issues may have expired on arrival. A certificate that has not expired
    /// counts as new: half of what is left of it is still to come.
    ///
    /// # Errors
    ///
    /// As [`Lab::skew`].
    pub fn skew_renewal(&self, workload: &str, ahead: time::Duration) -> Result<(), LabError> {
        self.clocks(workload)?.renewing.set_ahead(ahead);
        Ok(())
    }

    fn clocks(&self, workload: &str) -> Result<Clocks, LabError> {
        let found = self.workload(workload)?;
        let none = || LabError::NoDoor { door: "mutual TLS", workload: workload.to_owned() };
        self.running().clocks(&found.identity).ok_or_else(none)
    }

    /// Where the app behind `port` of `name` listens.
    async fn app(&self, name: &str, port: u16) -> Result<SocketAddr, LabError> {
        let none = || LabError::NoDoor { door: "backend", workload: name.to_owned() };
        match self.running().backend(&self.workload(name)?.name, port).ok_or_else(none)? {
            Backend::Here(address) => Ok(address),
            Backend::At(host) => tokio::net::lookup_host(&*host).await?.next().ok_or_else(none),
        }
    }
}
